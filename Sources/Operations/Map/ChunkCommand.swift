import CPoolmap
import Files
import Glibc
import Ground
import Multiprocessing
import Run
import SystemPackage

/// Runs the command of a map over a chunk, from its standard input to its standard output.
///
/// What it writes waits in the output area of the slot: its output in front, its errors behind; what has no room there in
/// the slot's spill files.
final class ChunkCommand: Operation {
    private let tools: MapTools?
    private var settings: MapSettings? { tools?.settings }
    private let spills: SpillFiles
    private var space = Scratch()
    private let output: SlotStream
    private let errors: SlotStream
    /// Where outputs are compressed.
    private let frames: OutputFrames?
    private var madeFrames: [CompressedFrame] = []
    /// Where they go to a file of the chunk's own.
    private var compressedFile: CompressedFile?

    /// - Parameter tools: nil where nothing is mapped.
    init(_ tools: MapTools?) {
        self.tools = tools
        let settings = tools?.settings
        spills = SpillFiles(slotCount: settings?.slotCount ?? 0)
        (output, errors) = (SlotStream(.output, spills), SlotStream(.error, spills))
        frames = tools?.outputFrames
        if let settings {
            // Where that fails, no command can be started, and says so.
            _ = poolmap_make_command_places(UInt32(settings.slotCount))
            // And here, each has a core all the same, and none is lent.
            _ = poolmap_make_cores(UInt32(settings.servedCoreCount), UInt32(settings.slotCount))
        }
    }

    struct Work: Message {
        /// Where the chunk is, which its own offset says more of; nil where it is in the slot.
        var file: MappedFile?
        var slot: Int
        var chunk: CommandTemplate.Chunk
        /// What the command reads in front of the chunk.
        var header: [UInt8]
        var destination: Destination
        /// How many of the task's first files are reduced to one, in place of a chunk that is mapped.
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
            message.add(each: header)
            message.add(destination)
            message.add(reducedCount)
        }
    }

    /// Where the command writes.
    enum Destination: BitwiseCopyable {
        /// Into a pipe, from which it comes into the slot.
        case slot
        /// Into the last file of the task, from its beginning on.
        case file
        /// The same, compressed.
        case compressedFile
        case standardOutput
    }

    struct Done: Message {
        /// Of the chunk.
        let index: Int
        let offset: UInt64
        let chunkBytes: UInt64
        var end = CommandRun.End.cancelled
        /// How often it was run.
        var attempts = 0
        var output = Taken()
        var errors = Taken()
        /// Of an output that is compressed: its first lines, which are no part of it, and what it is made of.
        var header: [UInt8] = []
        var frames: [CompressedFrame] = []
        var time: WorkTime

        /// What a command has written, in bytes.
        struct Taken: BitwiseCopyable {
            var inSlot = 0
            var spilled: UInt64 = 0

            var byteCount: UInt64 { UInt64(inSlot) + spilled }
        }

        /// It joined outputs.
        let isReduction: Bool

        init(_ chunk: CommandTemplate.Chunk, isReduction: Bool) {
            self.isReduction = isReduction
            (index, offset, chunkBytes) = (Int(chunk.index), chunk.offset, chunk.byteCount)
            time = WorkTime(since: monotonicNanoseconds())
        }

        init(from message: inout MessageReader) throws(PoolmapError) {
            (index, offset, chunkBytes) = (try message.next(), try message.next(), try message.next())
            (end, attempts, isReduction) = (try message.next(), try message.next(), try message.next())
            (output, errors, time) = (try message.next(), try message.next(), try message.next())
            (header, frames) = (try message.nextArray(), try message.nextArray())
        }

        func write(to message: inout MessageWriter) {
            message.add(index)
            message.add(offset)
            message.add(chunkBytes)
            message.add(end)
            message.add(attempts)
            message.add(isReduction)
            message.add(output)
            message.add(errors)
            message.add(time)
            message.add(each: header)
            message.add(each: frames)
        }

        var piece: Piece {
            isReduction
                ? Done.reductionPiece(UInt64(index))
                : Piece(noun: "chunk", index: index, offset: offset, byteCount: chunkBytes)
        }

        static func reductionPiece(_ index: UInt64) -> Piece {
            Piece(noun: "reduction", index: Int(index), offset: 0, byteCount: 0)
        }

        var isCancelled: Bool {
            if case .cancelled = end { return true }
            return false
        }
    }

    func prepare() throws(PoolmapError) {
        guard settings != nil else { return }
        spills.makeAll()
    }

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        guard let settings else { throw PoolmapError(.failed, "nobody has asked for a command") }
        let start = monotonicNanoseconds()
        let room = try hands.areas.output(work.slot, settings.roomBytes + MapSettings.errorRoomBytes)
        output.begin(work.slot, UnsafeMutableRawBufferPointer(rebasing: room[..<settings.roomBytes]))
        errors.begin(work.slot, UnsafeMutableRawBufferPointer(rebasing: room[settings.roomBytes...]))
        var done = Done(work.chunk, isReduction: work.reducedCount > 0)
        defer { poolmap_release_cores(UInt32(work.slot)) }
        guard CommandJobs.takeCore(work.slot) else { return done }
        repeat {
            output.clear()
            done.attempts += 1
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
            done.end = settings.isSuccess(end) ? .ended(status: 0) : end
        } while done.failure(of: nil) != nil && !done.isCancelled && done.attempts <= settings.retryCount
        try finish(&done, of: work, files)
        done.time = WorkTime(since: start)
        return done
    }

    /// What takes the command's output.
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

    /// Notes what a command has written, all of which has come.
    private func finish(_ done: inout Done, of work: Work, _ files: [SharedDescriptor]) throws(PoolmapError) {
        if let frames, case .ended(0) = done.end {
            try frames.finish()
            (done.header, done.frames) = (frames.header, madeFrames)
            try compressedFile?.finish { () throws(PoolmapError) in try frames.emptyFrame() }
        }
        (done.output, done.errors) = (output.taken, errors.taken)
        if work.destination == .file || work.destination == .compressedFile {
            done.output.spilled = (try? FileStatus(of: lastFile(files)))?.byteCount ?? 0
        }
    }

    private func lastFile(_ files: [SharedDescriptor]) throws(PoolmapError) -> FileDescriptor {
        guard let file = files.last else { throw PoolmapError(.failed, "a chunk's file is not there") }
        return file.fileDescriptor
    }

    /// Where the command is to write, which has nothing of an earlier try; nil for a pipe.
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
        // It is not moved: the message's own bytes do not stay where they are.
        let header = try space.space(of: work.header.count)
        header.copyBytes(from: work.header)
        let front = UnsafeRawBufferPointer(header)
        if work.reducedCount > 0 { return ChunkInput([]) }
        guard let file = work.file, let tools else {
            let chunk = try hands.areas.input(work.slot, Int(work.chunk.byteCount))
            return ChunkInput([front, UnsafeRawBufferPointer(chunk)])
        }
        return ChunkInput(
            [front], of: tools.reader(of: file, files), at: work.chunk.offset, byteCount: work.chunk.byteCount)
    }

    static func results(of done: Done) -> [PieceResult] {
        var members: [(String, JSONText)] = [
            ("bytes", .number(done.output.byteCount)), ("attempts", .number(UInt64(done.attempts))),
        ]
        if let failure = done.failure(of: nil) {
            members.append(("error", .error(failure)))
        }
        return [PieceResult(text: .object(members))]
    }

    /// In the front: hands what a command has written to `body`, a piece at a time.
    func forEachPiece(
        of taken: Done.Taken, _ stream: SpillFiles.Stream, _ slot: Int, _ workforce: Workforce,
        _ body: (UnsafeRawBufferPointer) throws(PoolmapError) -> Void
    ) throws(PoolmapError) {
        guard let settings else { return }
        let start = stream == .output ? 0 : settings.roomBytes
        if taken.inSlot > 0 {
            try body(
                UnsafeRawBufferPointer(rebasing: try workforce.output(slot, start + taken.inSlot)[start...]))
        }
        guard taken.spilled > 0 else { return }
        let file = try spills.file(stream, of: slot)
        var reader = FileReader(file, at: 0, byteCount: taken.spilled)
        let space = try space.space(of: 1 << 20)
        while true {
            let count = try reader.read(into: space)
            if count == 0 { break }
            try body(UnsafeRawBufferPointer(rebasing: space[..<count]))
        }
        spills.clear(stream, of: slot)
    }
}

extension ChunkCommand.Done {
    /// Why there is no output; nil where there is.
    ///
    /// - Parameter command: its name, for the message.
    func failure(of command: String?) -> PoolmapError? {
        let name = command ?? "the command"
        let times = attempts > 1 ? ", \(attempts) times tried" : ""
        switch end {
        case .ended(0): return nil
        case .cancelled: return PoolmapError(.failed, "\(name) was ended, since another chunk has failed")
        case .timedOut: return PoolmapError(.failed, "\(name) took longer than --timeout allows\(times)")
        case .ended(let status):
            let number = status & 0x7f
            let exit = number == 0 ? ExitStatus.exited(status >> 8 & 0xff) : .signaled(number)
            return PoolmapError(.failed, "\(name) \(exit)\(times)")
        }
    }
}
