import Multiprocessing
import SystemPackage

/// Makes a compressed file from one input, as docs/format.md has it: a frame for each chunk, and behind several tables.
///
/// The borders of chunks depend on the input and the options only. A regular file is read by the workers, each its own
/// chunk; a pipe is read here, into the slots. For borders by content the workers also look through a file beforehand.
final class CompressJob: Job {
    private let input: InputFile
    private let output: Output
    private let meter: Meter
    private let chunkBytes: Int
    /// The size that the input must have; nil for any.
    private let announcedBytes: UInt64?
    private var section = SectionWriter()
    private var writtenBytes: UInt64 = 0
    private var acceptedBytes: UInt64 = 0

    // The next chunk.
    private var index = 0
    private var offset: UInt64 = 0
    private let borders: ContentBorders?
    /// Of a regular file, where its content decides; nil before the first chunk.
    private var fileBorders: FileBorders?
    private var chunks: PipeChunks
    private var isAtEnd = false

    init(_ input: InputFile, to output: Output, _ options: CompressionOptions, _ meter: Meter) {
        self.input = input
        self.output = output
        self.meter = meter
        chunkBytes = options.chunkBytes
        borders = options.borders
        chunks = PipeChunks(cutBy: borders)
        announcedBytes = input.hasKnownSize ? nil : options.streamBytes
        meter.expect(input)
    }

    /// Takes a frame that the output has already, in place of its chunk: the next one in order.
    func keep(_ frame: DataFrame) throws(PoolmapError) {
        index += 1
        offset += frame.contentBytes
        isAtEnd = offset == input.byteCount
        try count(frame)
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if isAtEnd { return .end }
        return input.isRegular ? try nextOfFile(workforce) : try nextOfPipe(workforce)
    }

    private func nextOfFile(_ workforce: Workforce) throws(PoolmapError) -> Step {
        var count = Int(min(UInt64(chunkBytes), input.byteCount - offset))
        switch nextBorder(workforce) {
        case .chunk(let bytes): count = bytes
        case .search(let range, let index):
            let piece = Piece.search(index, range)
            let begin = range.lowerBound - UInt64(ContentBorders.windowBytes)
            let source = input.source(at: begin, range.upperBound - begin)
            return .work(.search(source: source, at: range), piece, slot: nil, isLast: false)
        case .wait: return .waitForTurn
        case nil: break
        }
        guard let slot = try workforce.acquireSlot() else { return .waitForTurn }
        let source = input.source(at: offset, UInt64(count))
        isAtEnd = offset + UInt64(count) == input.byteCount
        return try work(source, count, slot, workforce)
    }

    private func nextBorder(_ workforce: Workforce) -> FileBorders.Next? {
        guard let borders else { return nil }
        var found =
            fileBorders ?? FileBorders(borders, byteCount: input.byteCount, slotCount: workforce.slotCount)
        defer { fileBorders = found }
        return found.next(at: offset)
    }

    private func nextOfPipe(_ workforce: Workforce) throws(PoolmapError) -> Step {
        switch try chunks.next(of: input, chunkBytes, workforce) {
        case .waitForInput: return .waitForInput(input.descriptor)
        case .waitForSlot: return .waitForTurn
        case .chunk(let count, let slot):
            isAtEnd = chunks.isAtEnd
            // The input ended with the chunk before; an empty input is one empty chunk.
            if count == 0 && index > 0 {
                workforce.releaseSlot(slot)
                return .end
            }
            return try work(.slot, count, slot, workforce)
        }
    }

    private func work(
        _ source: Work.Source, _ count: Int, _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> Step {
        let piece = Piece(noun: "chunk", index: index, offset: offset, byteCount: UInt64(count))
        if let announcedBytes, offset + UInt64(count) > announcedBytes {
            workforce.releaseSlot(slot)
            throw PoolmapError(.failed, "has more than the \(announcedBytes) bytes that --stream-size says")
        }
        let mark: SectionMark? = index == 0 && !isAtEnd ? (borders == nil ? .equalChunks : .anyChunks) : nil
        index += 1
        offset += UInt64(count)
        // The frame of a hole is only looked up: less work than a message.
        let isHole = if case .zeros = source { true } else { false }
        return .work(
            .compress(source: source, contentBytes: count, mark: mark, slot: slot), piece, slot: slot, isLast: isAtEnd,
            mayBeDoneHere: isHole)
    }

    func accept(_ done: Done, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        if case .searched(let matches, let end) = done {
            fileBorders?.add(matches, upTo: end, nextChunk: offset)
            return
        }
        guard case .compressed(let frame) = done, let slot else {
            throw PoolmapError(.failed, "a worker gave another answer than a frame")
        }
        let start = writtenBytes
        try count(
            DataFrame(
                compressedBytes: UInt64(frame.compressedBytes), contentBytes: UInt64(frame.contentBytes),
                contentChecksum: frame.contentChecksum, crc32c: frame.frameChecksum, mark: frame.mark))
        try output.write(workforce.output(slot, frame.compressedBytes), at: start)
    }

    private func count(_ frame: DataFrame) throws(PoolmapError) {
        writtenBytes += frame.compressedBytes
        acceptedBytes += frame.contentBytes
        try formatErrors { () throws(FormatError) in try section.add(frame) }
        meter.add(input: frame.contentBytes, output: frame.compressedBytes)
    }

    func finish() throws(PoolmapError) -> JobSummary {
        input.leaveOffset(behind: acceptedBytes)
        try input.requireUnchanged()
        guard acceptedBytes == offset, !input.isRegular || offset == input.byteCount else {
            throw PoolmapError(.failed, "\(acceptedBytes) of \(offset) bytes were compressed")
        }
        if let announcedBytes, offset < announcedBytes {
            throw PoolmapError(.failed, "has \(offset) bytes, and not the \(announcedBytes) that --stream-size says")
        }
        let tables = section.finish()
        if !tables.isEmpty {
            try tables.withBytes { (bytes) throws(PoolmapError) in try output.write(bytes, at: writtenBytes) }
        }
        writtenBytes += UInt64(tables.count)
        return try output.commit(of: input, JobSummary(inputBytes: offset, outputBytes: writtenBytes))
    }

    func abandon(_ workforce: Workforce) {
        input.leaveOffset(behind: acceptedBytes)
        chunks.abandon(workforce)
    }
}
