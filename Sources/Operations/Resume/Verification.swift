import Files
import Ground
import Multiprocessing
import Run

/// What a run with `--resume` reports about what it found.
package enum ResumeNotice: Sendable {
    /// Some or all of the work is repeated, and why.
    case loss(String)
    /// How much is kept.
    case kept(String)
}

/// Verifies a frame, or other bytes, left by an interrupted run: against its journal, and against the chunk of the
/// input from which it was made.
final class Verification: Operation {
    private var space = Scratch()

    struct Work: Message, BitwiseCopyable {
        /// The chunk that it was made from; nil if that is not checked.
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

    /// The result for a frame and its chunk.
    enum Done: Message, BitwiseCopyable {
        case intact
        /// The frame's bytes differ from what was written, or cannot be read.
        case damaged
        /// The chunk is not the one from which the frame was made.
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
            throw PoolmapError(.failed, "internal error: the content of a kept frame is not in a file")
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
