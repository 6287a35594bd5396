@preconcurrency import Glibc
import Multiprocessing

/// Kills processes at random moments, replaces them, and expects after each kill that the others continue.
private func withRandomKills(
    _ kills: Int, of count: Int, _ work: @escaping () throws -> Void, goOn: () throws -> Bool
) throws {
    var generator = SeededGenerator(seed: printedSeed())
    var workers = try startProcesses(count) { _ in try work() }
    for kill in 0..<kills {
        let victim = Int.random(in: 0..<count, using: &generator)
        usleep(UInt32.random(in: 0..<2000, using: &generator))
        try killAndReap(workers[victim])
        expect(try goOn(), "no process continues after kill \(kill)")
        workers[victim] = try startProcesses(1) { _ in try work() }[0]
    }
    for worker in workers { try killAndReap(worker) }
}

func killStressScenarios() {
    scenario("semaphoreLosesNothingToRandomKillsOfItsWaiters") {
        let semaphore = try Semaphore(0)
        let taken = SharedCounter()
        var released = 0
        try withRandomKills(200, of: 4) {
            while true {
                semaphore.acquire()
                taken.add(1)
            }
        } goOn: {
            // The remaining processes must take all of them.
            for _ in 0..<5 { try semaphore.release() }
            released += 5
            return eventually(within: promptly) { semaphore.value == 0 }
        }
        // A unit is lost only if a process was killed between taking and recording it.
        let lost = released - taken.value - semaphore.value
        print("\(lost) of \(released) units were taken by the dead")
        expect((0...204).contains(lost), "\(lost) units are lost")
        expect(taken.value > 500, "only \(taken.value) were taken")
    }
    scenario("eventReachesItsWaitersThroughRandomKills") {
        let (first, second, turns) = (try Event(), try Event(), SharedCounter())
        try withRandomKills(100, of: 4) {
            while true {
                first.wait()
                turns.add(1)
                second.wait()
            }
        } goOn: {
            let before = turns.value
            second.clear()
            first.set()
            let hasReached = eventually(within: promptly) { turns.value > before }
            first.clear()
            second.set()
            return hasReached
        }
    }
    scenario("conditionServesAQueueThroughRandomKillsOfItsConsumers") {
        let condition = try Condition()
        let (jobs, done) = (try RawSharedValue(0), SharedCounter())
        try withRandomKills(200, of: 4) {
            while true {
                try condition.withLock {
                    try condition.wait(for: { jobs.value > 0 })
                    jobs.value -= 1
                }
                done.add(1)
            }
        } goOn: {
            // One notification per job: one that a dead consumer had received must reach a living one.
            for _ in 0..<3 {
                try condition.withLock {
                    jobs.value += 1
                    try condition.notify()
                }
            }
            return eventually(within: promptly) { jobs.value == 0 }
        }
        expect(done.value > 300, "only \(done.value) jobs were done")
        try condition.withLock {
            expectEqual(try condition.wait(timeout: .milliseconds(1)), false)
        }
    }
    scenario("conditionPassesOnNotificationsDespiteRandomKills") {
        // All are both consumers and producers, and each may be killed while it holds the lock.
        let condition = try Condition()
        let (turn, turns) = (try RawSharedValue(0), SharedCounter())
        try withRandomKills(200, of: 5) {
            while true {
                try condition.withLock {
                    let seen = turn.value
                    turn.value = seen + 1
                    try condition.notify()
                    try condition.wait(for: { turn.value != seen + 1 }, timeout: .milliseconds(200))
                }
                turns.add(1)
            }
        } goOn: {
            let before = turns.value
            return eventually(within: promptly) { turns.value > before + 5 }
        }
        expect(try condition.acquire(timeout: promptly) != nil, "the lock is lost")
        try condition.release()
    }
    scenario("barrierReportsRandomKillsToAllAndIsRepaired") {
        let (barrier, meetings) = (try Barrier(parties: 4), SharedCounter())
        try withRandomKills(100, of: 4) {
            while true {
                do {
                    if try barrier.wait() == 0 { meetings.add(1) }
                } catch let error as MultiprocessingError {
                    expect(error.code == .brokenBarrier, "thrown was \(error)")
                    usleep(1000)
                }
            }
        } goOn: {
            // One of four is missing: the others cannot meet, and are told without a timeout.
            let isTold = eventually(within: promptly) { barrier.isBroken || barrier.waitingCount == 3 }
            try barrier.reset()
            return isTold
        }
        print("\(meetings.value) meetings")
        expect(meetings.value > 0, "they never met")
    }
    scenario("objectsKeepWorkingAfterARandomMixtureOfKills") {
        let (lock, semaphore, value) = (try RLock(), try BoundedSemaphore(2), try SharedArray<Int>(count: 2))
        let turns = SharedCounter()
        try withRandomKills(150, of: 4) {
            while true {
                // No unit may be lost here, so none is held by a process that may be killed: the lock's holder takes
                // and releases it.
                try lock.withLock {
                    if semaphore.acquire(timeout: .zero) { try semaphore.release() }
                    value.withLock { cells, acquisition in
                        if acquisition == .recovered { cells[1] = cells[0] }
                        expectEqual(cells[0], cells[1])
                        cells[0] += 1
                        cells[1] += 1
                    }
                }
                turns.add(1)
            }
        } goOn: {
            let before = turns.value
            return eventually(within: promptly) { turns.value > before }
        }
        expect(try lock.acquire(timeout: promptly) != nil, "the lock is lost")
        try lock.release()
    }
}
