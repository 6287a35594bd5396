import Digests
import Ground
import Multiprocessing
import Run

/// Hashes pieces of an input with several algorithms in one read.
///
/// `HashJob` and `ChunksJob` share it; each cuts and joins in its own way.
final class Digestion: Operation {
    private var input = Scratch()

    /// The most input of one task.
    static let mostTaskBytes = 64 << 20

    struct Work {
        var source: Source
        /// Where the first piece begins in the input.
        var offset: UInt64
        /// The size of all pieces together.
        var byteCount: UInt64
        /// The task's slot, if the source is a slot.
        var slot: Int
        var algorithms: [HashAlgorithm]
        /// The size of all pieces but the last; nil if the input is one piece.
        var pieceBytes: UInt64?
        /// The size of chunks that are hashed separately; nil if pieces are to be joined.
        var chunkBytes: UInt64?
    }

    struct Done: Message {
        var pieces: [Piece] = []

        struct Piece {
            let byteCount: UInt64
            let time: WorkTime
            /// For each algorithm, what its joiner needs from the piece, or the digests of its chunks.
            let digests: [[UInt8]]
        }

        init() {}

        init(from message: inout MessageReader) throws(PoolmapError) {
            pieces = try message.nextList { (message) throws(PoolmapError) in
                Piece(
                    byteCount: try message.next(), time: try message.next(),
                    digests: try message.nextList { (message) throws(PoolmapError) in try message.nextArray() })
            }
        }

        func write(to message: inout MessageWriter) {
            message.add(list: pieces) { piece, message in
                message.add(piece.byteCount)
                message.add(piece.time)
                message.add(list: piece.digests) { $1.add(each: $0) }
            }
        }
    }

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        var done = Done()
        for range in work.pieces {
            let start = monotonicNanoseconds()
            let byteCount = range.upperBound - range.lowerBound
            let source = work.source.advanced(by: Int(range.lowerBound))
            var run = DigestRun(
                work.algorithms, at: work.offset + range.lowerBound,
                pieceBytes: work.chunkBytes == nil ? work.pieceBytes : nil, chunkBytes: work.chunkBytes)
            if var reader = source.reader(files, byteCount) {
                try reader.forEachPiece(through: try input.space(of: Hands.cachedBytes)) { run.update($0) }
            } else {
                run.update(try hands.bytes(of: source, Int(byteCount), work.slot, files, into: &input))
            }
            done.pieces.append(Done.Piece(byteCount: byteCount, time: WorkTime(since: start), digests: run.finish()))
        }
        return done
    }

    static func single(_ work: Work) -> [Work] {
        work.pieces.map { range in
            var single = work
            single.source = work.source.advanced(by: Int(range.lowerBound))
            single.offset += range.lowerBound
            single.byteCount = range.upperBound - range.lowerBound
            return single
        }
    }

    static func results(of done: Done) -> [PieceResult] {
        done.pieces.map { PieceResult(text: .null, time: $0.time) }
    }
}

extension Digestion.Work: Message {
    init(from message: inout MessageReader) throws(PoolmapError) {
        source = try message.next()
        offset = try message.next()
        byteCount = try message.next()
        slot = try message.next()
        pieceBytes = try message.next()
        chunkBytes = try message.next()
        algorithms = try message.nextList { (message) throws(PoolmapError) in try HashAlgorithm(from: &message) }
    }

    func write(to message: inout MessageWriter) {
        message.add(source)
        message.add(offset)
        message.add(byteCount)
        message.add(slot)
        message.add(pieceBytes)
        message.add(chunkBytes)
        message.add(list: algorithms) { $0.write(to: &$1) }
    }

    /// The ranges of the pieces, relative to the start of the first.
    var pieces: [Range<UInt64>] {
        guard let pieceBytes, byteCount > pieceBytes else { return [0..<byteCount] }
        return stride(from: 0, to: byteCount, by: UInt64.Stride(pieceBytes)).map {
            $0..<min($0 + pieceBytes, byteCount)
        }
    }
}
