import Multiprocessing

/// The active maps of an `AsyncChunkPool`: the state of its server's thread.
final class ServedMaps<Output: Codable & Sendable>: ThreadService {
    private typealias Answer = (Result<Output?, ChunkedMapError>) -> Void

    private enum Map {
        /// With the request that waits for its next output.
        case underWay(ChunkRun<Output>, request: Answer?)
        /// With the error that has not been reported yet.
        case over(ChunkedMapError?)
    }

    private let engine: ChunkEngine<Output>
    private var maps: [UInt64: Map] = [:]
    /// What to call when everything has ended; empty until that is asked for.
    private var stops: [() -> Void] = []
    private(set) var isStopped = false

    init(_ engine: ChunkEngine<Output>) {
        self.engine = engine
    }

    /// Receives what has arrived from the pool, submits more chunks, and answers requests.
    func work() {
        while engine.receive(timeout: .zero) {}
        for (key, map) in maps {
            if case .underWay(let run, let request) = map {
                engine.refill(run)
                if let request { answer(request, key, run) }
            }
        }
    }

    /// Waits until there is something to do; returns whether `wakeup` is readable.
    func wait(for wakeup: Connection) -> Bool {
        // Without unanswered tasks, the pool is not waited for: it may have failed, which the next map will notice.
        let isBusy = engine.unansweredCount > 0
        let ready = try? Multiprocessing.wait(for: isBusy ? [wakeup, engine.pool] : [wakeup])
        return ready?.contains(0) ?? false
    }

    func handle(_ post: ChunkPost<Output>) {
        switch post {
        case .request(let key, let file, let inFlight, let answer): request(key, file, inFlight, answer)
        case .cancel(let key): end(key, with: .cancelled(mapOf: path(of: key)))
        case .forget(let key):
            end(key, with: nil)
            maps[key] = nil
        case .stop(let hasEnded):
            stops.append(hasEnded)
            isStopped = true
        }
    }

    private func request(_ key: UInt64, _ file: ChunkedFile, _ inFlight: Int?, _ answer: @escaping Answer) {
        switch maps[key] {
        case .over(let error):
            maps[key] = .over(nil)
            answer(error.map { .failure($0) } ?? .success(nil))
        case .underWay(let run, _):
            self.answer(answer, key, run)
        case nil:
            do throws(ChunkedMapError) {
                let run = try engine.begin(file, inFlight: inFlight)
                maps[key] = .underWay(run, request: answer)
            } catch {
                maps[key] = .over(nil)
                answer(.failure(error))
            }
        }
    }

    /// Answers a request, if an output is there.
    private func answer(_ answer: @escaping Answer, _ key: UInt64, _ run: ChunkRun<Output>) {
        if let output = run.takeNext() {
            maps[key] = .underWay(run, request: nil)
            engine.refill(run)
            answer(.success(output))
        } else if run.isDone {
            maps[key] = .over(nil)
            answer(run.error.map { .failure($0) } ?? .success(nil))
        } else {
            maps[key] = .underWay(run, request: answer)
        }
    }

    /// Ends a map, and passes the error to the waiting request, or to the next one.
    private func end(_ key: UInt64, with error: ChunkedMapError?) {
        switch maps[key] {
        case .underWay(let run, let request):
            engine.cancel(run)
            maps[key] = .over(request == nil ? error : nil)
            request?(error.map { .failure($0) } ?? .success(nil))
        case .over: break
        case nil: maps[key] = .over(error)
        }
    }

    private func path(of key: UInt64) -> String? {
        if case .underWay(let run, _) = maps[key] { return run.file.path }
        return nil
    }

    /// Ends all processes of the pool, and all maps; then reports that to those who asked for it.
    func end() {
        engine.pool.terminate()
        for key in maps.keys {
            end(key, with: .poolTerminated)
        }
        maps = [:]
        for hasEnded in stops { hasEnded() }
        stops = []
    }
}
