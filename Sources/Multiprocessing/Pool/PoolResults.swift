/// The outputs of `Pool.imap` or `Pool.imapUnordered`, taken one at a time.
///
///     var results = pool.imap(files)
///     while let result = try results.next() { … }
///
/// A `for` loop in Swift cannot throw between iterations: loop over `results` to get each output or error as a
/// `Result`.
///
///     for result in pool.imap(files).results {
///         print(try result.get())
///     }
///
/// The corresponding Python API is the iterator that `multiprocessing.Pool.imap` returns.
public struct PoolResults<Inputs: IteratorProtocol, Output: Codable> where Inputs.Element: Codable {
    private let pool: Pool<Inputs.Element, Output>
    private var inputs: Inputs
    private let chunkSize: Int?
    private let timeout: Duration?
    private let attempts: Int?
    private var window: Window
    private let arrivals: Arrivals<Output>
    private var submitted = 0
    private var taken: Int {
        arrivals.takenCount
    }
    private var isExhausted = false

    init(
        pool: Pool<Inputs.Element, Output>, _ inputs: Inputs, chunkSize: Int?, inFlight: Int?, isOrdered: Bool,
        isCancellable: Bool = false, timeout: Duration? = nil, attempts: Int? = nil
    ) {
        self.pool = pool
        (self.timeout, self.attempts) = (timeout, attempts)
        self.inputs = inputs
        self.chunkSize = chunkSize
        window = Window(inFlight: inFlight, chunkSize: chunkSize, workerCount: pool.link.workerCount)
        arrivals = Arrivals(pool.outputCoder, isOrdered: isOrdered, isCancellable: isCancellable)
    }

    /// The next output, or nil when there are no more.
    ///
    /// Blocks until it is there, for at most `timeout`; `nil` waits forever.
    ///
    /// Throws the error of that task; the later tasks continue and can still be taken. Throws `timedOut` on a timeout:
    /// that output can be requested again. Throws `managerDied` or `initializerFailed` when the pool has failed, and
    /// `invalidState` for a chunk size that is not positive. The corresponding Python API is the iterator's
    /// `next(timeout)`.
    public mutating func next(timeout: Duration? = nil) throws(MultiprocessingError) -> Output? {
        guard try waitForNext(until: Deadline(after: timeout)) else { return nil }
        guard arrivals.hasNext else {
            throw MultiprocessingError(.timedOut, "no result after \(timeout ?? .zero)")
        }
        return try arrivals.takeNext()
    }

    /// The outputs or errors that were not taken yet, for a loop.
    ///
    /// When the pool fails, its error is the last element.
    public var results: Results { Results(self) }

    /// The outputs or errors of a `PoolResults`, one by one.
    public struct Results: Sequence, IteratorProtocol {
        private var results: PoolResults
        private var hasFailed = false

        fileprivate init(_ results: PoolResults) {
            self.results = results
        }

        /// The next output or error, or nil when there are no more.
        ///
        /// Blocks until it is there.
        public mutating func next() -> Result<Output, MultiprocessingError>? {
            guard !hasFailed else { return nil }
            do throws(MultiprocessingError) {
                guard try results.waitForNext(until: Deadline(after: nil)) else { return nil }
            } catch {
                hasFailed = true
                return .failure(error)
            }
            return results.arrivals.takeNextResult()
        }
    }

    /// Waits until the next result is there, or the deadline; false if there are no more.
    private mutating func waitForNext(until deadline: Deadline) throws(MultiprocessingError) -> Bool {
        try refill()
        guard taken < submitted else { return false }
        while !arrivals.hasNext {
            guard try pool.link.receive(until: deadline), !deadline.hasPassed else { break }
        }
        return true
    }

    /// Submits more tasks, and takes the results that have arrived, in order; nil after the last.
    ///
    /// Does not block, and receives nothing. Throws as `next` does when the pool has failed.
    mutating func takeReady() throws(MultiprocessingError) -> [Result<Output, MultiprocessingError>]? {
        var ready: [Result<Output, MultiprocessingError>] = []
        try refill()
        while arrivals.hasNext {
            ready.append(arrivals.takeNextResult())
            // Each result taken makes room for more tasks, before the caller has used any; encoding errors are results
            // at once.
            if !arrivals.hasNext { try refill() }
        }
        return ready.isEmpty && isExhausted && taken == submitted ? nil : ready
    }

    /// Ends the unfinished tasks, if it was made to be cancellable; their results are discarded.
    func cancel() {
        for task in arrivals.underWay ?? [] { pool.link.cancel(task..<task + 1) }
    }

    private mutating func refill() throws(MultiprocessingError) {
        if window.isToAdapt(after: taken) {
            window.adapt(after: taken, haveBeenSmall: arrivals.haveBeenSmall())
        }
        let inFlight = window.size
        // While many are in flight anyway, several are submitted at a time, which costs less.
        guard !isExhausted, submitted - taken <= inFlight - min(inFlight / 8, 32) else { return }
        let unitSize = min(try checkedChunkSize(chunkSize) ?? 1, inFlight)
        let terms = try pool.terms(timeout, attempts, endsUnit: unitSize == 1)
        guard unitSize == 1 else {
            while !isExhausted, submitted - taken <= inFlight - unitSize {
                try submitUnit(of: unitSize, terms)
            }
            return
        }
        // Outside the loop, so that its type is looked up once.
        var next: Inputs.Element?
        while submitted - taken < inFlight {
            next = inputs.next()
            guard let input = next else {
                isExhausted = true
                return
            }
            try submit(input, terms)
        }
    }

    private mutating func submitUnit(of size: Int, _ terms: PoolFrame) throws(MultiprocessingError) {
        // Get all inputs first: their sequence may use the pool, and the tasks of a unit must be consecutive.
        var unit: [Inputs.Element] = []
        while unit.count < size, let input = inputs.next() {
            unit.append(input)
        }
        isExhausted = unit.count < size
        guard !unit.isEmpty else { return }
        defer { pool.link.endUnit() }
        for input in unit {
            try submit(input, terms)
        }
    }

    private mutating func submit(_ input: Inputs.Element, _ terms: PoolFrame) throws(MultiprocessingError) {
        do throws(MultiprocessingError) {
            let task = try pool.link.submit(
                terms, input, pool.inputCoder, to: arrivals, at: submitted)
            arrivals.underWay?.insert(task)
        } catch {
            // An input that cannot be encoded has an error as its result; a pool that has failed has no more results.
            guard error.code == .encodingFailed else { throw error }
            arrivals.add(error.numbered(UInt64(submitted)), at: submitted)
        }
        if terms.endsUnit {
            pool.link.sendIfEnough()
        }
        submitted += 1
    }
}

/// The maximum number of tasks that are unfinished or waiting to be taken.
private struct Window {
    private(set) var size: Int
    private let smallest: Int
    /// For short tasks with small outputs.
    ///
    /// With more tasks in flight, more share a message, and it takes little memory.
    private let largest: Int
    private var adaptAt: Int

    init(inFlight: Int?, chunkSize: Int?, workerCount: Int) {
        if let inFlight {
            (smallest, largest) = (max(1, inFlight), max(1, inFlight))
        } else if let chunkSize {
            // Of chunks that are too large for memory only some are made.
            smallest = max(64, 2 * min(max(chunkSize, 1), 1 << 24)) * workerCount
            largest = smallest
        } else {
            (smallest, largest) = (64 * workerCount, 256 * workerCount)
        }
        size = smallest
        adaptAt = smallest < largest ? 4 * smallest : .max
    }

    func isToAdapt(after taken: Int) -> Bool {
        taken >= adaptAt
    }

    mutating func adapt(after taken: Int, haveBeenSmall: Bool) {
        size = haveBeenSmall ? min(size * 2, largest) : smallest
        adaptAt = taken + 4 * size
    }
}

/// The results of an iterator that have arrived and were not taken.
///
/// Held by its unfinished tasks, which may outlive the iterator.
private final class Arrivals<Output>: TaskReceiver {
    private let coder: MessageCoder<Output>
    private let isOrdered: Bool
    private let outputs = OutputRing<Output>()
    /// By the same numbers, the errors of tasks without an output.
    private var errors: [Int: MultiprocessingError] = [:]
    /// How many have arrived, which numbers them if order does not matter.
    private var arrivedCount = 0
    /// Totals of the results since the last call of `haveBeenSmall`.
    private var (tasks, bytes, nanoseconds): (UInt64, UInt64, UInt64) = (0, 0, 0)

    /// The tasks that have no result, if they may be cancelled; else nil.
    var underWay: Set<UInt64>?

    init(_ coder: MessageCoder<Output>, isOrdered: Bool, isCancellable: Bool) {
        self.coder = coder
        self.isOrdered = isOrdered
        underWay = isCancellable ? [] : nil
    }

    override func receive(_ frame: PoolFrame, _ payload: UnsafeRawBufferPointer, at position: Int) -> Bool {
        underWay?.remove(frame.task)
        tasks += 1
        bytes += frame.payloadBytes
        nanoseconds += frame.durationNanoseconds
        do throws(MultiprocessingError) {
            let output = try frame.output(payload, coder, numbered: UInt64(position))
            outputs.set(output, at: isOrdered ? position : arrivedCount)
            arrivedCount += 1
        } catch {
            add(error, at: position)
        }
        return false
    }

    func add(_ error: MultiprocessingError, at position: Int) {
        errors[isOrdered ? position : arrivedCount] = error
        arrivedCount += 1
    }

    /// Whether the tasks since the last call were short, and their outputs small.
    func haveBeenSmall() -> Bool {
        defer { (tasks, bytes, nanoseconds) = (0, 0, 0) }
        return bytes <= 256 * tasks && nanoseconds <= 20_000 * tasks
    }

    /// Whether the next result, in order or by arrival, is there.
    var hasNext: Bool {
        outputs.hasNext || (!errors.isEmpty && errors[outputs.takenCount] != nil)
    }

    /// Takes the next result, which must be there.
    func takeNext() throws(MultiprocessingError) -> Output {
        if !errors.isEmpty, let error = errors.removeValue(forKey: outputs.takenCount) {
            outputs.skipNext()
            throw error
        }
        return outputs.takeNext()
    }

    /// The same as a `Result`.
    func takeNextResult() -> Result<Output, MultiprocessingError> {
        do throws(MultiprocessingError) {
            return .success(try takeNext())
        } catch {
            return .failure(error)
        }
    }

    var takenCount: Int {
        outputs.takenCount
    }
}
