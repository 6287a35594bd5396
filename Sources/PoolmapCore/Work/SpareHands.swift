import Multiprocessing

/// One who does single tasks at once, beside the workforce: a process of its own, where the task may end it.
final class SpareHands {
    private let worker: Worker
    private let isAnother: Bool
    private var pool: Pool<Work, Done>?

    /// - Parameters:
    ///   - worker: the front's own hands.
    ///   - isAnother: whether the tasks are for another process, which has nothing open but what it is born with.
    init(_ worker: Worker, isAnother: Bool) {
        self.worker = worker
        self.isAnother = isAnother
    }

    /// Does a task.
    ///
    /// Blocks.
    func perform(_ work: Work) throws(PoolmapError) -> Done {
        let done: Done
        if isAnother {
            do {
                let pool = try pool ?? makePool()
                self.pool = pool
                _ = try pool.submit(work)
                guard let completion = try pool.nextCompletion() else {
                    throw PoolmapError(.processDied, "a task has no end")
                }
                done = try TaskCompletion(completion).result.get()
            } catch let error as MultiprocessingError {
                throw PoolmapError(error, else: .processDied)
            } catch {
                throw error as? PoolmapError ?? PoolmapError(.processDied, "\(error)")
            }
        } else {
            done = worker.perform(work)
        }
        if case .failed(let error) = done { throw error }
        return done
    }

    private func makePool() throws(MultiprocessingError) -> Pool<Work, Done> {
        try Pool(processes: 1, initializer: { _ = Confinement.enter(.nothing) }) { [worker] in worker.perform($0) }
    }

    /// Ends the process.
    func dismiss() {
        pool?.terminate()
        pool = nil
    }
}
