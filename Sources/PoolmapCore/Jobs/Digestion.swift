import Multiprocessing

/// Hashes pieces of an input, by several algorithms in one read.
///
/// It is how `HashJob` and `ChunksJob` have their pieces hashed; each cuts and joins in its own way.
final class Digestion: Operation {
    private var input = Scratch()

    /// So much of a file is worth a message.
    static let mostTaskBytes = 64 << 20

    struct Work {
        var source: Source
        /// Where the first piece begins in the input.
        var offset: UInt64
        /// Of all pieces.
        var byteCount: UInt64
        /// The slot that travels with the task, if the source is a slot.
        var slot: Int
        var algorithms: [HashAlgorithm]
        /// The size of all pieces but the last; nil where the input is one piece.
        var pieceBytes: UInt64?
        /// The size of the chunks of a piece, each hashed by itself; nil where pieces are to be joined.
        var chunkBytes: UInt64?
    }

    struct Done: Message {
        var pieces: [Piece] = []

        struct Piece {
            let byteCount: UInt64
            let time: WorkTime
            /// For each algorithm what its joiner has to know of the piece, or the digests of its chunks.
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

    /// The ranges of the pieces, counted from where the first begins.
    var pieces: [Range<UInt64>] {
        guard let pieceBytes, byteCount > pieceBytes else { return [0..<byteCount] }
        return stride(from: 0, to: byteCount, by: UInt64.Stride(pieceBytes)).map {
            $0..<min($0 + pieceBytes, byteCount)
        }
    }
}

extension HashAlgorithm: Message {
    init(from message: inout MessageReader) throws(PoolmapError) {
        switch try message.next(UInt8.self) {
        case 0: self = .blake3(.hash, digestBytes: try message.next())
        case 1: self = .blake3(.keyed(try message.nextArray()), digestBytes: try message.next())
        case 2: self = .blake3(.deriveKey(context: try message.nextText()), digestBytes: try message.next())
        case 3: self = .sha256
        case 4: self = .sha512
        case 5: self = .sha1
        case 6: self = .md5
        case 7: self = .crc32
        case 8: self = .crc32c
        case 9: self = .crc64nvme
        case 10: self = .s3ETag(partBytes: try message.next())
        case 11: self = .s3SHA256(partBytes: try message.next())
        case 12: self = .s3CRC32C(partBytes: try message.next())
        case 13: self = .dropbox
        case 14: self = .fsveritySHA256(salt: try message.nextArray())
        default: self = .fsveritySHA512(salt: try message.nextArray())
        }
    }

    func write(to message: inout MessageWriter) {
        switch self {
        case .blake3(.hash, let digestBytes): message.add(0, digestBytes)
        case .blake3(.keyed(let key), let digestBytes):
            message.add(UInt8(1))
            message.add(each: key)
            message.add(digestBytes)
        case .blake3(.deriveKey(let context), let digestBytes):
            message.add(UInt8(2))
            message.add(text: context)
            message.add(digestBytes)
        case .sha256: message.add(UInt8(3))
        case .sha512: message.add(UInt8(4))
        case .sha1: message.add(UInt8(5))
        case .md5: message.add(UInt8(6))
        case .crc32: message.add(UInt8(7))
        case .crc32c: message.add(UInt8(8))
        case .crc64nvme: message.add(UInt8(9))
        case .s3ETag(let partBytes): message.add(10, partBytes)
        case .s3SHA256(let partBytes): message.add(11, partBytes)
        case .s3CRC32C(let partBytes): message.add(12, partBytes)
        case .dropbox: message.add(UInt8(13))
        case .fsveritySHA256(let salt):
            message.add(UInt8(14))
            message.add(each: salt)
        case .fsveritySHA512(let salt):
            message.add(UInt8(15))
            message.add(each: salt)
        }
    }
}

extension MessageWriter {
    fileprivate mutating func add<Value: BitwiseCopyable>(_ tag: UInt8, _ value: Value) {
        add(tag)
        add(value)
    }
}
