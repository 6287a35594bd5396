/// The outputs of `Pool.imap` or `Pool.imapUnordered`, taken one at a time.
///
///     var results = pool.imap(files)
///     while let result = try results.next() { … }
///
/// Swift's `for` cannot throw on its way: a loop over `results` has each output or its error as a `Result`.
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
    /// Blocks until it is there, at most for `timeout`; `nil` waits for ever.
    ///
    /// Throws the error of that task; the tasks after it go on and can still be taken. Throws `timedOut` when the time is over
    /// first: that output can be asked for again. Throws `managerDied` or `initializerFailed` when the pool has failed,
    /// `invalidState` for a chunk size that is not positive. The corresponding Python API is the iterator's
    /// `next(timeout)`.
    public mutating func next(timeout: Duration? = nil) throws(MultiprocessingError) -> Output? {
        guard try waitForNext(until: Deadline(after: timeout)) else { return nil }
        guard arrivals.hasNext else {
            throw MultiprocessingError(.timedOut, "there is no result after \(timeout ?? .zero)")
        }
        return try arrivals.takeNext()
    }

    /// The outputs that were not taken yet, or the errors in their places, for a loop.
    ///
    /// When the pool fails, its error is the last one.
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

    /// Waits until the next result is there, or the time is over; false where there are no more.
    private mutating func waitForNext(until deadline: Deadline) throws(MultiprocessingError) -> Bool {
        try refill()
        guard taken < submitted else { return false }
        while !arrivals.hasNext {
            guard try pool.link.receive(until: deadline), !deadline.hasPassed else { break }
        }
        return true
    }

    /// Hands out more, and takes what has come, in order; nil behind the last.
    ///
    /// Does not block, and receives nothing. Throws as `next` where the pool has failed.
    mutating func takeReady() throws(MultiprocessingError) -> [Result<Output, MultiprocessingError>]? {
        var ready: [Result<Output, MultiprocessingError>] = []
        try refill()
        while arrivals.hasNext {
            ready.append(arrivals.takeNextResult())
            // There is room for more, before the caller has used anything; what cannot be encoded is there at once.
            if !arrivals.hasNext { try refill() }
        }
        return ready.isEmpty && isExhausted && taken == submitted ? nil : ready
    }

    /// Ends the tasks under way, where it was made to be cancelled; what comes of them is taken by nobody.
    func cancel() {
        for task in arrivals.underWay ?? [] { pool.link.cancel(task..<task + 1) }
    }

    private mutating func refill() throws(MultiprocessingError) {
        if window.isToAdapt(after: taken) {
            window.adapt(after: taken, haveBeenSmall: arrivals.haveBeenSmall())
        }
        let inFlight = window.size
        // While many are in flight anyway, several are taken at a time, which costs less.
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
        // All inputs first: where they come from may use the pool, and a unit's tasks follow one another.
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
            // An input that cannot be encoded has its place among the results; a pool that failed has none left.
            guard error.code == .encodingFailed else { throw error }
            arrivals.add(error.numbered(UInt64(submitted)), at: submitted)
        }
        if terms.endsUnit {
            pool.link.sendIfEnough()
        }
        submitted += 1
    }
}

/// How many tasks are under way or wait to be taken, at most.
private struct Window {
    private(set) var size: Int
    private let smallest: Int
    /// For short tasks with small outputs.
    ///
    /// The more are under way, the more share a message; and that costs little memory.
    private let largest: Int
    private var adaptAt: Int

    init(inFlight: Int?, chunkSize: Int?, workerCount: Int) {
        if let inFlight {
            (smallest, largest) = (max(1, inFlight), max(1, inFlight))
        } else if let chunkSize {
            // Of chunks that are larger than anyone's memory no more than some are made.
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

/// The results of an iterator that have come and were not taken.
///
/// Held by the tasks under way, which may outlive the iterator.
private final class Arrivals<Output>: TaskReceiver {
    private let coder: MessageCoder<Output>
    private let isOrdered: Bool
    private let outputs = OutputRing<Output>()
    /// By the same numbers, the errors of those that have no output.
    private var errors: [Int: MultiprocessingError] = [:]
    /// How many have arrived, which numbers them where order does not matter.
    private var arrivedCount = 0
    /// Of those that have arrived since `haveBeenSmall` was asked last.
    private var (tasks, bytes, nanoseconds): (UInt64, UInt64, UInt64) = (0, 0, 0)

    /// The tasks that have no result, where they may be cancelled; else nil.
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

    /// Whether the next result, in order or as it arrived, is there.
    var hasNext: Bool {
        outputs.hasNext || (!errors.isEmpty && errors[outputs.takenCount] != nil)
    }

    /// Takes the next result, which is there.
    func takeNext() throws(MultiprocessingError) -> Output {
        if !errors.isEmpty, let error = errors.removeValue(forKey: outputs.takenCount) {
            outputs.skipNext()
            throw error
        }
        return outputs.takeNext()
    }

    /// The same as a value.
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
