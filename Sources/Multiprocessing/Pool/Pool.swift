import CMultiprocessing
import Glibc
import SystemPackage

/// Worker processes that all run one function, and the results in the order that the caller wants.
///
///     let pool = try Pool(processes: 4) { (number: Int) in number * number }
///     let squares = try pool.map([1, 2, 3])        // [1, 4, 9]
///
/// The pool forks a *manager* process when it is made, and the manager forks the workers (`PoolManager` tells how they
/// talk). So a worker that dies is replaced at once, even if this process has threads by then, and the task that it
/// ran is run again, at most three times in all; then that task fails with `workerDied`, which names the task, the
/// process and the signal. A function may therefore run more than once for a task, and should bear that. If this
/// process dies, the kernel ends all others.
///
/// The function and all that it captures are copied with the fork: what it changes stays in its worker. Only inputs
/// and outputs travel, as `Codable` values; wrap what is not `Codable` but trivially copyable in `Bitwise`, and send
/// large payloads through a `SlotArena`.
///
/// A worker is handed the next task when it has done its last one. Only while tasks take microseconds are several, up to
/// 64, sent ahead to each; one among them that turns out to be long keeps those behind it waiting.
///
/// Use a pool from the thread that made it. It ends its processes when it goes away; `with` does it at a known place.
///
/// The corresponding Python API is `multiprocessing.Pool`.
public final class Pool<Input: Codable, Output: Codable> {
    /// What became of one task.
    public struct Completion {
        /// The number that `submit(_:)` gave.
        public let task: UInt64
        /// The output, or why there is none: `taskFailed`, `workerDied`, `decodingFailed`.
        public let result: Result<Output, MultiprocessingError>
        /// The process that ran it.
        public let worker: Int32
        /// How many workers began it: 1 unless some died.
        public let attempts: Int
        /// When it began, on the monotonic clock that all processes of a machine share.
        public let startedNanoseconds: UInt64
        /// How long it ran.
        public let duration: Duration
    }

    private enum Receiver {
        /// `nextCompletion`.
        case queue
        /// A call or an iterator that is waiting now, or was given up. It must not hold the pool, which holds it.
        case closure((Completion) -> Void)
    }

    private let link: PoolLink
    private let inputCoder = MessageCoder<Input>.codable()
    private let outputCoder = MessageCoder<Output>.codable()
    /// Who waits for a task's completion.
    private var receivers: [UInt64: Receiver] = [:]
    private var completions = TaskQueue<Completion>()
    private var submittedCount = 0

    /// Forks the manager and the workers.
    ///
    /// Does not wait until the workers are ready.
    ///
    /// - Parameters:
    ///   - processes: the number of workers, at least 1; `processCPUCount()` where none is given.
    ///   - maxTasksPerWorker: a worker is replaced after so many tasks, as against memory that leaks; nil for never.
    ///   - initializer: runs once in each worker before its first task.
    ///   - function: runs in the workers, for each input.
    ///
    /// Throws `multipleThreads` in a process with more than one thread, `systemCallFailed`.
    /// The corresponding Python API is `multiprocessing.Pool(processes, initializer, initargs, maxtasksperchild)`.
    public convenience init(
        processes: Int? = nil, maxTasksPerWorker: Int? = nil, initializer: @escaping () throws -> Void = {},
        _ function: @escaping (Input) throws -> Output
    ) throws(MultiprocessingError) {
        try self.init(processes: processes, maxTasksPerWorker: maxTasksPerWorker, initializer: initializer) {
            (_: inout Void, input: Input) in try function(input)
        }
    }

    /// Forks the manager and the workers, each of which has a state of its own.
    ///
    /// - Parameters:
    ///   - processes: the number of workers, at least 1; `processCPUCount()` where none is given.
    ///   - maxTasksPerWorker: a worker is replaced after so many tasks, as against memory that leaks; nil for never.
    ///   - initializer: makes a worker's state, once in each worker before its first task. When it throws, every task
    ///     of the pool fails with `initializerFailed`.
    ///   - function: runs in the workers, for each input, with the worker's state.
    ///
    /// Throws as the other one. In Python the state would be a global variable that the initializer sets.
    public init<State>(
        processes: Int? = nil, maxTasksPerWorker: Int? = nil, initializer: @escaping () throws -> State,
        _ function: @escaping (inout State, Input) throws -> Output
    ) throws(MultiprocessingError) {
        var state: State?
        let (inputCoder, outputCoder) = (inputCoder, outputCoder)
        let program = WorkerProgram(
            initialize: { state = try initializer() },
            run: { bytes, frame, channel in
                guard state != nil else { return }
                let input = try inputCoder.decode(bytes)
                // Unwrapped in place: a copy would make every mutation of the state copy its storage.
                // swift-format-ignore: NeverForceUnwrap
                let output = try function(&state!, input)
                var frame = frame
                frame.durationNanoseconds = monotonicNanoseconds() - frame.startedNanoseconds
                try channel.enqueue(frame, output, outputCoder)
            })
        link = try PoolLink(
            workerCount: processes ?? processCPUCount(), maxTasksPerWorker: maxTasksPerWorker, program: program)
    }

    /// Makes a pool, hands it to `body`, and ends all its processes when `body` returns or throws.
    ///
    /// The corresponding Python API is `with multiprocessing.Pool(…) as pool`.
    public static func with<Result>(
        processes: Int? = nil, maxTasksPerWorker: Int? = nil, initializer: @escaping () throws -> Void = {},
        _ function: @escaping (Input) throws -> Output, _ body: (Pool) throws -> Result
    ) throws -> Result {
        let pool = try Pool(
            processes: processes, maxTasksPerWorker: maxTasksPerWorker, initializer: initializer, function)
        defer { pool.terminate() }
        return try body(pool)
    }

    // MARK: Whole collections

    /// Runs the function for every input and returns the outputs in the inputs' order.
    ///
    /// Blocks until all are done.
    ///
    /// Throws the error of the first input, in order, that has none. When it throws, all tasks have ended.
    /// The corresponding Python API is `multiprocessing.Pool.map`; how many tasks travel in one message follows from
    /// how long they take, so there is no `chunksize`.
    public func map(_ inputs: some Sequence<Input>) throws(MultiprocessingError) -> [Output] {
        var results: [Result<Output, MultiprocessingError>?] = []
        var missing = 0
        do throws(MultiprocessingError) {
            for input in inputs {
                let position = results.count
                results.append(nil)
                missing += 1
                try submit(input) { completion in
                    results[position] = completion.result.mapError { $0.numbered(UInt64(position)) }
                    missing -= 1
                }
            }
        } catch {
            let lost = error
            while missing > 1 { try receive(until: nil) }
            throw lost
        }
        while missing > 0 { try receive(until: nil) }
        var outputs: [Output] = []
        outputs.reserveCapacity(results.count)
        for case let result? in results {
            outputs.append(try result.get())
        }
        return outputs
    }

    /// The outputs one by one in the inputs' order, each as soon as it and all before it are done.
    ///
    /// Inputs are taken from the sequence only as results are used: at most `inFlight` are under way or waiting, by
    /// default 64 a worker. The corresponding Python API is `multiprocessing.Pool.imap`, which takes all at once.
    public func imap<Inputs: Sequence<Input>>(
        _ inputs: Inputs, inFlight: Int? = nil
    ) -> PoolResults<Inputs.Iterator, Output> {
        PoolResults(pool: self, inputs.makeIterator(), inFlight: inFlight ?? defaultInFlight, isOrdered: true)
    }

    /// The outputs one by one, each as soon as it is done.
    ///
    /// Inputs are taken as for `imap`. The corresponding Python API is `multiprocessing.Pool.imap_unordered`.
    public func imapUnordered<Inputs: Sequence<Input>>(
        _ inputs: Inputs, inFlight: Int? = nil
    ) -> PoolResults<Inputs.Iterator, Output> {
        PoolResults(pool: self, inputs.makeIterator(), inFlight: inFlight ?? defaultInFlight, isOrdered: false)
    }

    private var defaultInFlight: Int {
        64 * link.workerCount
    }

    /// Runs the function for one input and returns its output.
    ///
    /// Blocks until it is done.
    ///
    /// The corresponding Python API is `multiprocessing.Pool.apply`.
    public func apply(_ input: Input) throws(MultiprocessingError) -> Output {
        var result: Result<Output, MultiprocessingError>?
        try submit(input) { result = $0.result }
        while true {
            if let result {
                return try result.get()
            }
            try receive(until: nil)
        }
    }

    // MARK: One task at a time

    /// Hands in one task and returns its number, from 1 upwards.
    ///
    /// Does not block.
    ///
    /// What became of it comes from `nextCompletion(timeout:)`. Throws `encodingFailed`, `invalidState` after
    /// `close()`, and `managerDied` or `initializerFailed` when the pool has failed.
    /// The nearest Python API is `multiprocessing.Pool.apply_async`.
    @discardableResult
    public func submit(_ input: Input) throws(MultiprocessingError) -> UInt64 {
        let task = try link.submit(input, inputCoder)
        receivers[task] = .queue
        submittedCount += 1
        return task
    }

    /// What became of a task that `submit(_:)` handed in, in the order in which they end.
    ///
    /// Blocks for at most `timeout`; `nil` waits for ever.
    ///
    /// Returns nil when the time is over first, or when no such task is under way. Throws `managerDied` or
    /// `initializerFailed` when the pool has failed.
    public func nextCompletion(timeout: Duration? = nil) throws(MultiprocessingError) -> Completion? {
        let deadline = Deadline(after: timeout)
        while true {
            if let completion = completions.next() {
                return completion
            }
            if submittedCount == 0 {
                // Nothing will come, but the pool may have failed meanwhile.
                try receive(until: Deadline(after: .zero))
                return nil
            }
            if try !receive(until: deadline) && deadline.hasPassed { return nil }
        }
    }

    /// Submits with a receiver, which is called while some method of the pool waits.
    @discardableResult
    func submit(
        _ input: Input, _ receiver: @escaping (Completion) -> Void
    ) throws(MultiprocessingError) -> UInt64 {
        let task = try link.submit(input, inputCoder)
        receivers[task] = .closure(receiver)
        return task
    }

    /// Waits for results and hands them to their receivers; false when the time was over first.
    @discardableResult
    func receive(until deadline: Deadline?) throws(MultiprocessingError) -> Bool {
        try link.receive(until: deadline ?? Deadline(after: nil)) { frame, payload in
            guard let receiver = receivers.removeValue(forKey: frame.task) else { return }
            let completion = Completion(
                task: frame.task, result: result(of: frame, payload), worker: frame.worker,
                attempts: Int(frame.attempts), startedNanoseconds: frame.startedNanoseconds,
                duration: .nanoseconds(Int64(clamping: frame.durationNanoseconds)))
            switch receiver {
            case .queue:
                submittedCount -= 1
                completions.append(completion)
            case .closure(let receive): receive(completion)
            }
        }
    }

    private func result(
        of frame: PoolFrame, _ payload: UnsafeRawBufferPointer
    ) -> Result<Output, MultiprocessingError> {
        switch frame.kind {
        case .result:
            do {
                return .success(try outputCoder.decode(payload))
            } catch {
                return .failure(
                    MultiprocessingError(
                        .decodingFailed, "the output of task \(frame.task) is not a \(Output.self): \(error)",
                        task: frame.task, pid: frame.worker))
            }
        case .workerDied:
            return .failure(
                MultiprocessingError(
                    .workerDied, "task \(frame.task) ended \(frame.attempts) workers, the last one", task: frame.task,
                    pid: frame.worker, status: frame.exitStatus))
        default:
            return .failure(
                MultiprocessingError(
                    .taskFailed, String(decoding: payload, as: UTF8.self), task: frame.task, pid: frame.worker))
        }
    }

    // MARK: The end

    /// No more tasks will be handed in; the workers leave when those under way are done.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.Pool.close`.
    public func close() {
        link.close()
    }

    /// Waits until all tasks are done and all processes have ended.
    ///
    /// Call `close()` or `terminate()` before.
    ///
    /// Throws `invalidState` where neither was called, `managerDied`, `initializerFailed`.
    /// The corresponding Python API is `multiprocessing.Pool.join`.
    public func join() throws(MultiprocessingError) {
        try link.requireClosed()
        while try !link.hasEnded { try receive(until: nil) }
    }

    /// Ends all processes of the pool at once and waits until they have ended; tasks under way are lost.
    ///
    /// Does nothing when that was done before. The corresponding Python API is `multiprocessing.Pool.terminate`, with
    /// `join`.
    public func terminate() {
        link.terminate()
    }

    /// The manager's process id.
    public var managerPID: Int32 {
        link.managerPID
    }
}

extension Pool: Waitable {
    /// Ready when a result can be received, or the pool has failed.
    public var waitState: WaitState {
        completions.isEmpty ? link.waitState : .ready
    }
}
