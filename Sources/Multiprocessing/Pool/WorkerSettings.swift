import CMultiprocessing
import Glibc
import SystemPackage

/// The surroundings of a pool's workers: what else they begin with, and when one is replaced.
///
///     let settings = WorkerSettings(niceness: 10, maxMemoryGrowthBytes: 1 << 30)
///     let pool = try Pool(processes: 8, workers: settings, resize)
///
/// Python leaves all of it to the initializer, but for `maxtasksperchild`.
public struct WorkerSettings: Codable, Sendable {
    /// What the workers read as their standard input.
    public var standardInput: StandardInput
    /// Where the workers' standard output goes.
    public var standardOutput: WorkerOutput
    /// Where the workers' standard error goes.
    public var standardError: WorkerOutput
    /// The folder that the workers begin in; nil for that of the process that makes the pool.
    public var workingDirectory: String?
    /// Variables of the environment that are other than in the process that makes the pool; nil takes one away.
    public var environment: [String: String?]
    /// What is added to the niceness of the process that makes the pool, as `nice(2)` has it.
    ///
    /// 19 is for what should only run where nothing else would.
    public var niceness: Int
    /// The processors that the workers are bound to, numbered as by `sched_setaffinity(2)`.
    ///
    /// Each worker is bound to one of them, in turn. Empty where they run on any.
    public var cpus: [Int]
    /// A worker is replaced after a task that leaves it with so many bytes more than it had when its initializer was done,
    /// as against memory that leaks; nil for never.
    ///
    /// What counts is the worker's own memory that is resident, without shared memory and mapped files. It is looked at
    /// between tasks: no task is kept from taking more.
    public var maxMemoryGrowthBytes: Int?
    /// Whether workers are made only as there are tasks for them, and not all at once.
    public var startsAsNeeded: Bool

    /// Everything as it is in the process that makes the pool, unless something else is said, but for the standard input,
    /// which is empty.
    ///
    /// - Parameters:
    ///   - standardInput: what the workers read there.
    ///   - standardOutput: where their standard output goes.
    ///   - standardError: where their standard error goes.
    ///   - workingDirectory: the folder that they begin in.
    ///   - environment: variables that are other there; nil takes one away.
    ///   - niceness: what is added to the niceness.
    ///   - cpus: the processors that they are bound to, one each, in turn.
    ///   - maxMemoryGrowthBytes: a worker is replaced when its memory has grown by more.
    ///   - startsAsNeeded: whether they are made only as there are tasks for them.
    public init(
        standardInput: StandardInput = .null, standardOutput: WorkerOutput = .inherited,
        standardError: WorkerOutput = .inherited, workingDirectory: String? = nil, environment: [String: String?] = [:],
        niceness: Int = 0, cpus: [Int] = [], maxMemoryGrowthBytes: Int? = nil, startsAsNeeded: Bool = false
    ) {
        self.standardInput = standardInput
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.workingDirectory = workingDirectory
        self.environment = environment
        self.niceness = niceness
        self.cpus = cpus
        self.maxMemoryGrowthBytes = maxMemoryGrowthBytes
        self.startsAsNeeded = startsAsNeeded
    }

    private static let highestCPU = 1 << 20

    /// Throws where no worker could begin with these.
    func check() throws(MultiprocessingError) {
        if let limit = maxMemoryGrowthBytes, limit < 1 {
            throw MultiprocessingError(.invalidState, "a worker's memory cannot grow by at most \(limit) bytes")
        }
        if let cpu = cpus.first(where: { $0 < 0 || $0 > WorkerSettings.highestCPU }) {
            throw MultiprocessingError(.invalidState, "there is no processor \(cpu)")
        }
        if let name = environment.keys.first(where: { $0.isEmpty || $0.utf8.contains { $0 == 0x3D || $0 == 0 } }) {
            throw MultiprocessingError(.invalidState, "a variable of the environment cannot have the name \"\(name)\"")
        }
    }

    /// In a worker that was just forked: takes them on.
    func takeOn(at position: Int) throws(MultiprocessingError) {
        try standardOutput.takeOn(as: STDOUT_FILENO, at: position)
        try standardError.takeOn(as: STDERR_FILENO, at: position)
        if let workingDirectory, chdir(workingDirectory) != 0 {
            throw refused("chdir to \(workingDirectory)")
        }
        for (name, value) in environment {
            guard (value.map { setenv(name, $0, 1) } ?? unsetenv(name)) == 0 else { throw refused("setenv of \(name)") }
        }
        if niceness != 0 {
            // -1 may be the new niceness as well.
            errno = 0
            if nice(Int32(clamping: niceness)) == -1, errno != 0 { throw refused("nice") }
        }
        if !cpus.isEmpty, mp_bind_to_processor(Int32(cpus[position % cpus.count])) != 0 {
            throw refused("sched_setaffinity to processor \(cpus[position % cpus.count])")
        }
    }
}

/// Where what the workers of a pool write to a standard stream goes.
public enum WorkerOutput: Codable, Hashable, Sendable {
    /// To the same file as for the process that makes the pool.
    case inherited
    /// Nowhere: `/dev/null`.
    case null
    /// To the end of a file for each worker, which is made if it is not there: with a dot and the worker's number behind the
    /// name, from 0. A worker that replaces another has its number.
    case files(String)

    fileprivate func takeOn(as stream: Int32, at position: Int) throws(MultiprocessingError) {
        let (path, flags): (String, Int32)
        switch self {
        case .inherited: return
        case .null: (path, flags) = ("/dev/null", O_WRONLY)
        case .files(let name): (path, flags) = ("\(name).\(position)", O_WRONLY | O_CREAT | O_APPEND)
        }
        let file = open(path, flags | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw refused("open of \(path)") }
        defer { if file != stream { _ = close(file) } }
        guard file == stream || dup2(file, stream) >= 0 else { throw refused("dup2") }
    }
}

private func refused(_ what: String) -> MultiprocessingError {
    MultiprocessingError.systemCall(what, Errno(rawValue: errno))
}
