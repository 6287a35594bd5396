import Files
import Ground
import Multiprocessing
import Run
import SystemPackage

/// Copies pieces of a part to their place in the target, and holds each against its checksum.
///
/// Where the file system can, whole blocks are not copied but shared. That takes a part whose pieces lie in its file as
/// they do in the target, seen from the borders of blocks: content does, unless chunks have odd sizes; frames do not.
final class PartCopy: Operation {
    private var space = Scratch()

    /// The files of a task are the part and the target.
    struct Work: Message {
        /// Where the pieces are in the part; one is behind the other.
        var offset: UInt64
        /// Where they go.
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
        /// The first piece, counted within the task, that is not as it was written; nil if all are.
        var damaged: Int?
        /// Why the target could not be written, which a worker does not know the name of; nil if it could.
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

    /// Hands the pieces to `write`, with the place of each; a piece that is damaged is handed out before that is known.
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
