/// What tasks ask of the thread of an `AsyncPool`; a run is known by its key.
enum PoolPost<Input: Codable, Output: Codable>: Sendable {
    /// The results of a run that have come, at least one; nil behind the last. The first wish begins it.
    case wish(UInt64, @Sendable (Pool<Input, Output>) -> any ServedRun<Output>, @Sendable (PoolAnswer<Output>) -> Void)
    case cancel(UInt64)
    /// Nobody will wish for anything of it.
    case forget(UInt64)
    /// Say what the pool does.
    case inspect(@Sendable (Result<PoolStatus, MultiprocessingError>) -> Void)
    /// End all, and tell when that is done.
    case stop(@Sendable () -> Void)
}

/// Some results in the order that was wanted, or nil behind the last.
typealias PoolAnswer<Output> = [Result<Output, MultiprocessingError>]?

/// A run over inputs, as the thread has it.
protocol ServedRun<Output>: AnyObject {
    associatedtype Output

    /// Hands out more, and takes what has come; nil behind the last.
    func takeReady() -> PoolAnswer<Output>
    func cancel()
}

/// The results of an `imap`, in an object.
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

/// The runs of an `AsyncPool` that are under way: what its thread has.
final class ServedRuns<Input: Codable, Output: Codable>: ThreadService {
    private typealias Answer = (PoolAnswer<Output>) -> Void

    private enum Run {
        /// With the wish that waits for its next results.
        case underWay(any ServedRun<Output>, wish: Answer?)
        /// With the error that nobody has been told.
        case over(MultiprocessingError?)
    }

    private let pool: Pool<Input, Output>
    private var runs: [UInt64: Run] = [:]
    /// Whom to tell when all has ended; nobody, before that is asked for.
    private var stops: [() -> Void] = []
    private var hasEnded = false

    init(_ pool: Pool<Input, Output>) {
        self.pool = pool
    }

    var isStopped: Bool { !stops.isEmpty }

    /// Takes what has come of the pool, and answers wishes.
    func work() {
        do throws(MultiprocessingError) {
            while !runs.isEmpty, try pool.link.receive(until: Deadline(after: .zero)) {}
        } catch {
            // It has failed, and with it all that is under way.
            for key in runs.keys { end(key, with: error) }
        }
        for (key, run) in runs {
            if case .underWay(let run, let wish?) = run { answer(wish, key, run) }
        }
    }

    /// Waits until there is something to do; whether somebody has rung.
    func wait(for doorway: Connection) -> Bool {
        // A pool of which nothing is wanted is left alone: it may have failed, which the next run will see.
        let isBusy = runs.values.contains { if case .underWay(_, _?) = $0 { true } else { false } }
        let ready = try? Multiprocessing.wait(for: isBusy ? [doorway, pool] : [doorway])
        return ready?.contains(0) ?? false
    }

    func handle(_ post: PoolPost<Input, Output>) {
        switch post {
        case .wish(_, _, let answer) where hasEnded: answer([.failure(.poolTerminated)])
        case .wish(let key, let begin, let answer):
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

    /// Answers a wish, if that can be done now.
    private func answer(_ answer: @escaping Answer, _ key: UInt64, _ run: any ServedRun<Output>) {
        let ready = run.takeReady()
        if ready == nil {
            runs[key] = .over(nil)
        } else {
            runs[key] = .underWay(run, wish: ready?.isEmpty == true ? answer : nil)
        }
        if ready?.isEmpty != true { answer(ready) }
    }

    /// Ends a run, and tells the error to the wish that waits, or to the next one.
    private func end(_ key: UInt64, with error: MultiprocessingError?) {
        switch runs[key] {
        case .underWay(let run, let wish):
            run.cancel()
            runs[key] = .over(wish == nil ? error : nil)
            wish?(error.map { [.failure($0)] })
        case .over: break
        case nil: runs[key] = .over(error)
        }
    }

    /// Ends all processes of the pool, and all runs; then tells whoever has asked for it.
    func end() {
        hasEnded = true
        pool.terminate()
        for key in runs.keys { end(key, with: .poolTerminated) }
        runs = [:]
        for hasEnded in stops { hasEnded() }
        stops = []
    }
}
