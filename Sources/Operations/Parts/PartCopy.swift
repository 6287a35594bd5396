import Files
import Ground
import Multiprocessing
import Run
import SystemPackage

/// Copies pieces of a part to their place in the target, and verifies each against its checksum.
///
/// If the file system allows, whole blocks are shared rather than copied. This requires that the pieces have the same
/// alignment in the part and in the target, which is so for content, unless chunks have odd sizes, but not for frames.
final class PartCopy: Operation {
    private var space = Scratch()

    /// The files of a task are the part and the target.
    struct Work: Message {
        /// Where the pieces, which are consecutive, begin in the part.
        var offset: UInt64
        /// Where they go in the target.
        var place: UInt64
        var rows: [PartRow] = []
        /// Whether holes of the part become holes of the target.
        let hasHoles: Bool

        init(offset: UInt64, place: UInt64, hasHoles: Bool) {
            (self.offset, self.place, self.hasHoles) = (offset, place, hasHoles)
        }

        init(from message: inout MessageReader) throws(PoolmapError) {
            offset = try message.next()
            place = try message.next()
            hasHoles = try message.next()
            rows = try message.nextArray()
        }

        func write(to message: inout MessageWriter) {
            message.add(offset)
            message.add(place)
            message.add(hasHoles)
            message.add(each: rows)
        }

        var byteCount: UInt64 { rows.reduce(0) { $0 + $1.byteCount } }
    }

    struct Done: Message, BitwiseCopyable {
        /// The index within the task of the first damaged piece; nil if all are intact.
        var damaged: Int?
        /// Why the target, whose name workers do not know, could not be written; nil if it could.
        var unwritten: Int32?
    }

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        let (part, target) = (files[0].fileDescriptor, files[1].fileDescriptor)
        let sharedEnd =
            work.place + target.share(work.byteCount, at: work.place, with: part, at: work.offset)
        var unwritten: Int32?
        do throws(PoolmapError) {
            return try copy(work, from: part) { (bytes, place) throws(PoolmapError) in
                let sharedBytes = sharedEnd > place ? Int(min(sharedEnd - place, UInt64(bytes.count))) : 0
                do throws(PoolmapError) {
                    try target.write(
                        UnsafeRawBufferPointer(rebasing: bytes[sharedBytes...]), at: place + UInt64(sharedBytes),
                        to: "", leavesHoles: work.hasHoles)
                } catch {
                    unwritten = error.errno
                    throw error
                }
            }
        } catch {
            guard let unwritten else { throw error }
            return Done(unwritten: unwritten)
        }
    }

    /// Passes the pieces to `write` with the place of each; a damaged piece is passed before the damage is known.
    func copy(
        _ work: Work, from part: FileDescriptor,
        _ write: (UnsafeRawBufferPointer, UInt64) throws(PoolmapError) -> Void
    ) throws(PoolmapError) -> Done {
        let memory = try space.space(of: Hands.cachedBytes)
        var (offset, place) = (work.offset, work.place)
        for (index, row) in work.rows.enumerated() {
            var reader = FileReader(part, at: offset, byteCount: row.byteCount, hasHoles: work.hasHoles)
            var checksum: UInt32 = 0
            while true {
                let count = try reader.read(into: memory)
                if count == 0 { break }
                let bytes = UnsafeRawBufferPointer(rebasing: memory[..<count])
                checksum = CRC32C.checksum(of: bytes, continuing: checksum)
                try write(bytes, place)
                place += UInt64(count)
            }
            guard checksum == row.checksum else { return Done(damaged: index) }
            offset += row.byteCount
        }
        return Done(damaged: nil)
    }

    static func results(of done: Done) -> [PieceResult] {
        if let errno = done.unwritten {
            return [
                PieceResult(text: .object([("error", .error(.system("cannot write", Errno(rawValue: errno))))]))
            ]
        }
        return [PieceResult(text: .object([("intact", .bool(done.damaged == nil))]))]
    }
}
