/// How many workers a pool has, how long each lives, and the settings that it starts with.
struct PoolPlan: Codable {
    let workerCount: Int
    /// Replace a worker after this many tasks.
    let maxTasksPerWorker: Int
    let settings: WorkerSettings

    /// Uses the caller's numbers; the defaults are as many workers as processors, and no limit on tasks.
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
