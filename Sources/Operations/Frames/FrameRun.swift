import Ground
import Run
import SeekableZstd

/// Consecutive frames so small that a message for each would cost more than its work.
///
/// One worker does them together, and skips short skippable frames between them, which the front examines. So the
/// sections of many concatenated small files form one run too.
struct FrameRun {
    /// A frame of the run.
    enum Item {
        case frame(LocatedFrame)
        /// A skippable frame, complete.
        case skippable([UInt8])
    }

    private(set) var items: [Item] = []
    private(set) var compressedBytes: UInt64 = 0
    private(set) var contentBound: UInt64 = 0
    /// The total content size; nil if some frame does not give its own.
    private(set) var contentBytes: UInt64? = 0
    private(set) var frameCount = 0
    /// Where the first frame begins.
    let offset: UInt64
    /// The index of the first frame among all frames with content of the input.
    var indexOfFirst = 0

    private static let mostItems = 4096
    private static let mostCompressedBytes: UInt64 = 1 << 20
    private static let mostContentBytes: UInt64 = 2 << 20
    /// The most content that any run can have, and the most compressed bytes.
    static let mostBytes = Int(mostContentBytes + mostUnknownBytes)
    /// From this size on, a frame is worth a message of its own.
    static let smallBytes = 64 << 10
    /// The most content of a frame without a content size: one block.
    private static let mostUnknownBytes = FrameInfo.maximumBlockBytes
    private static let mostSkippableBytes: UInt64 = 1024

    init(at offset: UInt64) {
        self.offset = offset
    }

    /// Whether a frame is small enough for a run.
    static func takes(_ frame: LocatedFrame) -> Bool {
        if frame.isSkippable { return frame.compressedBytes <= mostSkippableBytes }
        // The end of a frame known only from a table has not been seen.
        guard frame.hasChecksum != nil else { return false }
        // A header can announce any size, however small the frame.
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

    /// - Parameter bytes: the whole frame.
    mutating func add(skippable bytes: [UInt8]) {
        items.append(.skippable(bytes))
        compressedBytes += UInt64(bytes.count)
    }

    /// The frame of a run that has only one.
    var onlyFrame: LocatedFrame? {
        if items.count == 1, case .frame(let frame) = items[0] { return frame }
        return nil
    }

    /// The run as a piece of its input.
    var piece: Piece {
        Piece(noun: "frame", index: indexOfFirst, offset: offset, byteCount: compressedBytes, count: frameCount)
    }

    /// The result of one of the frames.
    enum Outcome {
        case frame(LocatedFrame, DataFrame)
        /// The frame could not be decompressed; the piece is the frame alone.
        case failed(LocatedFrame, Piece, PoolmapError)
        case skippable([UInt8])
    }

    /// Calls `body` with each frame's result, in order.
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
                    throw PoolmapError(.failed, "internal error: a worker did not finish a run of frames")
                }
                number += 1
            }
        }
    }
}
