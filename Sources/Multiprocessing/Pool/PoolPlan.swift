/// How many workers a pool has, how long each lives, and what it begins with.
struct PoolPlan: Codable {
    let workerCount: Int
    /// A worker is replaced after so many tasks.
    let maxTasksPerWorker: Int
    let settings: WorkerSettings

    /// As the caller says, or as many workers as can be busy, for ever.
    init(
        _ processes: Int?, _ maxTasksPerWorker: Int?, _ settings: WorkerSettings
    ) throws(MultiprocessingError) {
        workerCount = processes ?? processCPUCount()
        self.maxTasksPerWorker = maxTasksPerWorker ?? Int.max
        self.settings = settings
        guard workerCount > 0, self.maxTasksPerWorker > 0 else {
            throw MultiprocessingError(.invalidState, "a pool needs at least 1 worker, and each at least 1 task")
        }
        try settings.check()
    }
}
