import Files
import Ground
import Multiprocessing
import Run
import SeekableZstd

/// Compresses chunks to frames; those of one task follow each other in the output area of its slot.
final class Compression: Operation {
    private let options: CompressionOptions
    private let contexts: Contexts
    private var input = Scratch()
    /// The last frame made from a hole: all holes of one size give the same frame, except for the mark.
    private var zeros: (frame: CompressedFrame, bytes: [UInt8])?

    /// The most input of chunks that share a task.
    static let mostTaskBytes = 16 << 20
    /// The most output expected of them, so that incompressible data takes no more memory than one large chunk.
    static let mostOutputBytes: UInt64 = 8 << 20
    /// The most input of chunks of a pipe that share a task: they wait for each other in a slot.
    static let mostPipeBytes = 1 << 20
    /// How long a task of several chunks of a pipe may take: short, since how much work is left to share is unknown.
    static let pipeTaskNanoseconds: UInt64 = 4_000_000

    init(_ options: CompressionOptions, _ contexts: Contexts) {
        self.options = options
        self.contexts = contexts
    }

    struct Work {
        /// Where the first chunk begins; the others follow it.
        var source: Source
        /// The mark of the first frame.
        var mark: SectionMark?
        var slot: Int
        var chunkBytes: [Int]
    }

    struct Done: Message {
        /// The frames of all chunks, or of those before the chunk that failed.
        var frames: [Frame] = []
        var failure: PoolmapError?

        struct Frame: BitwiseCopyable {
            let frame: CompressedFrame
            let time: WorkTime
        }

        init() {}

        init(from message: inout MessageReader) throws(PoolmapError) {
            frames = try message.nextArray()
            failure = try message.nextOptional()
        }

        func write(to message: inout MessageWriter) {
            message.add(each: frames)
            message.add(optional: failure)
        }
    }

    func prepare() throws(PoolmapError) {
        if options.dictionary != nil {
            try contexts.withCompressor(options) { _ in }
        }
    }

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        var done = Done()
        var rest = try hands.areas.output(work.slot, work.chunkBytes.reduce(0) { $0 + Compressor.bound(of: $1) })
        var (source, mark) = (work.source, work.mark)
        for byteCount in work.chunkBytes {
            let start = monotonicNanoseconds()
            let room = UnsafeMutableRawBufferPointer(rebasing: rest[..<Compressor.bound(of: byteCount)])
            do throws(PoolmapError) {
                let frame = try compress(source, byteCount, mark, into: room, files, hands, work.slot)
                done.frames.append(Done.Frame(frame: frame, time: WorkTime(since: start)))
                rest = UnsafeMutableRawBufferPointer(rebasing: rest[frame.compressedBytes...])
            } catch {
                done.failure = error
                break
            }
            (source, mark) = (source.advanced(by: byteCount), nil)
        }
        return done
    }

    private func compress(
        _ source: Source, _ byteCount: Int, _ mark: SectionMark?, into room: UnsafeMutableRawBufferPointer,
        _ files: [SharedDescriptor], _ hands: Hands, _ slot: Int
    ) throws(PoolmapError) -> CompressedFrame {
        if case .zeros = source, let zeros, zeros.frame.contentBytes == byteCount, zeros.frame.mark == mark {
            room.copyBytes(from: zeros.bytes)
            return zeros.frame
        }
        var reader = source.reader(files, UInt64(byteCount))
        let content: UnsafeMutableRawBufferPointer
        if case .slot(let offset) = source {
            content = UnsafeMutableRawBufferPointer(
                rebasing: try hands.areas.input(slot, offset + byteCount)[offset...])
        } else {
            content = try input.space(of: byteCount)
        }
        let frame = try contexts.withCompressor(options) { (compressor) throws(PoolmapError) in
            try compressor.compress(content, into: room, mark) { (piece) throws(PoolmapError) in
                _ = try reader?.read(into: piece)
            }
        }
        if case .zeros = source {
            zeros = (frame, Array(room[..<frame.compressedBytes]))
        }
        return frame
    }

    static func single(_ work: Work) -> [Work] {
        var (source, mark) = (work.source, work.mark)
        return work.chunkBytes.map { byteCount in
            defer { (source, mark) = (source.advanced(by: byteCount), nil) }
            return Work(source: source, mark: mark, slot: work.slot, chunkBytes: [byteCount])
        }
    }

    static func results(of done: Done) -> [PieceResult] {
        let frames = done.frames.map {
            PieceResult(text: .object([("bytes", .number(UInt64($0.frame.compressedBytes)))]), time: $0.time)
        }
        return frames + (done.failure.map { [PieceResult(text: .object([("error", .error($0))]))] } ?? [])
    }
}

extension Compression.Work: Message {
    init(from message: inout MessageReader) throws(PoolmapError) {
        source = try message.next()
        mark = try message.next()
        slot = try message.next()
        chunkBytes = try message.nextArray()
    }

    func write(to message: inout MessageWriter) {
        message.add(source)
        message.add(mark)
        message.add(slot)
        message.add(each: chunkBytes)
    }
}

/// Compresses one input to the format of docs/format.md: a frame for each chunk, and tables if there are several.
///
/// Chunk borders depend only on the input and the options. Workers read their chunks of a regular file themselves; a
/// pipe is read here, into slots. For borders by content, workers also search a file in advance.
final class CompressJob: Job {
    private let input: InputFile
    private let output: Output
    private let meter: Meter
    private let chunkBytes: Int
    /// Whether chunks may share a task: not if each is recorded as soon as it is done.
    private let sharesTasks: Bool
    private var pace = TaskPace()
    /// The size that the input must have; nil for any.
    private let announcedBytes: UInt64?
    private var ending: FrameEnding
    private var writtenBytes: UInt64 = 0
    /// Everything before this offset is done, by this part or an earlier one.
    private var acceptedBytes: UInt64 = 0
    private var compressedBytes: UInt64 = 0

    // The next chunk.
    private var index = 0
    private var offset: UInt64 = 0
    private let borders: ContentBorders?
    /// The borders of a regular file by content; nil before the first chunk.
    private var fileBorders: FileBorders?
    private var chunks: PipeChunks
    private var isAtEnd = false
    /// The range of a regular file in which wanted chunks begin: all of it, or the share of a part.
    private let share: Range<UInt64>
    /// The step that follows the chunks just handed out.
    private var upcoming: Result<Step, PoolmapError>?
    /// Called with each frame that was written.
    var onFrame: (CompressedFrame) throws(PoolmapError) -> Void = { (_) throws(PoolmapError) in }

    init(_ input: InputFile, to output: Output, _ options: CompressionOptions, _ meter: Meter) throws(PoolmapError) {
        self.input = input
        self.output = output
        self.meter = meter
        chunkBytes = options.chunkBytes
        sharesTasks = !options.isJournaled
        borders = options.borders
        chunks = PipeChunks(cutBy: borders.map { ContentCut($0) })
        announcedBytes = input.hasKnownSize ? nil : options.streamBytes
        // With borders by content, chunks must be cut from the start of the file to find those that begin in the share.
        let pieceBytes = borders == nil ? UInt64(chunkBytes) : 1
        share =
            try options.part.map { (part) throws(PoolmapError) in try part.share(of: input, inPiecesOf: pieceBytes) }
            ?? 0..<input.byteCount
        ending = try FrameEnding(input, options)
        meter.expect(options.part == nil && !input.isRegular ? nil : share.upperBound - share.lowerBound)
        guard let part = options.part else { return }
        if borders == nil {
            offset = share.lowerBound
            index = Int((offset + pieceBytes - 1) / pieceBytes)
            acceptedBytes = offset
        }
        // The one chunk of an empty input belongs to the first part.
        isAtEnd = input.isRegular ? offset >= share.upperBound : part.number > 1
        ending.begin(at: offset)
    }

    /// Takes a frame that the output already contains, in place of the next chunk.
    func keep(_ frame: DataFrame) throws(PoolmapError) {
        index += 1
        offset += frame.contentBytes
        isAtEnd = offset >= share.upperBound
        try count(frame)
    }

    // MARK: Cut

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if let upcoming = upcoming.take() { return try upcoming.get() }
        if isAtEnd { return .end }
        return input.isRegular ? try nextOfFile(workforce) : try nextOfPipe(workforce)
    }

    private func nextOfFile(_ workforce: Workforce) throws(PoolmapError) -> Step {
        let mostBytes = workforce.taskBytes(
            of: input.byteCount - offset, most: mostBytes(Compression.mostTaskBytes, Workforce.taskNanoseconds))
        var group: ChunkGroup?
        while !isAtEnd, let byteCount = nextByteCount(workforce) {
            if offset < share.lowerBound {
                passOver(byteCount)
                continue
            }
            let source = input.source(at: offset, UInt64(byteCount))
            if let group {
                guard group.takes(byteCount, source, mostBytes, workforce.layout) else { break }
            } else if !workforce.hasFreeSlot {
                return .waitForTurn
            }
            guard announce(byteCount) else { break }
            isAtEnd = offset + UInt64(byteCount) >= share.upperBound
            add(byteCount, at: source, to: &group)
        }
        if isAtEnd, group == nil { return .end }
        guard let group, let slot = try workforce.acquireSlot() else {
            return try upcoming.take()?.get() ?? .waitForTurn
        }
        return group.step(slot, input.handed, isLast: isAtEnd)
    }

    /// Skips a chunk that belongs to another part.
    private func passOver(_ byteCount: Int) {
        index += 1
        offset += UInt64(byteCount)
        acceptedBytes = offset
        isAtEnd = offset >= share.upperBound
        ending.begin(at: offset)
    }

    /// The most input of chunks that share a task.
    private func mostBytes(_ most: Int, _ nanoseconds: UInt64) -> Int {
        guard sharesTasks else { return 0 }
        return min(most, pace.mostBytes(nanoseconds: nanoseconds, outputBytes: Compression.mostOutputBytes))
    }

    /// The length of the next chunk of a file; nil if it is not known yet.
    private func nextByteCount(_ workforce: Workforce) -> Int? {
        guard let borders else { return Int(min(UInt64(chunkBytes), input.byteCount - offset)) }
        var found =
            fileBorders
            ?? FileBorders(
                borders, byteCount: input.byteCount,
                leadBytes: UInt64(max(chunkBytes, Compression.mostTaskBytes)) * UInt64(workforce.slotCount + 1))
        defer { fileBorders = found }
        switch found.next(at: offset) {
        case .chunk(let bytes): return bytes
        case .search(let range, let index):
            let begin = range.lowerBound - UInt64(ContentBorders.windowBytes)
            let source = input.source(at: begin, range.upperBound - begin)
            let task = BorderSearch.task(
                BorderSearch.Work(source: source, start: range.lowerBound, end: range.upperBound), input.handed,
                byteCount: range.upperBound - range.lowerBound)
            upcoming = .success(.work(task, [.search(index, range)], slot: nil, isLast: false))
            return nil
        case .wait: return nil
        }
    }

    private func nextOfPipe(_ workforce: Workforce) throws(PoolmapError) -> Step {
        let mostBytes = min(
            workforce.layout.inputBytes, mostBytes(Compression.mostPipeBytes, Compression.pipeTaskNanoseconds))
        switch try chunks.next(of: input, chunkBytes, upTo: mostBytes, workforce) {
        case .waitForInput: return .waitForInput(input.descriptor)
        case .waitForSlot: return .waitForTurn
        case .chunks(let lengths, let slot):
            // The input ended with the previous chunk; an empty input is one empty chunk.
            if lengths == [0] && index > 0 {
                isAtEnd = true
                workforce.releaseSlot(slot)
                return .end
            }
            var group: ChunkGroup?
            for (number, byteCount) in lengths.enumerated() where announce(byteCount) {
                isAtEnd = chunks.isAtEnd && number == lengths.count - 1
                add(byteCount, at: .slot(offset: group?.byteCount ?? 0), to: &group)
            }
            guard let group else {
                workforce.releaseSlot(slot)
                return try upcoming.take()?.get() ?? .end
            }
            return group.step(slot, input.handed, isLast: isAtEnd)
        }
    }

    /// Returns false if the input exceeds its announced size, which is reported after the chunks before.
    private func announce(_ byteCount: Int) -> Bool {
        guard let announcedBytes, offset + UInt64(byteCount) > announcedBytes else { return upcoming == nil }
        upcoming = .failure(
            PoolmapError(.failed, "has more than the \(announcedBytes) bytes given by --stream-size"))
        return false
    }

    private func add(_ byteCount: Int, at source: Source, to group: inout ChunkGroup?) {
        let isAll = input.isRegular ? offset + UInt64(byteCount) == input.byteCount : isAtEnd
        var grown = group.take() ?? ChunkGroup(source, index == 0 && !isAll ? mark : nil)
        grown.add(Piece(noun: "chunk", index: index, offset: offset, byteCount: UInt64(byteCount)))
        group = grown
        index += 1
        offset += UInt64(byteCount)
    }

    private var mark: SectionMark { borders == nil ? .equalChunks : .anyChunks }

    // MARK: Join

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        if case .done(let operation, _) = answer, operation == BorderSearch.self {
            let done = try BorderSearch.done(answer)
            fileBorders?.add(done.matches, upTo: done.end, nextChunk: offset)
            return
        }
        let done = try Compression.done(answer)
        let start = writtenBytes
        for frame in done.frames {
            let (time, frame) = (frame.time, frame.frame)
            pace.learn(
                time, contentBytes: UInt64(frame.contentBytes), outputBytes: UInt64(frame.compressedBytes))
            try count(
                DataFrame(frame))
        }
        if let slot, writtenBytes > start {
            try output.write(workforce.output(slot, Int(writtenBytes - start)), at: start)
        }
        for frame in done.frames {
            try onFrame(frame.frame)
        }
        if let failure = done.failure { throw failure }
    }

    private func count(_ frame: DataFrame) throws(PoolmapError) {
        writtenBytes += frame.compressedBytes
        acceptedBytes += frame.contentBytes
        compressedBytes += frame.contentBytes
        try ending.add(frame)
        meter.add(input: frame.contentBytes, output: frame.compressedBytes)
    }

    func finish() throws(PoolmapError) -> JobSummary {
        input.leaveOffset(behind: acceptedBytes)
        try input.requireUnchanged()
        guard acceptedBytes == offset, !input.isRegular || offset >= share.upperBound else {
            throw PoolmapError(.failed, "\(acceptedBytes) of \(offset) bytes were compressed")
        }
        if let announcedBytes, offset < announcedBytes {
            throw PoolmapError(.failed, "has \(offset) bytes, not the \(announcedBytes) given by --stream-size")
        }
        let tables = try ending.finish()
        if !tables.isEmpty {
            try tables.withBytes { (bytes) throws(PoolmapError) in try output.write(bytes, at: writtenBytes) }
        }
        writtenBytes += UInt64(tables.count)
        return try output.commit(of: input, JobSummary(inputBytes: compressedBytes, outputBytes: writtenBytes))
    }

    func abandon(_ workforce: Workforce) {
        input.leaveOffset(behind: acceptedBytes)
        chunks.abandon(workforce)
    }
}

/// Consecutive chunks so small that a message for each would cost more than its work.
private struct ChunkGroup {
    private var work: Compression.Work
    private var pieces: [Piece] = []
    private(set) var byteCount = 0
    private var boundBytes = 0
    private let isHole: Bool

    init(_ source: Source, _ mark: SectionMark?) {
        work = Compression.Work(source: source, mark: mark, slot: 0, chunkBytes: [])
        isHole = if case .zeros = source { true } else { false }
    }

    mutating func add(_ piece: Piece) {
        let count = Int(piece.byteCount)
        work.chunkBytes.append(count)
        pieces.append(piece)
        byteCount += count
        boundBytes += Compressor.bound(of: count)
    }

    /// Whether the next chunk may join these.
    ///
    /// - Parameter mostBytes: the most input that a task should have.
    func takes(_ count: Int, _ source: Source, _ mostBytes: Int, _ layout: SlotLayout) -> Bool {
        if case .zeros = source { return false }
        return !isHole && byteCount + count <= mostBytes
            && boundBytes + Compressor.bound(of: count) <= layout.outputBytes
    }

    func step(_ slot: Int, _ files: [SharedDescriptor], isLast: Bool) -> Step {
        var work = work
        work.slot = slot
        // The frame of a hole is only copied, which is less work than a message.
        return .work(
            Compression.task(work, files, byteCount: UInt64(byteCount)), pieces, slot: slot, isLast: isLast,
            mayBeDoneHere: isHole)
    }
}
