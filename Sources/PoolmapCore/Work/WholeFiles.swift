import Glibc
import Multiprocessing
import SystemPackage

/// A file that one worker does alone.
struct FileWork {
    /// Where the input is.
    var input: Place
    /// Where the target is to be; nil where nothing is written.
    var target: Place?
    /// What it had when it was looked at.
    var byteCount: UInt64
    /// Where the worker notes what it has done, for the case that it is killed; nil where it writes nothing.
    var note: Int?
    /// By what it is hashed; empty where it is not.
    var algorithms: [HashAlgorithm] = []
    /// What it must still be when it is opened; nil where any file of that name will do.
    var identity: FileIdentity?
    /// The size of the chunks that are hashed by themselves, by one algorithm; nil where the whole is.
    var chunkBytes: UInt64?
}

/// What a worker answers of one file of several.
struct FileDone {
    enum Outcome {
        case done(JobSummary)
        /// The file is not what it was taken for: a pipe by now, or large. The front is to do it, in pieces.
        case isForFront
        case failed(PoolmapError)
    }

    let outcome: Outcome
    /// On the monotonic clock.
    let startedNanoseconds: UInt64
    let durationNanoseconds: UInt64
}

/// Hands a small file to one worker, which does all of it.
///
/// No slot is taken, and the front has nothing to write. The `Workforce` sends several to a worker at a time.
final class WholeFileJob: Job {
    private var work: FileWork
    private let target: Target
    private let targetRoot: Root?
    private let meter: Meter
    private var ticket: NoteTicket?
    private var isHandedOut = false
    private var summary = JobSummary()
    /// The worker has it open.
    let isOpen = false

    /// - Parameters:
    ///   - work: the file, without its target.
    ///   - root: the folder in whose tree a target is.
    init(_ work: FileWork, to target: Target, in root: Root?, _ meter: Meter) {
        self.work = work
        self.target = target
        targetRoot = root
        self.meter = meter
        meter.expect(work.byteCount)
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if isHandedOut { return .end }
        if case .file(let path) = target {
            guard let ticket = try workforce.acquireNote() else { return .waitForTurn }
            self.ticket = ticket
            (work.target, work.note) = (Place(path: path, root: targetRoot), ticket.index)
        }
        isHandedOut = true
        return .work(.wholeFile(work), [.whole(work.byteCount)], slot: nil, isLast: true)
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard case .files(let files) = answer, case .done(let summary) = files.all.first?.outcome else {
            throw PoolmapError(.failed, "a worker gave another answer than a summary")
        }
        self.summary = summary
        meter.add(input: summary.inputBytes, output: summary.outputBytes)
    }

    func finish() -> JobSummary {
        summary
    }
}

/// Does whole files in a worker: by the same jobs as in the front, in a pipeline of its own that needs nobody else.
final class FileRunner {
    private let settings: RunSettings
    private var own: (workforce: Workforce, process: pid_t)?
    private var space = Scratch()
    private var folders = FolderCache()
    private var process = getpid()

    init(_ settings: RunSettings) {
        self.settings = settings
    }

    /// One pair of hands, made by the process that uses it: what the front had for its first files is shared memory,
    /// which each worker would take for its own.
    private var workforce: Workforce {
        if let own, own.process == getpid() { return own.workforce }
        let workforce = Workforce(jobs: 1, settings)
        own = (workforce, getpid())
        return workforce
    }

    /// Does files that were handed out together.
    func run(_ works: FileWorks, _ hands: Hands) -> FileResults {
        begin()
        defer { end() }
        return FileResults(works.all.map { work in run(work, work.note.flatMap { hands.areas.note($0) }) })
    }

    /// - Parameter note: what another worker may have noted of the same file before it was killed.
    func run(_ work: FileWork, _ note: CommitNote?) -> FileDone {
        let start = monotonicNanoseconds()
        let outcome: FileDone.Outcome
        do throws(PoolmapError) {
            outcome = try outcomeOf(work, note)
        } catch {
            outcome = .failed(error)
        }
        return FileDone(
            outcome: outcome, startedNanoseconds: start, durationNanoseconds: monotonicNanoseconds() - start)
    }

    private func outcomeOf(_ work: FileWork, _ note: CommitNote?) throws(PoolmapError) -> FileDone.Outcome {
        // A worker that had the file before may have been killed with a file that has a name of its own.
        note?.removeTemporary()
        let existing = work.target.flatMap { look(at: $0) }
        if let target = work.target, let summary = note?.summary(ofOutput: existing?.status) {
            return .done(try complete(work, target, summary, note))
        }
        let input = try InputFile.open(work.input, folders)
        try work.identity?.require(input.status)
        guard input.status.isRegular, input.byteCount <= settings.wholeFileBytes else { return .isForFront }
        if !work.algorithms.isEmpty { return try hash(input, work) }
        var output = Output.nowhere
        if let target = work.target {
            // To open a named pipe and close it again would be an end of file to its reader.
            if let existing, existing.status?.isRegular != true || existing.descriptor != nil { return .isForFront }
            output = .file(try OutputFile(target, in: folders, over: existing, settings.policy, for: input, note: note))
        }
        return .done(try run(try settings.job(input, output, Meter())))
    }

    /// nil where there is nothing, and also where the folder cannot be opened, as will be said later.
    private func look(at target: Place) -> TargetLook? {
        guard let folder = try? OutputFile.folder(of: target, folders) else { return nil }
        return TargetLook(at: target.path, in: folder)
    }

    /// Called before files that were handed out together.
    func begin() {
        guard process != getpid() else { return }
        process = getpid()
        // The descriptors were the front's, if they are any here.
        _ = Unmanaged.passRetained(folders)
        folders = FolderCache()
    }

    /// Called behind them: the next come later, when the paths of their folders may lead to others.
    func end() {
        folders.forget()
    }

    private func hash(_ input: InputFile, _ work: FileWork) throws(PoolmapError) -> FileDone.Outcome {
        try work.algorithms.requireParts(of: input.byteCount)
        let space = try space.space(of: Hands.cachedBytes)
        let (digests, byteCount) = try digests(work.algorithms, chunkBytes: work.chunkBytes, through: space) {
            (space) throws(PoolmapError) in try input.readSome(into: space)
        }
        try input.requireUnchanged()
        if input.isRegular && byteCount != input.byteCount { throw .changedWhileRead }
        return .done(JobSummary(inputBytes: byteCount, digests: digests))
    }

    private func run(_ job: any Job) throws(PoolmapError) -> JobSummary {
        var result: Result<JobSummary, PoolmapError>?
        let plan = PlannedJob(number: 0, input: .standardInput, target: .nowhere) { _ in
            job
        } report: {
            result = $0
        }
        Pipeline(workforce, SinglePlan(plan)).run()
        return try result?.get() ?? JobSummary()
    }

    /// Does what is left of a file whose target has its name: a worker was killed just then.
    private func complete(
        _ work: FileWork, _ target: Place, _ summary: JobSummary, _ note: CommitNote?
    ) throws(PoolmapError) -> JobSummary {
        if settings.policy.isDurable {
            let folder = try attempt("cannot write the folder of \(target.path) to disk") { () throws(Errno) in
                try folders.folder(of: target)
            }
            try folder.sync(for: target.path)
        }
        if settings.policy.removesInput, let note {
            var isChanged = false
            _ = try folders.remove(work.input) { left in
                // Where it is another file by now, the first worker has removed its own.
                isChanged = note.isOfInputFile(left) && !note.isOfInput(left)
                return note.isOfInput(left)
            }
            if isChanged { throw .changedAfterRead }
        }
        return summary
    }
}

extension TaskMessage {
    static func wholeFile(_ work: FileWork) -> TaskMessage {
        files(FileWorks([work]))
    }

    /// Files that are done whole.
    ///
    /// - Parameter isSent: whether it is handed out as it is, and no others are to go with them.
    static func files(_ works: FileWorks, isSent: Bool = false) -> TaskMessage {
        let byteCount = works.all.reduce(0) { $0 + $1.byteCount }
        if isSent { return WholeFiles.task(works, [], byteCount: byteCount) }
        return TaskMessage(operation: WholeFiles.self, bytes: [], files: [], byteCount: byteCount, wholeFiles: works)
    }
}

/// Does small files whole, each from opening it to giving its target its name.
final class WholeFiles: Operation {
    private let files: FileRunner

    init(_ files: FileRunner) {
        self.files = files
    }

    func perform(_ work: FileWorks, _ shared: [SharedDescriptor], _ hands: Hands) -> FileResults {
        files.run(work, hands)
    }

    static func results(of done: FileResults) -> [PieceResult] { [] }
}
