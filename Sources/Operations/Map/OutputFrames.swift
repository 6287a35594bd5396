import Ground
import Run
import SeekableZstd
import SystemPackage

/// Compresses what a command writes while it writes, one frame for each `chunkBytes`.
///
/// Header lines are kept apart from the frames, so that they can be omitted from all outputs but the first.
final class OutputFrames: PipeSink {
    private let options: CompressionOptions
    private let contexts: Contexts
    private let headerLineCount: Int
    private var content = Scratch()
    private var compressed = Scratch()
    private var filledBytes = 0
    /// Whether the header, if there is one, has been taken.
    private var isBehindHeader = false
    private(set) var header: [UInt8] = []
    /// Called with each frame, whose bytes are valid until it returns.
    private var onFrame: (CompressedFrame, UnsafeRawBufferPointer) throws(PoolmapError) -> Void = {
        (_, _) throws(PoolmapError) in
    }

    init(_ options: CompressionOptions, _ contexts: Contexts, headerLineCount: Int) {
        (self.options, self.contexts, self.headerLineCount) = (options, contexts, headerLineCount)
    }

    /// Begins with the output of a command.
    func begin(_ onFrame: @escaping (CompressedFrame, UnsafeRawBufferPointer) throws(PoolmapError) -> Void) {
        self.onFrame = onFrame
        (filledBytes, isBehindHeader, header) = (0, headerLineCount == 0, [])
    }

    func space() throws(PoolmapError) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: try content.space(of: options.chunkBytes)[filledBytes...])
    }

    func took(_ byteCount: Int) throws(PoolmapError) {
        filledBytes += byteCount
        if filledBytes == options.chunkBytes { try flush() }
    }

    /// Ends the output.
    func finish() throws(PoolmapError) {
        if filledBytes > 0 { try flush() }
    }

    private func flush() throws(PoolmapError) {
        var bytes = UnsafeMutableRawBufferPointer(
            rebasing: try content.space(of: options.chunkBytes)[..<filledBytes])
        if !isBehindHeader {
            let isAll = filledBytes < options.chunkBytes
            guard let end = UnsafeRawBufferPointer(bytes).end(ofLine: headerLineCount) ?? (isAll ? filledBytes : nil)
            else {
                throw PoolmapError(
                    .failed,
                    "the first \(headerLineCount) lines of its output have more than \(filledBytes) bytes; "
                        + "use --output-header 0 if they are not a header")
            }
            header = Array(bytes[..<end])
            bytes = UnsafeMutableRawBufferPointer(rebasing: bytes[end...])
            isBehindHeader = true
        }
        filledBytes = 0
        if bytes.isEmpty { return }
        let space = try compressed.space(of: Compressor.bound(of: bytes.count))
        let frame = try contexts.withCompressor(options) { (compressor) throws(PoolmapError) in
            try compressor.compress(bytes, into: space, nil) { _ in }
        }
        try onFrame(frame, UnsafeRawBufferPointer(rebasing: space[..<frame.compressedBytes]))
    }

    func emptyFrame() throws(PoolmapError) -> [UInt8] {
        try contexts.frame(of: [], options).1
    }
}

/// A compressed file, written frame by frame from its beginning.
struct CompressedFile {
    private let file: FileDescriptor
    private var byteCount: UInt64 = 0
    private var joiner = FrameJoiner()

    /// Begins with an empty file.
    init(_ file: FileDescriptor) throws(PoolmapError) {
        self.file = file
        try file.truncate(to: 0, name: CompressedFile.name)
    }

    private static let name = "the file of a chunk"

    mutating func add(_ frame: CompressedFrame, _ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        joiner.add([frame])
        let (file, offset) = (file, byteCount)
        var written: UInt64 = 0
        try joiner.feed(bytes) { (bytes) throws(PoolmapError) in
            try file.writeAll(bytes, at: offset + written, to: CompressedFile.name)
            written += UInt64(bytes.count)
        }
        byteCount += written
    }

    /// - Parameter empty: makes the frame of a file without content.
    mutating func finish(empty: () throws(PoolmapError) -> [UInt8]) throws(PoolmapError) {
        let (file, offset) = (file, byteCount)
        try joiner.finish(empty: empty) { (bytes) throws(PoolmapError) in
            try file.writeAll(bytes, at: offset, to: CompressedFile.name)
        }
    }
}

/// Joins separately made frames to one file in the format of docs/format.md: a single frame stays plain, several become
/// a section.
///
/// Which one it is becomes known only with the second frame. So the first waits here for it, and then gets its mark.
struct FrameJoiner {
    /// Writes the next bytes of the file.
    typealias Write = (UnsafeRawBufferPointer) throws(PoolmapError) -> Void

    private var section = SectionWriter()
    private var first: (frame: CompressedFrame, bytes: [UInt8])?
    /// Frames after the first, while that waits for its bytes.
    private var waiting: [CompressedFrame] = []
    private var isSection = false
    /// Frames written since `takeWritten` was called; nil if they are not recorded.
    private var written: [DataFrame]?

    init(notesFrames: Bool = false) {
        written = notesFrames ? [] : nil
    }

    /// Continues after frames that are already written.
    mutating func begin(behind frames: [DataFrame]) throws(PoolmapError) {
        isSection = !frames.isEmpty
        for frame in frames { try note(frame) }
        _ = takeWritten()
    }

    /// Whether something was taken and is not written yet.
    var isHolding: Bool { first != nil }

    /// The frames written since the last call.
    mutating func takeWritten() -> [DataFrame] {
        defer { written = written.map { _ in [] } }
        return written ?? []
    }

    private mutating func note(_ frame: DataFrame) throws(PoolmapError) {
        try formatErrors { () throws(FormatError) in try section.add(frame) }
        written?.append(frame)
    }

    /// Adds frames, whose bytes are fed next, in order.
    mutating func add(_ frames: [CompressedFrame]) {
        var frames = frames[...]
        if !isSection, first == nil, let frame = frames.popFirst() { first = (frame, []) }
        waiting += frames
    }

    /// Takes the next bytes of the frames, in pieces of any size.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ write: Write) throws(PoolmapError) {
        var rest = bytes
        if let missing = first.map({ $0.frame.compressedBytes - $0.bytes.count }), missing > 0 {
            first?.bytes += rest.prefix(missing)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(missing))
        }
        if rest.isEmpty { return }
        if let (frame, bytes) = first.take() { try begin(frame, bytes, write) }
        try addWaiting()
        try write(rest)
    }

    private mutating func begin(
        _ frame: CompressedFrame, _ bytes: [UInt8], _ write: Write
    ) throws(PoolmapError) {
        let mark = SectionMark.anyChunks
        var marked = [UInt8](repeating: 0, count: mark.byteCount) + bytes
        marked.withUnsafeMutableBytes { mark.insert(into: $0) }
        var first = DataFrame(frame)
        (first.compressedBytes, first.mark) = (UInt64(marked.count), mark)
        first.crc32c = frame.frameChecksum.map { _ in marked.withUnsafeBytes { CRC32C.checksum(of: $0) } }
        isSection = true
        try note(first)
        try marked.withBytes { (bytes) throws(PoolmapError) in try write(bytes) }
    }

    private mutating func addWaiting() throws(PoolmapError) {
        for frame in waiting {
            try note(DataFrame(frame))
        }
        waiting = []
    }

    /// Writes what follows the last frame.
    ///
    /// - Parameter empty: makes the frame of a file without content.
    mutating func finish(
        empty: () throws(PoolmapError) -> [UInt8], _ write: Write
    ) throws(PoolmapError) {
        try addWaiting()
        if isSection {
            try section.finish().withBytes { (bytes) throws(PoolmapError) in try write(bytes) }
        } else {
            let bytes = if let first { first.bytes } else { try empty() }
            try bytes.withBytes { (bytes) throws(PoolmapError) in try write(bytes) }
        }
    }
}

extension Contexts {
    /// Compresses a few bytes to a frame.
    func frame(
        of content: [UInt8], _ options: CompressionOptions
    ) throws(PoolmapError) -> (CompressedFrame, [UInt8]) {
        var input = Scratch()
        var output = Scratch()
        let bytes = try input.space(of: content.count)
        bytes.copyBytes(from: content)
        let space = try output.space(of: Compressor.bound(of: content.count))
        let frame = try withCompressor(options) { (compressor) throws(PoolmapError) in
            try compressor.compress(bytes, into: space, nil) { _ in }
        }
        return (frame, Array(space[..<frame.compressedBytes]))
    }
}
