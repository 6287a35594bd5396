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
    private let isOrdered: Bool
    private let arrivals = Arrivals()
    private var submitted: UInt64 = 0
    private var taken: UInt64 = 0
    private var isExhausted = false

    /// Shared with the receivers of the tasks under way, which may outlive the iterator.
    private final class Arrivals {
        var byPosition: [UInt64: Result<Output, MultiprocessingError>] = [:]
        var inOrderOfArrival = TaskQueue<Result<Output, MultiprocessingError>>()
    }

    init(pool: Pool<Inputs.Element, Output>, _ inputs: Inputs, inFlight: Int, isOrdered: Bool) {
        self.pool = pool
        self.inputs = inputs
        self.inFlight = max(1, inFlight)
        self.isOrdered = isOrdered
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
            if let result = isOrdered
                ? arrivals.byPosition.removeValue(forKey: taken) : arrivals.inOrderOfArrival.next()
            {
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
            try pool.submit(input) { [arrivals, isOrdered] completion in
                let result = completion.result.mapError { $0.numbered(position) }
                if isOrdered {
                    arrivals.byPosition[position] = result
                } else {
                    arrivals.inOrderOfArrival.append(result)
                }
            }
            submitted += 1
        }
    }
}
