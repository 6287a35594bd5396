import Ground
import Run
import SeekableZstd

/// Frames that follow each other and are so small that a message for each would cost more than its work.
///
/// One worker does them together, and steps over short skippable frames between them, which the front looks at: so also
/// the sections of many small files that were joined are one run.
struct FrameRun {
    /// One of the frames.
    enum Item {
        case frame(LocatedFrame)
        /// All of one that decoders step over.
        case skippable([UInt8])
    }

    private(set) var items: [Item] = []
    private(set) var compressedBytes: UInt64 = 0
    private(set) var contentBound: UInt64 = 0
    /// What all have together; nil where one does not say.
    private(set) var contentBytes: UInt64? = 0
    private(set) var frameCount = 0
    /// Where the first begins.
    let offset: UInt64
    /// Counted from 0, over all frames with content of the input.
    var indexOfFirst = 0

    private static let mostItems = 4096
    private static let mostCompressedBytes: UInt64 = 1 << 20
    private static let mostContentBytes: UInt64 = 2 << 20
    /// What the content of any run fits into, and its compressed bytes too.
    static let mostBytes = Int(mostContentBytes + mostUnknownBytes)
    /// From here on a frame is worth a message.
    static let smallBytes = 64 << 10
    /// What a frame without a content size may have, whose blocks have much room: one block.
    private static let mostUnknownBytes = FrameInfo.maximumBlockBytes
    private static let mostSkippableBytes: UInt64 = 1024

    init(at offset: UInt64) {
        self.offset = offset
    }

    /// Whether a frame is small.
    static func takes(_ frame: LocatedFrame) -> Bool {
        if frame.isSkippable { return frame.compressedBytes <= mostSkippableBytes }
        // Of one that only a table knows the end was not seen.
        guard frame.hasChecksum != nil else { return false }
        // A header can announce any size, however little is in the frame.
        let announced = frame.contentBytes ?? 0
        let most = frame.contentBytes == nil ? mostUnknownBytes : UInt64(smallBytes) - 1
        return frame.compressedBytes < UInt64(smallBytes) && max(frame.contentBound, announced) <= most
    }

    var isFull: Bool {
        items.count >= FrameRun.mostItems || compressedBytes >= FrameRun.mostCompressedBytes
            || contentBound >= FrameRun.mostContentBytes
    }

    mutating func add(_ frame: LocatedFrame) {
        items.append(.frame(frame))
        compressedBytes += frame.compressedBytes
        contentBound += frame.contentBound
        contentBytes = contentBytes.flatMap { sum in frame.contentBytes.map { sum + $0 } }
        frameCount += 1
    }

    /// - Parameter bytes: all of the frame.
    mutating func add(skippable bytes: [UInt8]) {
        items.append(.skippable(bytes))
        compressedBytes += UInt64(bytes.count)
    }

    /// The frame, where the run is but one.
    var onlyFrame: LocatedFrame? {
        if items.count == 1, case .frame(let frame) = items[0] { return frame }
        return nil
    }

    /// The run as it is listed among the pieces of its input.
    var piece: Piece {
        Piece(noun: "frame", index: indexOfFirst, offset: offset, byteCount: compressedBytes, count: frameCount)
    }

    /// What became of one of the frames.
    enum Outcome {
        case frame(LocatedFrame, DataFrame)
        /// The frame could not be decompressed; the piece is the frame alone.
        case failed(LocatedFrame, Piece, PoolmapError)
        case skippable([UInt8])
    }

    /// Says of each frame, in their order, what a worker has made of it.
    func forEach(
        _ done: FrameRunDone, _ body: (Outcome) throws(PoolmapError) -> Void
    ) throws(PoolmapError) {
        var number = 0
        var failures = done.failures[...]
        for item in items {
            switch item {
            case .skippable(let bytes): try body(.skippable(bytes))
            case .frame(let frame):
                if let failure = failures.first, failure.index == number {
                    failures.removeFirst()
                    let piece = Piece(
                        noun: "frame", index: indexOfFirst + number, offset: frame.offset,
                        byteCount: frame.compressedBytes)
                    try body(.failed(frame, piece, failure.error))
                } else if number < done.contentBytes.count {
                    let content = DataFrame(
                        compressedBytes: frame.compressedBytes, contentBytes: UInt64(done.contentBytes[number]),
                        contentChecksum: frame.contentChecksum, crc32c: done.checksums[number], mark: frame.mark)
                    try body(.frame(frame, content))
                } else {
                    throw PoolmapError(.failed, "a worker has not done all of a run of frames")
                }
                number += 1
            }
        }
    }
}
