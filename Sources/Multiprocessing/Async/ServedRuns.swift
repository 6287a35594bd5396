/// What tasks ask of the thread of an `AsyncPool`; each run has a key.
enum PoolPost<Input: Codable, Output: Codable>: Sendable {
    /// Asks for the results of a run that have arrived, at least one; nil after the last. The first request starts the
    /// run.
    case request(
        UInt64, @Sendable (Pool<Input, Output>) -> any ServedRun<Output>, @Sendable (PoolAnswer<Output>) -> Void)
    case cancel(UInt64)
    /// No more requests for this run will follow.
    case forget(UInt64)
    /// Report the state of the pool.
    case inspect(@Sendable (Result<PoolStatus, MultiprocessingError>) -> Void)
    /// End everything, and call back when that is done.
    case stop(@Sendable () -> Void)
}

/// Some results in the requested order, or nil after the last.
typealias PoolAnswer<Output> = [Result<Output, MultiprocessingError>]?

/// A run over inputs, as the thread sees it.
protocol ServedRun<Output>: AnyObject {
    associatedtype Output

    /// Submits more inputs, and takes the results that have arrived; nil after the last.
    func takeReady() -> PoolAnswer<Output>
    func cancel()
}

/// The results of an `imap`, as an object.
final class ServedResults<Inputs: IteratorProtocol, Output: Codable>: ServedRun where Inputs.Element: Codable {
    private var results: PoolResults<Inputs, Output>

    init(_ results: PoolResults<Inputs, Output>) {
        self.results = results
    }

    func takeReady() -> PoolAnswer<Output> {
        do throws(MultiprocessingError) {
            return try results.takeReady()
        } catch {
            return [.failure(error)]
        }
    }

    func cancel() {
        results.cancel()
    }
}

/// The active runs of an `AsyncPool`: the state of its thread.
final class ServedRuns<Input: Codable, Output: Codable>: ThreadService {
    private typealias Answer = (PoolAnswer<Output>) -> Void

    private enum Run {
        /// With the request that waits for its next results.
        case underWay(any ServedRun<Output>, request: Answer?)
        /// With the error that has not been reported yet.
        case over(MultiprocessingError?)
    }

    private let pool: Pool<Input, Output>
    private var runs: [UInt64: Run] = [:]
    /// What to call when everything has ended; empty until that is asked for.
    private var stops: [() -> Void] = []
    private var hasEnded = false

    init(_ pool: Pool<Input, Output>) {
        self.pool = pool
    }

    var isStopped: Bool { !stops.isEmpty }

    /// Receives what has arrived from the pool, and answers requests.
    func work() {
        do throws(MultiprocessingError) {
            while !runs.isEmpty, try pool.link.receive(until: Deadline(after: .zero)) {}
        } catch {
            // The pool has failed, and all active runs with it.
            for key in runs.keys { end(key, with: error) }
        }
        for (key, run) in runs {
            if case .underWay(let run, let request?) = run { answer(request, key, run) }
        }
    }

    /// Waits until there is something to do; returns whether `wakeup` is readable.
    func wait(for wakeup: Connection) -> Bool {
        // Without requests, the pool is not waited for: it may have failed, which the next run will notice.
        let isBusy = runs.values.contains { if case .underWay(_, _?) = $0 { true } else { false } }
        let ready = try? Multiprocessing.wait(for: isBusy ? [wakeup, pool] : [wakeup])
        return ready?.contains(0) ?? false
    }

    func handle(_ post: PoolPost<Input, Output>) {
        switch post {
        case .request(_, _, let answer) where hasEnded: answer([.failure(.poolTerminated)])
        case .request(let key, let begin, let answer):
            switch runs[key] {
            case .over(let error):
                runs[key] = .over(nil)
                answer(error.map { [.failure($0)] })
            case .underWay(let run, _): self.answer(answer, key, run)
            case nil: self.answer(answer, key, begin(pool))
            }
        case .cancel(let key):
            end(key, with: MultiprocessingError(.cancelled, "the task that waits for the pool was cancelled"))
        case .forget(let key):
            end(key, with: nil)
            runs[key] = nil
        case .inspect(let answer) where hasEnded: answer(.failure(.poolTerminated))
        case .inspect(let answer):
            do throws(MultiprocessingError) {
                answer(.success(try pool.status()))
            } catch {
                answer(.failure(error))
            }
        case .stop(let hasEnded): stops.append(hasEnded)
        }
    }

    /// Answers a request, if results have arrived.
    private func answer(_ answer: @escaping Answer, _ key: UInt64, _ run: any ServedRun<Output>) {
        let ready = run.takeReady()
        if ready == nil {
            runs[key] = .over(nil)
        } else {
            runs[key] = .underWay(run, request: ready?.isEmpty == true ? answer : nil)
        }
        if ready?.isEmpty != true { answer(ready) }
    }

    /// Ends a run, and passes the error to the waiting request, or to the next one.
    private func end(_ key: UInt64, with error: MultiprocessingError?) {
        switch runs[key] {
        case .underWay(let run, let request):
            run.cancel()
            runs[key] = .over(request == nil ? error : nil)
            request?(error.map { [.failure($0)] })
        case .over: break
        case nil: runs[key] = .over(error)
        }
    }

    /// Ends all processes of the pool and all runs; then reports that to those who asked for it.
    func end() {
        hasEnded = true
        pool.terminate()
        for key in runs.keys { end(key, with: .poolTerminated) }
        runs = [:]
        for hasEnded in stops { hasEnded() }
        stops = []
    }
}
