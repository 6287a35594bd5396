/// Waits until at least one of several results is there, at most for `timeout`; `nil` waits for ever.
///
/// They may come from several pools of the calling thread. Returns the positions of those that are there, in order; empty
/// when the time is over first, or when there are no results at all.
///
/// Throws as `AsyncResult.wait`. The corresponding Python API is `concurrent.futures.wait` with `FIRST_COMPLETED`.
public func waitAny<Output>(
    _ results: [AsyncResult<Output>], timeout: Duration? = nil
) throws(MultiprocessingError) -> [Int] {
    results.isEmpty ? [] : try wait(for: results, timeout: timeout)
}

/// Waits until all of several results are there, at most for `timeout`; `nil` waits for ever.
///
/// They may come from several pools of the calling thread. Returns whether all are there. A result that is an error does
/// not end the wait.
///
/// Throws as `AsyncResult.wait`. The corresponding Python API is `concurrent.futures.wait` with `ALL_COMPLETED`.
@discardableResult
public func waitAll<Output>(
    _ results: [AsyncResult<Output>], timeout: Duration? = nil
) throws(MultiprocessingError) -> Bool {
    let deadline = Deadline(after: timeout)
    for result in results {
        guard try result.wait(until: deadline) else { return false }
    }
    return true
}

/// Several results in the order in which they come, each with its position among them.
///
///     for (position, result) in asCompleted(results) {
///         print(names[position], try result.get())
///     }
///
/// Taking the next one blocks until it is there. They may come from several pools of the calling thread. When a pool fails,
/// all its results are there, with that error.
///
/// The corresponding Python API is `concurrent.futures.as_completed`.
public func asCompleted<Output>(_ results: [AsyncResult<Output>]) -> CompletedResults<Output> {
    CompletedResults(results)
}

/// The results of `asCompleted(_:)`, which can be gone through once.
public struct CompletedResults<Output>: Sequence, IteratorProtocol {
    /// The positions of those that have come and were not taken.
    private final class Arrived {
        var positions = TaskQueue<Int>()
    }

    private let results: [AsyncResult<Output>]
    /// Each once.
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

    /// The next result that has come; nil behind the last.
    public mutating func next() -> (position: Int, result: AsyncResult<Output>)? {
        while arrived.positions.isEmpty {
            guard let left = isTaken.firstIndex(of: false) else { return nil }
            do throws(MultiprocessingError) {
                try takeIn()
            } catch  where arrived.positions.isEmpty {
                // None can come any more, as in another process than the pool's; `get` says why.
                arrived.positions.append(left)
            } catch {}
        }
        guard let position = arrived.positions.next() else { return nil }
        isTaken[position] = true
        return (position, results[position])
    }

    /// Waits until something has come for one of the pools, and hands it to its result.
    private func takeIn() throws(MultiprocessingError) {
        guard links.count > 1 else {
            try links.first?.receive(until: Deadline(after: nil))
            return
        }
        for ready in try wait(for: links) {
            try links[ready].receive(until: Deadline(after: .zero))
        }
    }
}
