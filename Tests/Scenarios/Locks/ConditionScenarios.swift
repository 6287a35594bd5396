@preconcurrency import Glibc
import Multiprocessing

/// Starts processes that wait for the condition in this order, and append their numbers when they were notified.
private func startWaiters(
    _ numbers: Range<Int>, for condition: Condition, _ log: SharedLog, timeout: Duration? = nil
) throws -> [Process] {
    try numbers.map { number in
        let entered = Doorbell()
        let child = Process {
            try condition.withLock {
                entered.ring()
                let notified = try condition.wait(timeout: timeout)
                log.append(notified ? number : -number)
            }
        }
        try child.start()
        expect(entered.wait(), "the waiter does not have the lock")
        // It holds the lock until it waits.
        try condition.withLock {}
        expectAsleep(child)
        return child
    }
}

func conditionScenarios() {
    scenario("notifyWakesAsManyAsItSaysTheLongestWaitingFirst") {
        let (condition, log) = (try Condition(), SharedLog())
        let waiters = try startWaiters(1..<7, for: condition, log)
        try condition.withLock { try condition.notify() }
        try expectAllEndWell([waiters[0]])
        expectEqual(log.values, [1])
        try condition.withLock { try condition.notify(2) }
        try expectAllEndWell(Array(waiters[1...2]))
        expectEqual(Set(log.values), [1, 2, 3])
        // No waiter wakes up by itself, even after the interval at which sleepers check.
        try condition.withLock { expectEqual(try condition.wait(timeout: .milliseconds(300)), false) }
        expectEqual(log.total, 3)
        try condition.withLock { try condition.notify(100) }
        try expectAllEndWell(Array(waiters[3...]))
        expectEqual(Set(log.values), [1, 2, 3, 4, 5, 6])
    }
    scenario("notifyAllWakesAllAndNoLaterWaiter") {
        let (condition, log) = (try Condition(), SharedLog())
        for lock in 0..<2 {
            let waiters = try startWaiters(1..<6, for: condition, log)
            try condition.withLock { try condition.notifyAll() }
            try expectAllEndWell(waiters)
            expectEqual(log.total, 5 * (lock + 1))
            try condition.withLock { expectEqual(try condition.wait(timeout: .milliseconds(20)), false) }
        }
    }
    scenario("conditionWaitReturnsOnATimeoutWithTheLockHeldAgain") {
        let condition = try Condition()
        try condition.acquire()
        for timeout in [Duration.zero, .milliseconds(250), .seconds(-1)] {
            try expectTakes(atLeast: max(timeout, .zero)) {
                expectEqual(try condition.wait(timeout: timeout), false)
            }
            try inChild { expectEqual(try condition.acquire(timeout: .zero), nil) }
        }
        try condition.release()
        // The timeout expires while another process has the lock; the wait continues until the lock is free, without a
        // notification.
        let (inside, log) = (Doorbell(), SharedLog())
        let waiters = try startWaiters(1..<2, for: condition, log, timeout: .milliseconds(100))
        try condition.withLock {
            inside.ring()
            usleep(200_000)
            expectEqual(log.total, 0)
        }
        try expectAllEndWell(waiters)
        expectEqual(log.values, [-1])
    }
    scenario("waitAndNotifyWithoutTheLockAreErrors") {
        for condition in [try Condition(), try Condition(lock: RLock())] {
            expectThrows(.invalidState) { try condition.wait() }
            expectThrows(.invalidState) { try condition.wait(for: { true }) }
            expectThrows(.invalidState) { try condition.notify() }
            expectThrows(.invalidState) { try condition.notifyAll() }
            try condition.withLock {
                try inChild {
                    expectThrows(.invalidState) { try condition.wait() }
                    expectThrows(.invalidState) { try condition.notify() }
                }
                expectThrows(.invalidState) { try condition.notify(0) }
                expectThrows(.invalidState) { try condition.notify(-1) }
                try condition.notify()
                try condition.notifyAll()
            }
            expectEqual(try condition.acquire(timeout: .zero), .acquired)
            try condition.release()
        }
    }
    scenario("waitForAPredicateLooksAfterEachNotification") {
        let (condition, state) = (try Condition(), try RawSharedValue(0))
        let waiter = try startSleeper {
            try condition.withLock {
                var looks = 0
                let held = try condition.wait(for: {
                    looks += 1
                    return state.value == 3
                })
                expect(held, "the predicate is not true")
                expect(looks <= 4, "\(looks) looks")
            }
        }
        for _ in 0..<3 {
            try condition.withLock {
                state.value += 1
                try condition.notify()
            }
        }
        try expectAllEndWell([waiter])
        try condition.withLock {
            expectEqual(try condition.wait(for: { true }, timeout: .zero), true)
            try expectTakes(atLeast: .milliseconds(50)) {
                expectEqual(try condition.wait(for: { false }, timeout: .milliseconds(50)), false)
            }
            do {
                try condition.wait(for: { throw Mishap() })
                expect(false, "nothing was thrown")
            } catch {
                expect(error is Mishap, "thrown was \(error)")
            }
            try inChild { expectEqual(try condition.acquire(timeout: .zero), nil) }
        }
    }
    scenario("waitReleasesARecursiveLockAltogetherAndTakesItAsOften") {
        let lock = try RLock()
        let (condition, log) = (try Condition(lock: lock), SharedLog())
        let waiter = try startSleeper {
            for _ in 0..<3 { try lock.acquire() }
            expectEqual(try condition.wait(), true)
            log.append(1)
            for _ in 0..<3 { try lock.release() }
            expectThrows(.invalidState) { try lock.release() }
        }
        try condition.withLock {
            try lock.withLock { try condition.notify() }
            expectEqual(log.total, 0)
        }
        try expectAllEndWell([waiter])
        expectEqual(log.values, [1])
        expectEqual(try lock.acquire(timeout: .zero), .acquired)
        try lock.release()
    }
    scenario("twoConditionsOnOneLockMakeABoundedBuffer") {
        let lock = try Lock()
        let (notEmpty, notFull) = (try Condition(lock: lock), try Condition(lock: lock))
        let buffer = try RawSharedArray<Int>(count: 3)
        let (count, sum) = (try RawSharedValue(0), SharedCounter())
        let producers = try startProcesses(2) { producer in
            for number in 0..<1000 {
                try lock.withLock {
                    try notFull.wait(for: { count.value < 3 })
                    buffer[count.value] = 1000 * producer + number
                    count.value += 1
                    try notEmpty.notify()
                }
            }
        }
        let consumers = try startProcesses(2) { _ in
            for _ in 0..<1000 {
                try lock.withLock {
                    try notEmpty.wait(for: { count.value > 0 })
                    count.value -= 1
                    sum.add(buffer[count.value])
                    try notFull.notify()
                }
            }
        }
        try expectAllEndWell(producers + consumers, within: .seconds(60))
        expectEqual(sum.value, (0..<2000).reduce(0, +))
    }
    scenario("noNotificationIsLostBetweenTheReleaseAndTheSleep") {
        let (condition, turn) = (try Condition(), try RawSharedValue(0))
        func play(_ me: Int) throws {
            try condition.withLock {
                for _ in 0..<5000 {
                    // Each lost notification would cost a tenth of a second.
                    expect(try condition.wait(for: { turn.value == me }, timeout: .seconds(20)), "it hangs")
                    turn.value = 1 - me
                    try condition.notify()
                }
            }
        }
        let start = ContinuousClock.now
        let child = Process { try play(1) }
        try child.start()
        try play(0)
        try expectAllEndWell([child])
        expect(ContinuousClock.now - start < .seconds(15), "took \(ContinuousClock.now - start)")
    }
}

func conditionDeathScenarios() {
    scenario("killedWaiterIsPassedOver") {
        let (condition, log) = (try Condition(), SharedLog())
        for turn in 0..<10 {
            let waiters = try startWaiters(1..<5, for: condition, log)
            try killAndReap(waiters[0], waiters[2])
            try condition.withLock { try condition.notify() }
            try expectAllEndWell([waiters[1]])
            try condition.withLock { try condition.notify() }
            try expectAllEndWell([waiters[3]])
            expectEqual(log.total, 2 * (turn + 1))
        }
        expectEqual(Set(log.values), [2, 4])
    }
    scenario("notificationOfAWaiterThatIsKilledBeforeItHasTheLockGoesToTheNext") {
        let (condition, log) = (try Condition(), SharedLog())
        let waiters = try startWaiters(1..<4, for: condition, log)
        let start = ContinuousClock.now
        try condition.withLock {
            try condition.notify()
            try killAndReap(waiters[0])
        }
        try expectAllEndWell([waiters[1]])
        expectPrompt(since: start)
        // One notification wakes one waiter.
        try condition.withLock { expectEqual(try condition.wait(timeout: .milliseconds(300)), false) }
        expectEqual(log.values, [2])
        try condition.withLock { try condition.notify() }
        try expectAllEndWell([waiters[2]])
    }
    scenario("notificationOfAKilledWaiterDoesNotGoToLaterOnes") {
        let (condition, log) = (try Condition(), SharedLog())
        let waiters = try startWaiters(1..<3, for: condition, log)
        try condition.withLock {
            try condition.notifyAll()
            try killAndReap(waiters[0], waiters[1])
        }
        try condition.withLock { expectEqual(try condition.wait(timeout: .milliseconds(300)), false) }
        expectEqual(log.total, 0)
    }
    scenario("waiterThatGetsTheLockFromAKilledHolderIsToldSo") {
        for lock in [nil, try RLock()] {
            let condition = try lock.map { try Condition(lock: $0) } ?? Condition()
            let waiter = try startSleeper {
                try condition.withLock {
                    expectEqual(try condition.wait(), true)
                    expect(condition.isRecovered, "it is not told")
                }
            }
            let holder = Process {
                try condition.acquire()
                try condition.notify()
                raise(SIGKILL)
            }
            try holder.start()
            try holder.join()
            try expectAllEndWell([waiter])
            expectEqual(try condition.acquire(), .acquired)
            expect(!condition.isRecovered, "another turn")
            try condition.release()
        }
    }
    scenario("stoppedWaiterKeepsItsNotificationAndDisturbsNoOther") {
        let (condition, log) = (try Condition(), SharedLog())
        let waiters = try startWaiters(1..<3, for: condition, log)
        stop(waiters[0])
        try condition.withLock { try condition.notify(2) }
        try expectAllEndWell([waiters[1]])
        expectEqual(log.values, [2])
        goOn(waiters[0])
        try expectAllEndWell([waiters[0]])
        expectEqual(log.values, [2, 1])
    }
    scenario("conditionHasFourThousandSeatsAndReusesThoseOfTheDead") {
        let (condition, waiting) = (try Condition(), SharedCounter())
        let child = Process {
            let threads = (0..<4096).map { _ in
                BodyThread {
                    try condition.withLock {
                        waiting.add(1)
                        try condition.wait(timeout: .seconds(60))
                    }
                }
            }
            withExtendedLifetime(threads) { pauseForever() }
        }
        try child.start()
        expect(eventually(within: .seconds(20)) { waiting.value == 4096 }, "\(waiting.value) wait")
        // The last of them has a seat when it releases the lock.
        _ = try condition.withLock {
            expectThrows(.invalidState) { try condition.wait(timeout: .zero) }
        }
        try condition.withLock { try condition.notify() }
        expect(try eventually { try hasSeat(condition) }, "no waiter has left")
        try killAndReap(child)
        expect(try hasSeat(condition), "the dead keep their seats")
    }
}

private func hasSeat(_ condition: Condition) throws -> Bool {
    try condition.withLock { (try? condition.wait(timeout: .zero)) != nil }
}
