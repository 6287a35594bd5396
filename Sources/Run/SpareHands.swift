import Ground
import Multiprocessing

/// Runs single tasks beside the workforce: in a process of their own where a task may kill it.
package final class SpareHands {
    private let workforce: Workforce
    private let isAnother: Bool
    private var pool: Pool<[UInt8], [UInt8]>?

    /// - Parameters:
    ///   - workforce: the workforce whose operations the tasks use.
    ///   - isAnother: whether tasks run in another process, which has open only what it inherits.
    package init(_ workforce: Workforce, isAnother: Bool) {
        self.workforce = workforce
        self.isAnother = isAnother
    }

    /// Runs a task.
    ///
    /// Blocks. Throws the task's error.
    package func perform(_ task: TaskMessage) throws(PoolmapError) -> TaskAnswer {
        let answer = isAnother ? try performThere(task) : workforce.perform(task)
        if case .failed(let error) = answer { throw error }
        return answer
    }

    /// Runs a task that killed other processes, and returns its completion.
    package func complete(_ task: TaskMessage, after earlier: TaskCompletion) -> TaskCompletion {
        let start = monotonicNanoseconds()
        let result: Result<TaskAnswer, PoolmapError>
        do throws(PoolmapError) {
            result = .success(try perform(task))
        } catch {
            result = .failure(error)
        }
        return TaskCompletion(
            task: earlier.task, result: result, worker: earlier.worker, attempts: earlier.attempts + 1,
            startedNanoseconds: start, durationNanoseconds: monotonicNanoseconds() - start)
    }

    private func performThere(_ task: TaskMessage) throws(PoolmapError) -> TaskAnswer {
        do {
            let pool = try pool ?? workforce.sparePool()
            self.pool = pool
            _ = try workforce.submit(task, to: pool)
            guard let completion = try pool.nextCompletion() else {
                throw PoolmapError(.processDied, "internal error: a task did not end")
            }
            return try workforce.completion(completion, of: task).result.get()
        } catch let error as MultiprocessingError {
            throw PoolmapError(error, else: .processDied)
        } catch {
            throw error as? PoolmapError ?? PoolmapError(.processDied, "\(error)")
        }
    }

    /// Ends the process.
    package func dismiss() {
        pool?.terminate()
        pool = nil
    }
}
