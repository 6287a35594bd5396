/// The state of a pool at a moment.
///
/// In Python one would have to read private variables of `multiprocessing.Pool`.
public struct PoolStatus: Sendable {
    /// A living worker.
    public struct Worker: Sendable, BitwiseCopyable {
        /// Its process ID.
        public let pid: Int32
        /// 0 for none.
        private let number: UInt64

        init(pid: Int32, number: UInt64) {
            self.pid = pid
            self.number = number
        }

        /// The task that it runs, as numbered by the pool from 1; nil while it waits or starts.
        public var task: UInt64? { number == 0 ? nil : number }
    }

    /// How many submitted tasks no worker has begun.
    public let waiting: Int
    /// How many tasks are being run.
    public let running: Int
    /// How many tasks have ended, with an output or an error, since the pool was made.
    public let done: Int
    /// The workers, in no particular order; none once the pool has ended.
    public let workers: [Worker]

    init(submitted: UInt64, missing: Int, workers: [Worker]) {
        let busy = workers.count { $0.task != nil }
        // A finished task may be answered while this is being reported.
        running = min(busy, missing)
        waiting = missing - running
        done = Int(submitted) - missing
        self.workers = workers
    }
}

extension PoolStatus: CustomStringConvertible {
    /// The counts, in words.
    public var description: String {
        "\(waiting) waiting, \(running) running, \(done) done by \(workers.count) workers"
    }
}
