@preconcurrency import Glibc
import Logging
import Multiprocessing

func poolStatusScenarios() {
    scenario("statusCountsTasksAndNamesWorkers") {
        let (begun, go) = (SharedCounter(), Doorbell())
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 0 {
                begun.add(1)
                expect(go.wait(), "no ring came")
            }
            return Int(getpid())
        }
        _ = try pool.map(1...20)
        let first = try pool.status()
        expectEqual([first.waiting, first.running, first.done], [0, 0, 20])
        // All wait for the bell, because a worker may hold two tasks: the second can begin after later ones.
        for _ in 21...25 { try pool.submit(0) }
        expect(eventually { begun.value == 2 }, "they do not begin")
        let status = try pool.status()
        expectEqual([status.waiting, status.running, status.done], [3, 2, 20])
        let tasks = Set(status.workers.compactMap(\.task))
        expect(tasks.count == 2 && tasks.isSubset(of: 21...25), "the workers run \(tasks)")
        expectEqual("\(status)", "3 waiting, 2 running, 20 done by 2 workers")
        let pids = Set(status.workers.map { Int($0.pid) })
        for _ in 21...25 { go.ring() }
        while let completion = try pool.nextCompletion() { expect(pids.contains(try completion.result.get()), "who?") }
        expectEqual(try pool.status().done, 25)
        pool.close()
        try pool.join()
        let last = try pool.status()
        expectEqual([last.waiting, last.running, last.done, last.workers.count], [0, 0, 25, 0])
    }
    scenario("statusOfAPoolThatFailedIsItsError") {
        let pool = try Pool(processes: 1) { (number: Int) in number }
        kill(pool.managerPID, SIGKILL)
        expectThrows(.managerDied) { try pool.status() }
        expectThrows(.managerDied) { try pool.status() }
        let uninitialized = try Pool(processes: 1, initializer: { throw Mishap() }) { (number: Int) in number }
        _ = try? uninitialized.map([1])
        expectThrows(.initializerFailed) { try uninitialized.status() }
    }
    scenario("poolsAndResultsDescribeThemselves") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        expectEqual("\(pool)", "Pool<Int, Int> of 2 workers, manager \(pool.managerPID), open")
        let result = try pool.applyAsync(1)
        expectEqual("\(result)", "AsyncResult<Int>, pending")
        _ = try result.get()
        expectEqual("\(result)", "AsyncResult<Int>, done")
        pool.terminate()
        expect("\(pool)".hasSuffix("ended"), "\(pool)")
    }
    scenario("linesOfSpawnedPoolsGoToTheLoggerOfTheFront") {
        let text = try captured(2) {
            logToStandardError(level: .debug)
            try Pool.with(startMethod: .spawn, processes: 1, Chatty()) { pool in
                expectEqual(try pool.map([1, 2]), [1, 2])
                expectThrows(.workerDied) { try pool.applyAsync(-1, attempts: 2).get() }
            }
        }
        setLogger(nil)
        for line in ["started pool-worker-0", "input 1", "input 2", "was killed by SIGKILL", "is run again"] {
            expect(text.contains(line), "\(line) is missing in \(text)")
        }
        expect(text.contains("where=worker"), "the metadata is missing in \(text)")
        expect(!text.contains("not for the front"), "a line below the level came: \(text)")
    }
}

/// Reports what it does.
struct Chatty: PoolFunction, Codable {
    func callAsFunction(_ number: Int) -> Int {
        getLogger()?.info("input \(number)", metadata: ["where": "worker"])
        getLogger()?.trace("not for the front")
        if number < 0 { raise(SIGKILL) }
        return number
    }
}
