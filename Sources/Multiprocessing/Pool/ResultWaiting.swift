/// Waits until at least one of several results is there, for at most `timeout`; `nil` waits forever.
///
/// They may belong to several pools of the calling thread. Returns the positions of those that are there, in order;
/// empty on a timeout, or if there are no results at all.
///
/// Throws as `AsyncResult.wait` does. The corresponding Python API is `concurrent.futures.wait` with `FIRST_COMPLETED`.
public func waitAny<Output>(
    _ results: [AsyncResult<Output>], timeout: Duration? = nil
) throws(MultiprocessingError) -> [Int] {
    results.isEmpty ? [] : try wait(for: results, timeout: timeout)
}

/// Waits until all of several results are there, for at most `timeout`; `nil` waits forever.
///
/// They may belong to several pools of the calling thread. Returns whether all are there.
///
/// - Parameters:
///   - results: the results to wait for.
///   - timeout: the maximum time to wait.
///   - stopsAtFirstError: whether the first result that is an error also ends the wait.
///
/// Throws as `AsyncResult.wait` does. The corresponding Python API is `concurrent.futures.wait` with `ALL_COMPLETED`,
/// or
/// `FIRST_EXCEPTION`.
@discardableResult
public func waitAll<Output>(
    _ results: [AsyncResult<Output>], timeout: Duration? = nil, stopsAtFirstError: Bool = false
) throws(MultiprocessingError) -> Bool {
    let deadline = Deadline(after: timeout)
    guard stopsAtFirstError else {
        for result in results {
            guard try result.wait(until: deadline) else { return false }
        }
        return true
    }
    var completed = CompletedResults(results)
    for left in (0..<results.count).reversed() {
        guard let (_, result) = try completed.next(until: deadline) else { return false }
        if left > 0, try !result.successful { return false }
    }
    return true
}

/// Returns several results in the order in which they arrive, each with its position in the array.
///
///     for (position, result) in asCompleted(results) {
///         print(names[position], try result.get())
///     }
///
/// Taking the next one blocks until it is there. They may belong to several pools of the calling thread. When a pool
/// fails, all its results are there, with that error.
///
/// The corresponding Python API is `concurrent.futures.as_completed`.
public func asCompleted<Output>(_ results: [AsyncResult<Output>]) -> CompletedResults<Output> {
    CompletedResults(results)
}

/// The results of `asCompleted(_:)`, which can be iterated once.
public struct CompletedResults<Output>: Sequence, IteratorProtocol {
    /// The positions of results that have arrived and were not taken.
    private final class Arrived {
        var positions = TaskQueue<Int>()
    }

    private let results: [AsyncResult<Output>]
    /// Without duplicates.
    private let links: [PoolLink]
    private let arrived = Arrived()
    private var isTaken: [Bool]

    fileprivate init(_ results: [AsyncResult<Output>]) {
        self.results = results
        isTaken = Array(repeating: false, count: results.count)
        var known: Set<ObjectIdentifier> = []
        links = results.map(\.link).filter { known.insert(ObjectIdentifier($0)).inserted }
        for (position, result) in results.enumerated() {
            result.addDoneCallback { [arrived] _ in arrived.positions.append(position) }
        }
    }

    /// The next result that has arrived; nil after the last.
    public mutating func next() -> (position: Int, result: AsyncResult<Output>)? {
        do throws(MultiprocessingError) {
            return try next(until: Deadline(after: nil))
        } catch {
            // No more can arrive, for example in a process other than the pool's; `get` then throws the reason.
            return isTaken.firstIndex(of: false).map { take($0) }
        }
    }

    /// The next result that has arrived; nil after the last.
    ///
    /// Blocks for at most `timeout`. Throws `timedOut` on a timeout: the result can be requested again. Otherwise
    /// throws as `AsyncResult.wait` does.
    public mutating func next(
        timeout: Duration
    ) throws(MultiprocessingError) -> (position: Int, result: AsyncResult<Output>)? {
        if let next = try next(until: Deadline(after: timeout)) { return next }
        guard isTaken.contains(false) else { return nil }
        throw MultiprocessingError(.timedOut, "no further result after \(timeout)")
    }

    /// The next result that has arrived; nil on a timeout, or after the last.
    fileprivate mutating func next(
        until deadline: Deadline
    ) throws(MultiprocessingError) -> (position: Int, result: AsyncResult<Output>)? {
        while arrived.positions.isEmpty, isTaken.contains(false) {
            do throws(MultiprocessingError) {
                guard try takeIn(until: deadline) else { return nil }
            } catch {
                // A pool that fails gives that error to all its tasks, so they have results.
                guard !arrived.positions.isEmpty else { throw error }
            }
        }
        return arrived.positions.next().map { take($0) }
    }

    private mutating func take(_ position: Int) -> (position: Int, result: AsyncResult<Output>) {
        isTaken[position] = true
        return (position, results[position])
    }

    /// Waits until something has arrived for one of the pools, and passes it to its result; false on a timeout.
    private func takeIn(until deadline: Deadline) throws(MultiprocessingError) -> Bool {
        if links.count == 1 { return try links[0].receive(until: deadline) && !deadline.hasPassed }
        let ready = try wait(for: links, until: deadline)
        for position in ready {
            try links[position].receive(until: Deadline(after: .zero))
        }
        return !ready.isEmpty
    }
}
