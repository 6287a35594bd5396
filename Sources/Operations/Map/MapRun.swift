import CPoolmap
import Files
import Glibc
import Ground
import Multiprocessing
import Run
import SystemPackage

/// State shared by the inputs of a map: one output, in input order, and whether to go on.
package final class MapRun {
    let settings: MapSettings
    private let policy: OutputPolicy
    private var output: MapOutput
    /// A target that an earlier run may have begun; nil if the run is not resumable.
    private let resumption: (target: String, notice: (ResumeNotice) -> Void)?
    private var reduction = Reduction()
    private let spillFolder = SpillFolder()
    /// Complete files of chunks, which get their names when all are complete.
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

    /// Where the commands in progress write, by slot.
    private var targets: [Int: ChunkTarget] = [:]
    private var plannedCount = 0
    private var reportedCount = 0
    private var hasAllPlans = false
    /// A chunk's output is missing, so nothing may follow it and nothing is published.
    package private(set) var isBroken = false
    /// Whether nothing more is started.
    private(set) var isHalted = false
    /// Whether nothing reads standard output any more; every other failure is then a consequence.
    private(set) var isUnread = false
    /// Whether an earlier run has done everything.
    private(set) var isFinished = false
    /// A command's output file, not known to be complete yet.
    private enum ChunkTarget {
        case file(OutputFile)
        case reduced(SharedDescriptor, level: Int)
    }
    private var reductionCount = 0
    private var doneCount = 0
    private var failedCount = 0
    /// Called with what a command wrote to its standard error, in pieces; the last piece is empty.
    package var onErrors: (Input?, Piece, [UInt8]) -> Void = { _, _, _ in }
    /// Called with why a chunk has no output, if its input goes on.
    package var onFailure: (Input, PoolmapError) -> Void = { _, _ in }
    /// Called with why the result of the reduction is missing.
    package var onReductionFailure: (PoolmapError) -> Void = { _ in }
    /// Throws if a chunk's file must not be created.
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

    /// Creates a run that continues another one over the same input, and can be continued itself.
    ///
    /// - Parameter notice: called to say how much is kept, and why less than there was.
    package init(
        _ settings: MapSettings, resuming target: String, _ policy: OutputPolicy,
        notice: @escaping (ResumeNotice) -> Void
    ) {
        (self.settings, self.policy, resumption) = (settings, policy, (target, notice))
        output = MapOutput(settings, .nowhere)
    }

    var isResumed: Bool { resumption != nil }

    /// Opens the files beside the target; nil if the run is not resumable, or the target is complete.
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

    /// Continues the output; called when it is known what is kept.
    func resumeWriting() throws(PoolmapError) {
        try output.resumeWriting()
    }

    // MARK: Parts

    /// Starts recording a part.
    func begin(_ part: MapPart) throws(PoolmapError) {
        try output.begin(part)
    }

    /// Sets the range of what is mapped that the part's chunks cover.
    func endPart(_ range: Range<UInt64>) {
        output.endPart(range)
    }

    /// Whether the output is a regular file.
    package var makesFile: Bool { output.file?.allowsRandomAccess ?? false }

    /// Creates a file for an output kept by a part.
    func openOutput() throws(PoolmapError) -> SharedDescriptor {
        try spillFolder.openShared()
    }

    /// Adds an output kept by a part to the reduction.
    func add(_ output: SharedDescriptor) {
        reduction.add(output, level: 0)
    }

    /// Takes an output kept by a part; `body` passes its bytes in pieces.
    func takeKept(
        _ body: ((UnsafeRawBufferPointer) throws(PoolmapError) -> Void) throws(PoolmapError) -> Void
    ) throws(PoolmapError) {
        try noticingFailures { () throws(PoolmapError) in try output.takeKept(body) }
    }

    // MARK: Inputs

    /// Records an input, which no chunk's file may replace.
    func begin(_ input: InputFile) {
        inputFiles.insert(FileKey(input.status))
    }

    func planInput() { plannedCount += 1 }
    func reportInput() { reportedCount += 1 }
    func endPlans() { (hasAllPlans, hasMorePlans) = (true, false) }
    /// Whether all inputs are done.
    var hasAllInputs: Bool { hasAllPlans && plannedCount == reportedCount }

    /// Whether more inputs may follow those already planned.
    var hasMorePlans = true
    /// The number of inputs that have more chunks to hand out.
    private var uncutCount = 0

    func beginCut() { uncutCount += 1 }
    func endCut() { uncutCount -= 1 }

    // MARK: Chunks

    /// The slots handed out and not done.
    private(set) var slotsUnderWay: Set<Int> = []

    /// Records that a command is handed out.
    func begin(_ slot: Int) {
        slotsUnderWay.insert(slot)
        poolmap_use_command_place(UInt32(slot))
        setSpareCores()
    }

    /// Records that a command has ended.
    func end(_ slot: Int) {
        slotsUnderWay.remove(slot)
        setSpareCores()
    }

    /// When no more chunks follow, cores without a command are lent to what the others start.
    private func setSpareCores() {
        let isAtEnd = !hasMorePlans && uncutCount == 0
        poolmap_set_spare_cores(isAtEnd ? UInt32(max(0, settings.servedCoreCount - slotsUnderWay.count)) : 0)
    }

    /// Where the command of a chunk writes; `acceptFile` or `drop` must be called when it has ended.
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
                        + "{index}, and {input} for several inputs")
            }
            let path = FileName.text(of: name)
            try onTarget(path)
            if let status = FileStatus(ofPath: path), status.isRegular, inputFiles.contains(FileKey(status)) {
                throw PoolmapError(.failed, "its target \(path) is an input of this run")
            }
            let file = try OutputFile(Place(path: path), policy, for: nil)
            guard file.allowsRandomAccess else { throw PoolmapError(.failed, "\(path) is not a regular file") }
            targets[slot] = .file(file)
            return (settings.compression == nil ? .file : .compressedFile, file.handed)
        }
    }

    /// Takes the output of a command that wrote to a file; returns false if it did not.
    ///
    /// - Parameter isKept: whether the file gets its name with all others in any case.
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

    /// Drops what a command wrote.
    func drop(_ slot: Int) {
        targets[slot] = nil
    }

    // MARK: Reduction

    /// A task that reduces adjacent outputs; nil if there are not enough of them.
    func nextReduction(_ workforce: Workforce) throws(PoolmapError) -> Step? {
        guard case .command = settings.join, !isBroken, workforce.hasFreeSlot, let group = reduction.takeGroup(),
            let slot = try workforce.acquireSlot()
        else { return nil }
        return try reduce(group.files, slot, level: group.level + 1)
    }

    /// Whether there are enough outputs for `nextReduction`.
    var hasGroup: Bool { reduction.hasGroup }

    /// All outputs not reduced yet.
    func takeAllOutputs() -> [SharedDescriptor] {
        reduction.takeAll()
    }

    /// - Parameters:
    ///   - isFinal: whether the result is the output of the run.
    ///   - level: how often the result has been reduced.
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

    /// Takes the result of a reduction; returns its file if it must be reduced further.
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

    /// The same for a reduction made while there are more inputs.
    func acceptReducedEarly(
        _ done: CommandOutcome, _ slot: Int, _ workforce: Workforce
    ) throws(PoolmapError) {
        guard case .reduced(_, let level) = targets[slot] else { return }
        if let file = try acceptReduced(done, slot, workforce) {
            reduction.add(file, level: level)
        }
    }

    // MARK: Failure

    /// Reports what a command wrote to its standard error.
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

    /// Records how a chunk ended, as soon as that is known; returns whether the run halts at once.
    func note(_ failure: PoolmapError?) -> Bool {
        doneCount += 1
        guard let failure else { return false }
        failedCount += 1
        isUnread = isUnread || failure.code == .outputClosed
        let halts =
            switch settings.halt {
            case _ where isUnread: true
            case .now: true
            case .soon, .never: false
            case .afterCount(let count): failedCount >= count
            case .afterPercent(let percent): doneCount >= 3 && failedCount * 100 >= percent * doneCount
            }
        isHalted = isHalted || halts || settings.halt == .soon
        return halts
    }

    /// Ends all commands: their results are not needed.
    func cancelAll() {
        cancel(slotsUnderWay)
    }

    func cancel(_ slots: some Sequence<Int>) {
        for slot in slots {
            poolmap_cancel_command(UInt32(slot))
        }
    }

    /// Whether each failed chunk is reported and its input goes on.
    var toleratesFailures: Bool {
        switch settings.halt {
        case _ where isUnread: false
        case .now, .soon: settings.keepsGoing
        case .never, .afterCount, .afterPercent: true
        }
    }

    /// Records that a chunk, or a whole input, has no output.
    ///
    /// - Parameter always: whether nothing can then be published, even with `keepsGoing`.
    func leaveOut(always: Bool = false) {
        isBroken = isBroken || always || !settings.keepsGoing
    }

    /// Takes what a command wrote, and appends it to the output; returns the number of bytes kept.
    ///
    /// Blocks if there is much; small amounts are written by `flush`.
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

    /// Writes what was taken and not written yet.
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
            // The other commands' output would be lost too.
            if output.hasFailed {
                (isHalted, isBroken) = (true, true)
                isUnread = isUnread || error.code == .outputClosed
                cancelAll()
            }
            throw error
        }
    }

    /// Completes the output; a file gets its name.
    ///
    /// Call it once all inputs are done, and only if the output is to be published.
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
