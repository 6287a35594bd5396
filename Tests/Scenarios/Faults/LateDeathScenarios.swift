@preconcurrency import Glibc
import Multiprocessing

/// Kills the process that releases it, unless that process made it.
private final class Grenade: Codable {
    let number: Int
    let isArmed: Bool
    let maker: Int32

    init(_ number: Int, isArmed: Bool) {
        (self.number, self.isArmed, maker) = (number, isArmed, getpid())
    }

    deinit {
        if isArmed && getpid() != maker { raise(SIGKILL) }
    }
}

private struct Freight: Codable {
    var bytes: [UInt8]
    var crash: Crash?
}

/// Workers that end after their task is done, or after the pool is closed, or with much in the channel.
func lateDeathScenarios() {
    scenario("aTaskThatEndsItsWorkerAfterCloseFailsAndJoinEnds") {
        let (go, lifeline) = (Doorbell(), Lifeline())
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            expect(go.wait(), "no ring came")
            if number < 0 { raise(SIGSEGV) }
            return number
        }
        let (deadly, other) = (try pool.applyAsync(-1), try pool.applyAsync(1))
        pool.close()
        // Three attempts, and one of the other task.
        for _ in 0..<4 { go.ring() }
        try pool.join()
        expectThrows(.workerDied) { try deadly.get() }
        expectEqual(try other.get(), 1)
        expect(lifeline.allEnded(), "processes are left")
    }
    scenario("workersThatEndWithLargeInputsDelayNoOthers") {
        for crash in [Crash.segmentationFault, .exitOfThree, .kill] {
            let lifeline = Lifeline()
            let pool = try Pool(processes: 2) { (freight: Freight) -> Int in
                try freight.crash?.happen()
                return freight.bytes.count
            }
            let bytes = pattern(1 << 20)
            let start = ContinuousClock.now
            expectThrows(.workerDied) { try pool.map((0..<10).map { _ in Freight(bytes: bytes, crash: crash) }) }
            expectEqual(try pool.map([Freight(bytes: bytes), Freight(bytes: [])]), [1 << 20, 0])
            pool.close()
            try pool.join()
            expectPrompt(since: start)
            expect(lifeline.allEnded(), "processes are left")
        }
    }
    scenario("largeUnreadErrorsDoNotDelayJoin") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            usleep(UInt32(number) * 1000)
            throw Mishap(description: String(repeating: "x", count: 4 << 20))
        }
        expectThrows(.taskFailed) { try pool.map([0, 50]) }
        let results = try (0..<6).map { try pool.applyAsync($0) }
        pool.close()
        let start = ContinuousClock.now
        try pool.join()
        expectPrompt(since: start)
        for result in results { expectThrows(.taskFailed) { try result.get() } }
    }
    scenario("callbackMayHandInATaskThatEndsItsWorker") {
        for crash in Crash.allCases {
            let pool = try parcelPool()
            var deadly: AsyncResult<Parcel>?
            let first = try pool.applyAsync(Parcel(number: 1)) { _ in
                deadly = try? pool.applyAsync(Parcel(number: 2, crash: crash, stage: .theTaskRuns))
            }
            expectEqual(try first.get().number, 1)
            let result = try require(deadly)
            expectThrows(crash == .thrownError ? .taskFailed : .workerDied) { try result.get(timeout: .seconds(20)) }
            expectEqual(try pool.apply(Parcel(number: 3)).number, 3)
            pool.close()
            try pool.join()
        }
    }
    scenario("anInputWhoseEndKillsItsWorkerCostsNoOtherTask") {
        let pool = try Pool(processes: 2) { (grenade: Grenade) in grenade.number }
        for round in 0..<5 {
            let results = try (0..<40).map { try pool.applyAsync(Grenade($0, isArmed: $0 == 17)) }
            for (number, result) in results.enumerated() {
                if number == 17, try !result.successful(within: .seconds(20)) {
                    // Its result may or may not have been on its way.
                    expectThrows(.workerDied) { try result.get() }
                } else {
                    expectEqual(try result.get(), number, "round \(round):")
                }
            }
        }
        pool.close()
        try pool.join()
    }
    scenario("workersThatKillEachOtherEndEachTaskOnceAndNotThePool") {
        for count in [1, 2, 5, 13] {
            let (begun, go, lifeline) = (Doorbell(), Doorbell(), Lifeline())
            let pool = try Pool(processes: count) { (victim: Int32) -> Int32 in
                if victim == 0 {
                    begun.ring()
                    expect(go.wait(), "no ring came")
                } else if ProcessRecord(victim)?.parent == getppid() {
                    kill(victim, SIGKILL)
                }
                return getpid()
            }
            // All have worked before any is killed.
            let all = try pool.mapAsync(Array(repeating: Int32(0), count: count))
            for _ in 0..<count { expect(begun.wait(), "a worker did not begin") }
            for _ in 0..<count { go.ring() }
            let workers = try all.get()
            let results = try workers.reversed().map { try pool.applyAsync($0) }
            pool.close()
            try pool.join()
            for result in results {
                do throws(MultiprocessingError) {
                    _ = try result.get()
                } catch {
                    expectEqual(error.code, .workerDied, "\(error);")
                }
            }
            expect(lifeline.allEnded(), "processes are left")
        }
    }
}

extension AsyncResult {
    /// Whether it arrived in time, and is not an error.
    fileprivate func successful(within limit: Duration) throws -> Bool {
        expect(try wait(timeout: limit), "not done")
        return try successful
    }
}
