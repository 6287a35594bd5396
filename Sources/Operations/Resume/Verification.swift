import Files
import Ground
import Multiprocessing
import Run

/// What a run with `--resume` says of what it found.
package enum ResumeNotice: Sendable {
    /// Something is done again, or all of it; why.
    case loss(String)
    /// How much is kept.
    case kept(String)
}

/// Holds a frame, or other bytes, that an interrupted run has left against its journal, and against the chunk of the input
/// that it was made of.
final class Verification: Operation {
    private var space = Scratch()

    struct Work: Message, BitwiseCopyable {
        /// What it was made of; nil where that is not looked at.
        var content: Content?
        var partial: TaskFile
        var frameOffset: UInt64
        var frameBytes: UInt64
        /// The CRC-32C of these bytes.
        var frameChecksum: UInt32

        struct Content: BitwiseCopyable {
            let source: Source
            let byteCount: UInt64
            let checksum: UInt32
        }
    }

    /// How a frame and its chunk are found.
    enum Done: Message, BitwiseCopyable {
        case intact
        /// The frame has other bytes than were written, or cannot be read.
        case damaged
        /// The chunk is not the one that the frame was made of.
        case otherContent
    }

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        let frameChecksum: UInt32
        do throws(PoolmapError) {
            frameChecksum = try checksum(
                of: FileReader(
                    work.partial.descriptor(files), at: work.frameOffset, byteCount: work.frameBytes))
        } catch {
            return .damaged
        }
        guard frameChecksum == work.frameChecksum else { return .damaged }
        guard let content = work.content else { return .intact }
        guard let reader = content.source.reader(files, content.byteCount) else {
            throw PoolmapError(.failed, "the content of a frame that was kept is in no file")
        }
        return try checksum(of: reader) == content.checksum ? .intact : .otherContent
    }

    private func checksum(of reader: FileReader) throws(PoolmapError) -> UInt32 {
        try CRC32C.checksum(of: reader, through: try space.space(of: Hands.cachedBytes))
    }

    static func results(of done: Done) -> [PieceResult] {
        [PieceResult(text: .object([("kept", .bool(done == .intact))]))]
    }
}
