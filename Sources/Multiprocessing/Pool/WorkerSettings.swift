import CMultiprocessing
import Glibc
import SystemPackage

/// The environment of a pool's workers, and when one is replaced.
///
///     let settings = WorkerSettings(niceness: 10, maxMemoryGrowthBytes: 1 << 30)
///     let pool = try Pool(processes: 8, workers: settings, resize)
///
/// Python leaves all of this to the initializer, except `maxtasksperchild`.
public struct WorkerSettings: Codable, Sendable {
    /// The workers' standard input.
    public var standardInput: StandardInput
    /// The workers' standard output.
    public var standardOutput: WorkerOutput
    /// The workers' standard error.
    public var standardError: WorkerOutput
    /// The workers' initial working directory; nil for that of the process that makes the pool.
    public var workingDirectory: String?
    /// Environment variables that differ from those of the process that makes the pool; nil removes one.
    public var environment: [String: String?]
    /// A number added to the niceness of the process that makes the pool, as by `nice(2)`.
    ///
    /// 19 is for work that should run only when the processors are otherwise idle.
    public var niceness: Int
    /// The processors that the workers are bound to, numbered as by `sched_setaffinity(2)`.
    ///
    /// Each worker is bound to one of them, in turn. Empty to use any.
    public var cpus: [Int]
    /// Replace a worker after a task that leaves it with this many more bytes than after its initializer, for example
    /// if it leaks memory; nil for never.
    ///
    /// This counts the worker's resident private memory, without shared memory and mapped files. It is checked between
    /// tasks: no task is prevented from using more.
    public var maxMemoryGrowthBytes: Int?
    /// Whether workers are made only when there are tasks for them, instead of all at once.
    public var startsAsNeeded: Bool

    /// Settings like those of the process that makes the pool, except for the arguments given and for the standard
    /// input, which is empty.
    ///
    /// - Parameters:
    ///   - standardInput: the workers' standard input.
    ///   - standardOutput: their standard output.
    ///   - standardError: their standard error.
    ///   - workingDirectory: their initial working directory.
    ///   - environment: environment variables that differ; nil removes one.
    ///   - niceness: is added to the niceness.
    ///   - cpus: the processors that they are bound to, one each, in turn.
    ///   - maxMemoryGrowthBytes: replace a worker when its memory has grown by more than this.
    ///   - startsAsNeeded: whether they are made only when there are tasks for them.
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

    /// Throws if no worker could start with these settings.
    func check() throws(MultiprocessingError) {
        if let limit = maxMemoryGrowthBytes, limit < 1 {
            throw MultiprocessingError(.invalidState, "maxMemoryGrowthBytes must be at least 1 (got \(limit))")
        }
        if let cpu = cpus.first(where: { $0 < 0 || $0 > WorkerSettings.highestCPU }) {
            throw MultiprocessingError(.invalidState, "there is no processor \(cpu)")
        }
        if let name = environment.keys.first(where: { $0.isEmpty || $0.utf8.contains { $0 == 0x3D || $0 == 0 } }) {
            throw MultiprocessingError(.invalidState, "invalid name of an environment variable: \"\(name)\"")
        }
    }

    /// In a worker that was just forked: applies the settings.
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
            // -1 may also be the new niceness.
            errno = 0
            if nice(Int32(clamping: niceness)) == -1, errno != 0 { throw refused("nice") }
        }
        if !cpus.isEmpty, mp_bind_to_processor(Int32(cpus[position % cpus.count])) != 0 {
            throw refused("sched_setaffinity to processor \(cpus[position % cpus.count])")
        }
    }
}

/// The destination of a standard stream of a pool's workers.
public enum WorkerOutput: Codable, Hashable, Sendable {
    /// The same file as in the process that makes the pool.
    case inherited
    /// `/dev/null`.
    case null
    /// Appended to a file for each worker, which is created if necessary.
    ///
    /// The worker's number, from 0, is added to the name after a dot. A replacement has the number of the worker it
    /// replaces.
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
