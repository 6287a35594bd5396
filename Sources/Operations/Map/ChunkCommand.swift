import CPoolmap
import Files
import Glibc
import Ground
import Multiprocessing
import Run
import SystemPackage

/// Runs the command of a map over a chunk, from its standard input to its standard output.
///
/// What it writes waits in the output area of the slot: first its output, then its errors. What does not fit there goes
/// to the slot's spill files.
final class ChunkCommand: Operation {
    private let tools: MapTools?
    private var settings: MapSettings? { tools?.settings }
    private let spills: SpillFiles
    private var space = Scratch()
    private let output: SlotStream
    private let errors: SlotStream
    /// Compresses outputs; nil if they are not compressed.
    private let frames: OutputFrames?
    private var madeFrames: [CompressedFrame] = []
    /// The chunk's own file, if compressed output goes to one.
    private var compressedFile: CompressedFile?
    /// A command is worth another process, however little it reads.
    static let leastTaskBytes: UInt64 = 1 << 20

    /// - Parameter tools: nil if nothing is mapped.
    init(_ tools: MapTools?) {
        self.tools = tools
        let settings = tools?.settings
        spills = SpillFiles(slotCount: settings?.slotCount ?? 0)
        (output, errors) = (SlotStream(.output, spills), SlotStream(.error, spills))
        output.reckonsChecksum = settings?.part != nil
        frames = tools?.outputFrames
        if let settings {
            // If this fails, commands cannot be started, and report that.
            _ = poolmap_make_command_places(UInt32(settings.slotCount))
            // If this fails, each command still has a core, but none is lent.
            _ = poolmap_make_cores(UInt32(settings.servedCoreCount), UInt32(settings.slotCount))
        }
    }

    struct Work: Message {
        /// The file with the chunk, whose offset is `chunk.offset`; nil if the chunk is in the slot.
        var file: MappedFile?
        var slot: Int
        var chunk: CommandTemplate.Chunk
        /// The sizes of the chunks after it, for each of which the command is run too.
        var others: [UInt64] = []
        /// What the command reads before the chunk.
        var header: [UInt8]
        var destination: Destination
        /// How many of the task's first files are reduced to one; 0 for a chunk that is mapped.
        var reducedCount = 0

        init(
            file: MappedFile?, slot: Int, chunk: CommandTemplate.Chunk, header: [UInt8], to destination: Destination
        ) {
            (self.file, self.slot, self.chunk, self.header) = (file, slot, chunk, header)
            self.destination = destination
        }

        init(from message: inout MessageReader) throws(PoolmapError) {
            file = try message.next()
            slot = try message.next()
            chunk = CommandTemplate.Chunk(
                index: try message.next(), offset: try message.next(), byteCount: try message.next(),
                count: try message.next(), input: try message.nextText())
            others = try message.nextArray()
            header = try message.nextArray()
            (destination, reducedCount) = (try message.next(), try message.next())
        }

        func write(to message: inout MessageWriter) {
            message.add(file)
            message.add(slot)
            message.add(chunk.index)
            message.add(chunk.offset)
            message.add(chunk.byteCount)
            message.add(chunk.count)
            message.add(text: chunk.input)
            message.add(each: others)
            message.add(each: header)
            message.add(destination)
            message.add(reducedCount)
        }

        /// The same work, split into one task for each chunk.
        var single: [Work] {
            var next = self
            next.others = []
            return [next]
                + others.map { byteCount in
                    next.chunk.index += 1
                    next.chunk.offset += next.chunk.byteCount
                    next.chunk.byteCount = byteCount
                    return next
                }
        }
    }

    /// Where the command writes.
    enum Destination: BitwiseCopyable {
        /// To a pipe, from which it is read into the slot.
        case slot
        /// To the last file of the task, from its beginning.
        case file
        /// The same, compressed.
        case compressedFile
        case standardOutput
    }

    struct Done: Message {
        /// One outcome for each chunk, in order.
        var all: [CommandOutcome] = []

        init() {}

        init(from message: inout MessageReader) throws(PoolmapError) {
            let count: Int = try message.next()
            for _ in 0..<count { all.append(try CommandOutcome(from: &message)) }
        }

        func write(to message: inout MessageWriter) {
            message.add(list: all) { $0.write(to: &$1) }
        }
    }

    func prepare() throws(PoolmapError) {
        guard settings != nil else { return }
        spills.makeAll()
    }

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        guard let settings else { throw PoolmapError(.failed, "internal error: no command was requested") }
        let room = try hands.areas.output(work.slot, settings.roomBytes + MapSettings.errorRoomBytes)
        output.begin(work.slot, UnsafeMutableRawBufferPointer(rebasing: room[..<settings.roomBytes]))
        errors.begin(work.slot, UnsafeMutableRawBufferPointer(rebasing: room[settings.roomBytes...]))
        defer { poolmap_release_cores(UInt32(work.slot)) }
        var isNeeded = CommandJobs.takeCore(work.slot)
        var done = Done()
        for work in work.single {
            var outcome = CommandOutcome(work.chunk, isReduction: work.reducedCount > 0)
            output.beginChunk()
            errors.beginChunk()
            if isNeeded {
                do throws(PoolmapError) {
                    try run(work, files, hands, settings, &outcome)
                } catch {
                    outcome.error = error
                }
                isNeeded = outcome.failure(of: nil) == nil || settings.halt != .now
            }
            note(&outcome, of: work, files)
            done.all.append(outcome)
        }
        return done
    }

    /// Runs the command over a chunk until it succeeds or has been tried often enough.
    private func run(
        _ work: Work, _ files: [SharedDescriptor], _ hands: Hands, _ settings: MapSettings,
        _ outcome: inout CommandOutcome
    ) throws(PoolmapError) {
        repeat {
            output.clear()
            outcome.attempts += 1
            let sink = try sink(of: work, files)
            var run = CommandRun(
                try input(of: work, files, hands), to: try target(of: work, files),
                files: files.prefix(work.reducedCount).map(\.fileDescriptor.rawValue), slot: work.slot,
                coreCount: settings.servedCoreCount, timeoutNanoseconds: settings.timeoutNanoseconds)
            let command = work.reducedCount > 0 ? settings.reduction ?? settings.command : settings.command
            let end = try run.run(command, for: work.chunk, wideBytes: Int(work.chunk.byteCount)) {
                (stream, pipe) throws(PoolmapError) in
                try (stream == .output ? sink : errors).take(from: pipe)
            }
            outcome.end = settings.isSuccess(end) ? .ended(status: 0) : end
        } while outcome.failure(of: nil) != nil && !outcome.isCancelled && outcome.attempts <= settings.retryCount
        if let frames, case .ended(0) = outcome.end {
            try frames.finish()
            (outcome.header, outcome.frames) = (frames.header, madeFrames)
            try compressedFile?.finish { () throws(PoolmapError) in try frames.emptyFrame() }
        }
    }

    /// What receives the command's output.
    private func sink(of work: Work, _ files: [SharedDescriptor]) throws(PoolmapError) -> any PipeSink {
        (madeFrames, compressedFile) = ([], nil)
        guard let frames, work.destination == .slot || work.destination == .compressedFile else { return output }
        if work.destination == .slot {
            frames.begin { [unowned self] (frame, bytes) throws(PoolmapError) in
                madeFrames.append(frame)
                try output.append(bytes)
            }
        } else {
            compressedFile = try CompressedFile(try lastFile(files))
            frames.begin { [unowned self] (frame, bytes) throws(PoolmapError) in
                try compressedFile?.add(frame, bytes)
            }
        }
        return frames
    }

    /// Records what a command wrote, all of which has been received.
    private func note(_ outcome: inout CommandOutcome, of work: Work, _ files: [SharedDescriptor]) {
        (outcome.output, outcome.errors) = (output.ofChunk, errors.ofChunk)
        outcome.checksum = output.checksum
        if work.destination == .file || work.destination == .compressedFile {
            outcome.output.spilledBytes = (try? FileStatus(of: lastFile(files)))?.byteCount ?? 0
        }
        outcome.time = WorkTime(since: outcome.time.startedNanoseconds)
    }

    private func lastFile(_ files: [SharedDescriptor]) throws(PoolmapError) -> FileDescriptor {
        guard let file = files.last else { throw PoolmapError(.failed, "internal error: a chunk's file is missing") }
        return file.fileDescriptor
    }

    /// The descriptor that the command writes to, emptied of an earlier attempt's output; nil for a pipe.
    private func target(of work: Work, _ files: [SharedDescriptor]) throws(PoolmapError) -> Int32? {
        switch work.destination {
        case .slot, .compressedFile: return nil
        case .standardOutput: return STDOUT_FILENO
        case .file:
            let file = try lastFile(files).rawValue
            lseek(file, 0, SEEK_SET)
            ftruncate(file, 0)
            return file
        }
    }

    private func input(
        of work: Work, _ files: [SharedDescriptor], _ hands: Hands
    ) throws(PoolmapError) -> ChunkInput {
        // Copied to memory that stays in place, which the message's own bytes do not.
        let header = try space.space(of: work.header.count)
        header.copyBytes(from: work.header)
        let front = UnsafeRawBufferPointer(header)
        if work.reducedCount > 0 { return ChunkInput([]) }
        guard let file = work.file, let tools else {
            let chunk = try hands.areas.input(work.slot, Int(work.chunk.byteCount))
            return ChunkInput([front, UnsafeRawBufferPointer(chunk)])
        }
        return ChunkInput(
            [front], of: tools.reader(of: file, files, verifies: true), at: work.chunk.offset,
            byteCount: work.chunk.byteCount)
    }

    static func single(_ work: Work) -> [Work] { work.single }

    static func results(of done: Done) -> [PieceResult] {
        done.all.map { outcome in
            var members: [(String, JSONText)] = [
                ("bytes", .number(outcome.output.byteCount)), ("attempts", .number(UInt64(outcome.attempts))),
            ]
            if let failure = outcome.failure(of: nil) {
                members.append(("error", .error(failure)))
            }
            return PieceResult(text: .object(members), time: outcome.time)
        }
    }

    /// In the front: passes what a command wrote to `body`, piece by piece.
    func forEachPiece(
        of part: SlotStream.Part, _ stream: SpillFiles.Stream, _ slot: Int, _ workforce: Workforce,
        _ body: (UnsafeRawBufferPointer) throws(PoolmapError) -> Void
    ) throws(PoolmapError) {
        guard let settings else { return }
        let start = (stream == .output ? 0 : settings.roomBytes) + part.slotStart
        if part.slotBytes > 0 {
            try body(
                UnsafeRawBufferPointer(rebasing: try workforce.output(slot, start + part.slotBytes)[start...]))
        }
        guard part.spilledBytes > 0 else { return }
        let file = try spills.file(stream, of: slot)
        var reader = FileReader(file, at: part.spillStart, byteCount: part.spilledBytes)
        let space = try space.space(of: 1 << 20)
        while true {
            let count = try reader.read(into: space)
            if count == 0 { break }
            try body(UnsafeRawBufferPointer(rebasing: space[..<count]))
        }
    }

    /// In the front: frees the disk space when the contents of a slot are no longer needed.
    func clearSpills(of done: Done, _ slot: Int) {
        for (stream, part) in [(SpillFiles.Stream.output, \CommandOutcome.output), (.error, \.errors)]
        where done.all.contains(where: { $0[keyPath: part].spilledBytes > 0 }) {
            spills.clear(stream, of: slot)
        }
    }
}
