import CPoolmap
import Files
import Glibc
import Ground
import Multiprocessing
import Run
import SystemPackage

/// What the inputs of a map share: one output, in their order, and whether the run is to go on.
package final class MapRun {
    let settings: MapSettings
    private let policy: OutputPolicy
    private var output: MapOutput
    /// A target that an earlier run may have begun with; nil where that is not looked at.
    private let resumption: (target: String, notice: (ResumeNotice) -> Void)?
    private var reduction = Reduction()
    private let spillFolder = SpillFolder()
    /// Files of chunks that are whole, and have no name before all are.
    private var finishedFiles: [OutputFile] = []
    private var fileNames: Set<[UInt8]> = []
    private var inputFiles: Set<FileKey> = []

    private struct FileKey: Hashable {
        let device: dev_t
        let inode: ino_t

        init(_ status: FileStatus) {
            (device, inode) = (status.device, status.inode)
        }
    }

    /// What the commands under way write to, by their slots.
    private var targets: [Int: ChunkTarget] = [:]
    private var plannedCount = 0
    private var reportedCount = 0
    private var hasAllPlans = false
    /// A chunk's output is missing: nothing can follow it, and nothing is to be published.
    package private(set) var isBroken = false
    /// No more is begun.
    private(set) var isHalted = false
    /// An earlier run has done all.
    private(set) var isFinished = false
    /// Of whose output nobody knows yet whether it is whole.
    private enum ChunkTarget {
        case file(OutputFile)
        case reduced(SharedDescriptor, level: Int)
    }
    private var reductionCount = 0
    private var doneCount = 0
    private var failedCount = 0
    /// Takes what a command has written to its standard error, a piece at a time; nothing behind the last.
    package var onErrors: (Input?, Piece, [UInt8]) -> Void = { _, _, _ in }
    /// Takes why a chunk has no output, where its input goes on.
    package var onFailure: (Input, PoolmapError) -> Void = { _, _ in }
    /// Takes why what outputs are joined to is missing.
    package var onReductionFailure: (PoolmapError) -> Void = { _ in }
    /// Throws where a chunk's file may not be made.
    package var onTarget: (String) throws(PoolmapError) -> Void = { (_) throws(PoolmapError) in }

    /// - Parameters:
    ///   - target: nil for standard output.
    package init(_ settings: MapSettings, to target: String?, _ policy: OutputPolicy) throws(PoolmapError) {
        (self.settings, self.policy, resumption) = (settings, policy, nil)
        if case .files = settings.join {
            output = MapOutput(settings, .nowhere)
            poolmap_raise_descriptor_limit()
        } else if let target {
            output = MapOutput(settings, .file(try OutputFile(Place(path: target), policy, for: nil)))
        } else {
            output = MapOutput(settings, .standardOutput(policy))
        }
    }

    /// A run that goes on where another over the same input stood, and can be gone on with itself.
    ///
    /// - Parameter notice: called when less is kept than there was, and to tell how much is.
    package init(
        _ settings: MapSettings, resuming target: String, _ policy: OutputPolicy,
        notice: @escaping (ResumeNotice) -> Void
    ) {
        (self.settings, self.policy, resumption) = (settings, policy, (target, notice))
        output = MapOutput(settings, .nowhere)
    }

    var isResumed: Bool { resumption != nil }

    /// Opens what is beside the target; nil where it is not looked at, or is whole.
    func openResume(for input: InputFile) throws(PoolmapError) -> MapResume? {
        guard let (target, notice) = resumption else { return nil }
        switch try MapResume.open(target, policy, for: input, settings, notice: notice) {
        case .finished:
            isFinished = true
            return nil
        case .unfinished(let resume):
            output = MapOutput(settings, resume)
            return resume
        }
    }

    /// It is known what is kept.
    func resumeWriting() throws(PoolmapError) {
        try output.resumeWriting()
    }

    // MARK: Parts

    /// Begins what is noted of a part.
    func begin(_ part: MapPart) throws(PoolmapError) {
        try output.begin(part)
    }

    /// The chunks of the part are those of this range of what is mapped.
    func endPart(_ range: Range<UInt64>) {
        output.endPart(range)
    }

    /// Whether the output is a regular file.
    package var makesFile: Bool { output.file?.allowsRandomAccess ?? false }

    /// A file for an output that a part has kept.
    func openOutput() throws(PoolmapError) -> SharedDescriptor {
        try spillFolder.openShared()
    }

    /// Takes an output that a part has kept, to be joined.
    func add(_ output: SharedDescriptor) {
        reduction.add(output, level: 0)
    }

    /// Takes an output that a part has kept, whose bytes `body` hands out in pieces.
    func takeKept(
        _ body: ((UnsafeRawBufferPointer) throws(PoolmapError) -> Void) throws(PoolmapError) -> Void
    ) throws(PoolmapError) {
        try noticingFailures { () throws(PoolmapError) in try output.takeKept(body) }
    }

    // MARK: Inputs

    /// Notes an input, which no chunk's file is to take the place of.
    func begin(_ input: InputFile) {
        inputFiles.insert(FileKey(input.status))
    }

    func planInput() { plannedCount += 1 }
    func reportInput() { reportedCount += 1 }
    func endPlans() { (hasAllPlans, hasMorePlans) = (true, false) }
    /// All inputs are done.
    var hasAllInputs: Bool { hasAllPlans && plannedCount == reportedCount }

    /// Whether there are inputs behind those that are planned.
    var hasMorePlans = true
    /// Inputs that have more chunks to come.
    private var uncutCount = 0

    func beginCut() { uncutCount += 1 }
    func endCut() { uncutCount -= 1 }

    // MARK: Chunks

    /// What is handed out and not done.
    private(set) var slotsUnderWay: Set<Int> = []

    /// Notes that a command is handed out.
    func begin(_ slot: Int) {
        slotsUnderWay.insert(slot)
        poolmap_use_command_place(UInt32(slot))
        setSpareCores()
    }

    /// Notes that a command has ended.
    func end(_ slot: Int) {
        slotsUnderWay.remove(slot)
        setSpareCores()
    }

    /// Once no more chunks come, cores that have no command are for what the others start.
    private func setSpareCores() {
        let isAtEnd = !hasMorePlans && uncutCount == 0
        poolmap_set_spare_cores(isAtEnd ? UInt32(max(0, settings.servedCoreCount - slotsUnderWay.count)) : 0)
    }

    /// Where the command of a chunk is to write, until `acceptFile` or `drop` is told how that went.
    func destination(
        of chunk: CommandTemplate.Chunk, _ slot: Int
    ) throws(PoolmapError) -> (ChunkCommand.Destination, SharedDescriptor?) {
        switch settings.join {
        case .concatenation, .sum: return (.slot, nil)
        case .command:
            let file = try spillFolder.openShared()
            targets[slot] = .reduced(file, level: 0)
            return (.file, file)
        case .files(let template):
            let name = CommandTemplate.text(of: template, for: chunk)
            guard fileNames.insert(name).inserted else {
                throw PoolmapError(
                    .failed,
                    "two chunks would be written to \(FileName.text(of: name)); --output-template needs "
                        + "{index}, and {input} where there are several inputs")
            }
            let path = FileName.text(of: name)
            try onTarget(path)
            if let status = FileStatus(ofPath: path), status.isRegular, inputFiles.contains(FileKey(status)) {
                throw PoolmapError(.failed, "its target \(path) is an input of this run")
            }
            let file = try OutputFile(Place(path: path), policy, for: nil)
            guard file.allowsRandomAccess else { throw PoolmapError(.failed, "\(path) is no regular file") }
            targets[slot] = .file(file)
            return (settings.compression == nil ? .file : .compressedFile, file.handed)
        }
    }

    /// Takes the output of a command that went to a file; false where it did not.
    ///
    /// - Parameter isKept: whether it gets its name with all others, whatever was asked for.
    func acceptFile(_ done: CommandOutcome, _ slot: Int, isKept: Bool) throws(PoolmapError) -> Bool {
        switch targets.removeValue(forKey: slot) {
        case nil: return false
        case .reduced(let file, let level): reduction.add(file, level: level)
        case .file(let file):
            if settings.keepsGoing && !isKept {
                _ = try file.commit(of: nil, inputBytes: 0, outputBytes: done.output.byteCount)
            } else {
                finishedFiles.append(file)
            }
        }
        return true
    }

    /// Nothing is to come of what a command wrote.
    func drop(_ slot: Int) {
        targets[slot] = nil
    }

    // MARK: Reduction

    /// A task that joins neighbours among the outputs; nil where there are not enough of them.
    func nextReduction(_ workforce: Workforce) throws(PoolmapError) -> Step? {
        guard case .command = settings.join, !isBroken, workforce.hasFreeSlot, let group = reduction.takeGroup(),
            let slot = try workforce.acquireSlot()
        else { return nil }
        return try reduce(group.files, slot, level: group.level + 1)
    }

    /// Whether there are enough outputs for `nextReduction`.
    var hasGroup: Bool { reduction.hasGroup }

    /// All outputs that are not joined yet.
    func takeAllOutputs() -> [SharedDescriptor] {
        reduction.takeAll()
    }

    /// - Parameters:
    ///   - isFinal: whether what comes of them is the output of the run.
    ///   - level: what comes of them has been joined so often.
    func reduce(
        _ files: [SharedDescriptor], _ slot: Int, isFinal: Bool = false, level: Int = 0
    ) throws(PoolmapError) -> Step {
        var destination = ChunkCommand.Destination.file
        var target: SharedDescriptor?
        if isFinal, settings.compression != nil {
            destination = .slot
        } else if isFinal, let file = output.file {
            target = file.handed
        } else if isFinal {
            destination = .standardOutput
        } else {
            let file = try spillFolder.openShared()
            targets[slot] = .reduced(file, level: level)
            target = file
        }
        reductionCount += 1
        let chunk = CommandTemplate.Chunk(index: UInt64(reductionCount - 1), offset: 0, byteCount: 0, input: "-")
        var work = ChunkCommand.Work(file: nil, slot: slot, chunk: chunk, header: [], to: destination)
        work.reducedCount = files.count
        begin(slot)
        let task = ChunkCommand.task(work, files + (target.map { [$0] } ?? []), byteCount: ChunkCommand.leastTaskBytes)
        return .work(task, [CommandOutcome.reductionPiece(chunk.index)], slot: slot, isLast: false)
    }

    /// Takes what has come of a reduction; returns its file, where it has one that is to be joined further.
    func acceptReduced(
        _ done: CommandOutcome, _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> SharedDescriptor? {
        let target = targets.removeValue(forKey: slot)
        try tellErrors(of: done, nil, slot, workforce)
        if let failure = done.failure(of: settings.name(of: done)) {
            leaveOut(always: true)
            throw failure
        }
        if case .reduced(let file, _) = target { return file }
        if settings.compression == nil {
            output.wasWritten(done.output.byteCount)
        } else {
            _ = try write(done, slot, workforce)
        }
        return nil
    }

    /// The same of one that was made while there are more inputs.
    func acceptReducedEarly(
        _ done: CommandOutcome, _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) {
        guard case .reduced(_, let level) = targets[slot] else { return }
        if let file = try acceptReduced(done, slot, workforce) {
            reduction.add(file, level: level)
        }
    }

    // MARK: Failure

    /// Tells what a command has written to its standard error.
    ///
    /// - Parameter input: nil for a command that joins outputs.
    func tellErrors(
        of done: CommandOutcome, _ input: Input?, _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) {
        guard done.errors.byteCount > 0 else { return }
        try workforce.own(ChunkCommand.self).forEachPiece(of: done.errors, .error, slot, workforce) {
            (bytes) throws(PoolmapError) in
            onErrors(input, done.piece, Array(bytes))
        }
        onErrors(input, done.piece, [])
    }

    /// Notes how a chunk has ended, as soon as that is known; whether the run halts for it at once.
    func note(isSuccess: Bool) -> Bool {
        doneCount += 1
        guard !isSuccess else { return false }
        failedCount += 1
        let halts =
            switch settings.halt {
            case .now: true
            case .soon, .never: false
            case .afterCount(let count): failedCount >= count
            case .afterPercent(let percent): doneCount >= 3 && failedCount * 100 >= percent * doneCount
            }
        isHalted = isHalted || halts || settings.halt == .soon
        return halts
    }

    /// Ends all commands: nobody needs what they do.
    func cancelAll() {
        cancel(slotsUnderWay)
    }

    func cancel(_ slots: some Sequence<Int>) {
        for slot in slots {
            poolmap_cancel_command(UInt32(slot))
        }
    }

    /// Whether each failed chunk is told, and its input goes on.
    var toleratesFailures: Bool {
        switch settings.halt {
        case .now, .soon: settings.keepsGoing
        case .never, .afterCount, .afterPercent: true
        }
    }

    /// Notes that a chunk, or all of an input, has no output.
    ///
    /// - Parameter always: whether nothing can be published then, whatever was asked for.
    func leaveOut(always: Bool = false) {
        isBroken = isBroken || always || !settings.keepsGoing
    }

    /// Takes what a command has written, behind what was taken before; says how many bytes that were.
    ///
    /// Blocks where that is much; else it is written by `flush`.
    func write(
        _ done: CommandOutcome, _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) -> UInt64 {
        guard !isBroken else { return 0 }
        var byteCount: UInt64 = 0
        try noticingFailures { () throws(PoolmapError) in
            try output.begin(done)
            try workforce.own(ChunkCommand.self).forEachPiece(of: done.output, .output, slot, workforce) {
                (bytes) throws(PoolmapError) in
                byteCount += UInt64(try output.take(bytes))
            }
            try output.end(done)
        }
        return byteCount
    }

    /// Writes what was taken and is not written.
    ///
    /// Blocks.
    func flush() throws(PoolmapError) {
        guard !output.hasFailed else { return }
        try noticingFailures(output.flush)
    }

    private func noticingFailures(_ body: () throws(PoolmapError) -> Void) throws(PoolmapError) {
        do throws(PoolmapError) {
            try body()
        } catch {
            // What others would write goes nowhere either.
            if output.hasFailed {
                (isHalted, isBroken) = (true, true)
                cancelAll()
            }
            throw error
        }
    }

    /// The output is whole: a file gets its name.
    ///
    /// Call it once all inputs are done, and only where what there is is to be published.
    package func commit() throws(PoolmapError) {
        for file in finishedFiles {
            let byteCount = (try? FileStatus(of: file.descriptor))?.byteCount ?? 0
            _ = try file.commit(of: nil, inputBytes: 0, outputBytes: byteCount)
        }
        if case .files = settings.join { return }
        if isFinished { return }
        try output.commit()
    }
}
