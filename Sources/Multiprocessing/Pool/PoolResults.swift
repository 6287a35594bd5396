/// The outputs of `Pool.imap` or `Pool.imapUnordered`, taken one at a time.
///
///     var results = pool.imap(files)
///     while let result = try results.next() { … }
///
/// The corresponding Python API is the iterator that `multiprocessing.Pool.imap` returns.
public struct PoolResults<Inputs: IteratorProtocol, Output: Codable> where Inputs.Element: Codable {
    private let pool: Pool<Inputs.Element, Output>
    private var inputs: Inputs
    private let inFlight: Int
    private let arrivals: Arrivals
    private var submitted: UInt64 = 0
    private var taken: UInt64 = 0
    private var isExhausted = false

    /// Shared with the receivers of the tasks under way, which may outlive the iterator.
    private final class Arrivals {
        private let isOrdered: Bool
        private var byPosition: [UInt64: Result<Output, MultiprocessingError>] = [:]
        private var inOrderOfArrival = TaskQueue<Result<Output, MultiprocessingError>>()

        init(isOrdered: Bool) {
            self.isOrdered = isOrdered
        }

        func add(_ result: Result<Output, MultiprocessingError>, at position: UInt64) {
            let numbered = result.mapError { $0.numbered(position) }
            if isOrdered {
                byPosition[position] = numbered
            } else {
                inOrderOfArrival.append(numbered)
            }
        }

        /// The result at a position, or the next one that has arrived.
        func take(at position: UInt64) -> Result<Output, MultiprocessingError>? {
            isOrdered ? byPosition.removeValue(forKey: position) : inOrderOfArrival.next()
        }
    }

    init(pool: Pool<Inputs.Element, Output>, _ inputs: Inputs, inFlight: Int, isOrdered: Bool) {
        self.pool = pool
        self.inputs = inputs
        self.inFlight = max(1, inFlight)
        arrivals = Arrivals(isOrdered: isOrdered)
    }

    /// The next output, or nil when there are no more.
    ///
    /// Blocks until it is there.
    ///
    /// Throws the error of that task; the tasks after it go on and can still be taken. Throws `managerDied` or
    /// `initializerFailed` when the pool has failed.
    public mutating func next() throws(MultiprocessingError) -> Output? {
        try refill()
        guard taken < submitted else { return nil }
        while true {
            if let result = arrivals.take(at: taken) {
                taken += 1
                return try result.get()
            }
            try pool.receive(until: nil)
        }
    }

    private mutating func refill() throws(MultiprocessingError) {
        while !isExhausted, submitted - taken < UInt64(inFlight) {
            guard let input = inputs.next() else {
                isExhausted = true
                return
            }
            let position = submitted
            do throws(MultiprocessingError) {
                try pool.submit(input) { [arrivals] completion in
                    arrivals.add(completion.result, at: position)
                }
            } catch {
                // An input that cannot be encoded has its place among the results; a pool that failed has none left.
                guard error.code == .encodingFailed else { throw error }
                arrivals.add(.failure(error), at: position)
            }
            submitted += 1
        }
    }
}
