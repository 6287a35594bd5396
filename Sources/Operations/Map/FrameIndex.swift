import CPoolmap
import Files
import Glibc
import Ground
import Multiprocessing
import Run
import SeekableZstd
import SystemPackage

/// The positions of the frames of a compressed file and of their content, for workers that read parts of it.
///
/// It is a table in shared memory, with a row for each frame and one for the end.
struct FrameIndex {
    /// A row: the offset and length of a frame, and the offset of its content.
    struct Row: BitwiseCopyable {
        var offset: UInt64
        var compressedBytes: UInt64
        var contentOffset: UInt64
    }

    let table: SharedDescriptor
    let frameCount: Int
    let contentBytes: UInt64

    /// Reads the headers of the frames of a regular file, and checks them against its tables.
    ///
    /// nil if workers cannot read the file in parts, because a frame does not give its content size or has more than
    /// `mostContentBytes`. Throws if the file is damaged, as far as that shows without decompressing anything.
    init?(of input: InputFile, mostContentBytes: UInt64) throws(PoolmapError) {
        let frames = try FileFrames(input)
        var auditor = frames.seekTable == nil ? SectionAuditor(seesFrames: false) : nil
        var rows: [Row] = []
        var contentBytes: UInt64 = 0
        while let frame = try frames.next() {
            if frame.isSkippable {
                let bytes = try frames.beginning(of: frame)
                try auditor?.add(skippable: bytes, FileReader(input, frame, from: bytes.count))
                continue
            }
            guard let count = frame.contentBytes, count <= mostContentBytes else { return nil }
            let content = DataFrame(
                compressedBytes: frame.compressedBytes, contentBytes: count, contentChecksum: frame.contentChecksum,
                mark: frame.mark)
            try formatErrors { () throws(FormatError) in try auditor?.add(content) }
            rows.append(
                Row(offset: frame.offset, compressedBytes: frame.compressedBytes, contentOffset: contentBytes))
            let (sum, overflowed) = contentBytes.addingReportingOverflow(count)
            guard !overflowed, sum <= UInt64(Int64.max) else {
                throw PoolmapError(.damaged, "damaged: the content would exceed \(Int64.max) bytes")
            }
            contentBytes = sum
        }
        try formatErrors { () throws(FormatError) in try auditor?.finish() }
        rows.append(Row(offset: input.byteCount, compressedBytes: 0, contentOffset: contentBytes))
        (frameCount, self.contentBytes) = (rows.count - 1, contentBytes)
        let file = FileDescriptor(rawValue: poolmap_open_memory("poolmap-frames"))
        guard file.rawValue >= 0 else { throw .system("not enough memory for the frame table", Errno(rawValue: errno)) }
        table = SharedDescriptor(owning: file)
        var failure: PoolmapError?
        rows.withUnsafeBytes { bytes in
            do throws(PoolmapError) {
                try file.writeAll(bytes, at: 0, to: "the memory for the frames")
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}

/// What is mapped of a regular file: its bytes, or the content of its frames.
struct MappedFile: BitwiseCopyable {
    let file: TaskFile
    /// Where the input begins in the file.
    let start: UInt64
    /// The size of what is mapped.
    let byteCount: UInt64
    /// The table of a `FrameIndex`, and its number of frames; nil if the file's bytes are mapped.
    let index: TaskFile?
    let frameCount: Int
}

/// Reads parts of what is mapped of a regular file, at any offset.
///
/// A frame is decompressed from its beginning; a read that continues where the last one ended continues in the same
/// frame. A frame that was read to its end has passed its checksum.
final class MappedFileReader {
    let descriptor: FileDescriptor
    let place: MappedFile
    private let index: FileDescriptor?
    private let contexts: Contexts
    private let limit: WindowLimit
    private let dictionary: ZstdDictionary?
    private var input = Scratch()
    private var passed = Scratch()
    private var frame: OpenFrame?
    /// Whether every frame is decompressed to its end.
    private let verifies: Bool
    private static let readBytes = 128 << 10

    /// A frame that is being decompressed.
    private struct OpenFrame {
        let number: Int
        /// The range of its content.
        let content: Range<UInt64>
        /// Where its remaining bytes begin, and where they end.
        var offset: UInt64
        let end: UInt64
        var contentOffset: UInt64
        /// The part of the input buffer that was read and not decompressed yet.
        var read = 0..<0
        var hasBegun = false
        var hasEnded = false
    }

    /// - Parameter verifies: whether `finish` will be called after the last read, before the content is relied on.
    init(
        _ descriptor: FileDescriptor, _ place: MappedFile, index: FileDescriptor?, _ contexts: Contexts,
        _ limit: WindowLimit, _ dictionary: ZstdDictionary?, verifies: Bool = false
    ) {
        self.verifies = verifies
        (self.descriptor, self.place, self.index) = (descriptor, place, index)
        (self.contexts, self.limit, self.dictionary) = (contexts, limit, dictionary)
    }

    /// Whether the file's own bytes are read.
    var isPlain: Bool { index == nil }

    /// Fills the space from `offset` on; there must be enough content.
    func readAll(into space: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(PoolmapError) {
        guard let index else { return try descriptor.readAll(into: space, at: place.start + offset) }
        var done = 0
        while done < space.count {
            let here = offset + UInt64(done)
            if frame.map({ !($0.contentOffset..<$0.content.upperBound).contains(here) }) ?? true {
                try finish()
                frame = try openFrame(holding: here, index)
            }
            try passOver(to: here)
            let rest = UnsafeMutableRawBufferPointer(rebasing: space[done...])
            done += try decompress(into: rest)
        }
    }

    /// If requested, decompresses the last frame to its end, so that its checksum is verified too.
    ///
    /// Throws if the frame is damaged.
    func finish() throws(PoolmapError) {
        guard verifies, let end = frame?.content.upperBound else { return }
        try passOver(to: end)
    }

    /// Decompresses and drops the open frame's content before `offset`.
    private func passOver(to offset: UInt64) throws(PoolmapError) {
        while let frame, frame.contentOffset < offset {
            let space = try passed.space(of: Int(min(offset - frame.contentOffset, UInt64(Hands.cachedBytes))))
            _ = try decompress(into: space)
        }
    }

    private func row(_ number: Int, _ index: FileDescriptor) throws(PoolmapError) -> FrameIndex.Row {
        var row = FrameIndex.Row(offset: 0, compressedBytes: 0, contentOffset: 0)
        let stride = MemoryLayout<FrameIndex.Row>.stride
        try withUnsafeMutableBytes(of: &row) { (space) throws(PoolmapError) in
            try index.readAll(into: space, at: UInt64(number * stride))
        }
        return row
    }

    /// Opens the frame that holds `offset`, which must not be the end.
    private func openFrame(holding offset: UInt64, _ index: FileDescriptor) throws(PoolmapError) -> OpenFrame {
        var low = 0
        var high = place.frameCount
        // The last frame that begins at or before the offset; so it has content.
        while high - low > 1 {
            let middle = (low + high) / 2
            if try row(middle, index).contentOffset <= offset { low = middle } else { high = middle }
        }
        let (first, next) = (try row(low, index), try row(low + 1, index))
        return OpenFrame(
            number: low, content: first.contentOffset..<next.contentOffset, offset: first.offset,
            end: first.offset + first.compressedBytes, contentOffset: first.contentOffset)
    }

    /// Decompresses the next content of the open frame; after the last content also its end.
    private func decompress(into space: UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int {
        guard var frame = frame.take() else { return 0 }
        let wanted = UnsafeMutableRawBufferPointer(
            rebasing: space.prefix(Int(min(UInt64(space.count), frame.content.upperBound - frame.contentOffset))))
        var made = 0
        do throws(PoolmapError) {
            repeat {
                made += try step(&frame, into: UnsafeMutableRawBufferPointer(rebasing: wanted[made...]))
            } while made < wanted.count || (frame.contentOffset == frame.content.upperBound && !frame.hasEnded)
        } catch {
            throw error.at("frame \(frame.number)")
        }
        self.frame = frame
        return made
    }

    private func step(_ frame: inout OpenFrame, into space: UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int {
        guard !frame.hasEnded else {
            throw PoolmapError(.damaged, "damaged: less content than the sizes in the file say")
        }
        let buffer = try input.space(of: MappedFileReader.readBytes)
        if frame.read.isEmpty {
            let count = Int(min(UInt64(buffer.count), frame.end - frame.offset))
            try descriptor.readAll(
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: place.start + frame.offset)
            frame.offset += UInt64(count)
            frame.read = 0..<count
        }
        let piece = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[frame.read])
        let (hasBegun, isLast) = (frame.hasBegun, frame.offset == frame.end)
        let result = try contexts.withDecompressor(limit, dictionary) {
            (decompressor) throws(PoolmapError) in
            if !hasBegun { try decompressor.beginStream(piece) }
            return try decompressor.decompressPiece(piece, into: space)
        }
        frame.hasBegun = true
        frame.read = frame.read.lowerBound + result.used..<frame.read.upperBound
        frame.contentOffset += UInt64(result.made)
        frame.hasEnded = result.isAtEnd
        if !result.isAtEnd, result.used == 0, result.made == 0, isLast || !space.isEmpty {
            throw PoolmapError(.damaged, "damaged: the content size differs from the one in the file")
        }
        return result.made
    }
}
