import SystemPackage

/// An error of a process, a connection or a pool.
///
/// This is the error type of the whole module. `code` says how to react and may gain new values; the other properties
/// say where it happened. Its description is one sentence for people.
///
/// The corresponding Python API is `multiprocessing.ProcessError` and its subclasses.
public struct MultiprocessingError: Error, Sendable {
    /// The kinds of failure.
    ///
    /// New ones may be added, so a `switch` over them needs a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code's name, as it is printed.
        public let description: String

        private init(_ description: String) {
            self.description = description
        }

        /// The calling process has more than one thread, so a forked child could find any lock held forever.
        public static let multipleThreads = Code("multipleThreads")
        /// The kernel refused something that the library needs: a fork, a descriptor, memory.
        public static let systemCallFailed = Code("systemCallFailed")
        /// The other end is closed and everything that it sent has been read.
        public static let endOfFile = Code("endOfFile")
        /// The other end is closed, so what was sent has no reader.
        public static let brokenPipe = Code("brokenPipe")
        /// A value could not be turned into bytes.
        public static let encodingFailed = Code("encodingFailed")
        /// Bytes could not be turned back into a value.
        public static let decodingFailed = Code("decodingFailed")
        /// An object was used in a way that its state does not allow: started twice, used after it was closed.
        public static let invalidState = Code("invalidState")
        /// The function threw an error in a worker: the description has its text, `underlying` the error itself.
        public static let taskFailed = Code("taskFailed")
        /// Workers died while they ran this task, as often as the pool allows.
        public static let workerDied = Code("workerDied")
        /// The initializer of a pool or a `Manager` threw, or ended its process: nothing can run.
        public static let initializerFailed = Code("initializerFailed")
        /// The manager process of a `Pool`, or the server process of a `Manager`, ended unexpectedly.
        public static let managerDied = Code("managerDied")
        /// The caller's timeout expired before there was a result.
        public static let timedOut = Code("timedOut")
        /// The task exceeded its time limit; the worker that ran it was killed.
        public static let taskTimedOut = Code("taskTimedOut")
        /// The task was cancelled before it had a result.
        public static let cancelled = Code("cancelled")
        /// The other end of a connection does not know the authentication key, or does not speak the protocol.
        public static let authenticationFailed = Code("authenticationFailed")
        /// A party of a `Barrier` gave up, so the others cannot meet.
        public static let brokenBarrier = Code("brokenBarrier")
        /// An object in a `Manager`'s server refused a request: a missing key, an index out of range, a thrown error.
        public static let requestFailed = Code("requestFailed")
    }

    /// The kind of failure.
    public let code: Code
    /// The errno of the system call that failed, if any.
    public let errno: Errno?
    /// The task that failed, as numbered by `Pool.submit(_:)`, or its position in a `map`.
    public let task: UInt64?
    /// The process in which or to which it happened.
    public let pid: Int32?
    /// The exit status of that process, if it ended.
    public let status: ExitStatus?

    /// The error that the function threw in a worker, if `code` is `taskFailed`.
    ///
    /// It is available if its type is `Codable` and can be found by its name: not `private` and not declared inside a
    /// function. nil for other errors, which only `description` describes.
    public let underlying: (any Error)?

    private let detail: String

    init(
        _ code: Code, _ detail: String, errno: Errno? = nil, task: UInt64? = nil, pid: Int32? = nil,
        status: ExitStatus? = nil, underlying: (any Error)? = nil
    ) {
        self.code = code
        self.detail = detail
        self.errno = errno
        self.task = task
        self.pid = pid
        self.status = status
        self.underlying = underlying
    }

    /// What failed, without the kernel's error text; for an error that a function threw in a worker, only its text.
    package var text: String { detail }

    /// The error of a system call, by the name of its C function.
    static func systemCall(_ name: String, _ errno: Errno) -> MultiprocessingError {
        MultiprocessingError(.systemCallFailed, "\(name) failed", errno: errno)
    }

    /// The error of a value that cannot be sent: what its `encode(to:)` threw.
    static func encoding(a type: Any.Type, _ error: any Error) -> MultiprocessingError {
        MultiprocessingError(.encodingFailed, "a \(type) could not be encoded: \(error)")
    }
}

extension MultiprocessingError: CustomStringConvertible {
    /// One sentence: what failed, and how the process ended or the kernel's error text.
    public var description: String {
        var text = code == .taskFailed ? task.map { "task \($0): \(detail)" } ?? detail : detail
        if let status {
            text += ": process \(pid.map(String.init) ?? "?") \(status)"
        }
        if let errno {
            text += ": \(errno)"
        }
        return text
    }
}

extension MultiprocessingError {
    /// The same error, with the task's position in the caller's collection instead of the pool's number.
    func numbered(_ position: UInt64) -> MultiprocessingError {
        MultiprocessingError(
            code, detail, errno: errno, task: position, pid: pid, status: status, underlying: underlying)
    }
}
