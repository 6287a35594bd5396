@preconcurrency import Glibc
import Multiprocessing

func semaphoreScenarios() {
    scenario("semaphoreLetsInAsManyAsItHasUnits") {
        let semaphore = try Semaphore(3)
        let (inside, most) = (SharedCounter(), SharedCounter())
        try expectAllEndWell(
            startProcesses(8) { _ in
                for _ in 0..<500 {
                    try semaphore.withSemaphore {
                        let count = inside.add(1)
                        if count > most.value { most.set(count) }
                        expect(count <= 3, "\(count) are inside")
                        sched_yield()
                        inside.add(-1)
                    }
                }
            })
        expectEqual(semaphore.value, 3)
        expect(most.value > 1, "never were two inside")
    }
    scenario("semaphoreAcquireReturnsOnATimeout") {
        let semaphore = try Semaphore(1)
        expectEqual(semaphore.acquire(timeout: .zero), true)
        expectEqual(semaphore.acquire(timeout: .zero), false)
        expectEqual(semaphore.acquire(timeout: .seconds(-1)), false)
        expectTakes(atLeast: .milliseconds(250)) {
            expectEqual(semaphore.acquire(timeout: .milliseconds(250)), false)
        }
        try semaphore.release()
        expectEqual(semaphore.acquire(timeout: .seconds(20)), true)
        expectEqual(semaphore.value, 0)
    }
    scenario("releaseOfSeveralUnitsWakesAsManyWaiters") {
        let (semaphore, through) = (try Semaphore(0), SharedCounter())
        let waiters = try (0..<5).map { _ in
            try startSleeper {
                semaphore.acquire()
                through.add(1)
            }
        }
        try semaphore.release(2)
        expect(eventually { through.value == 2 }, "\(through.value) are through")
        expectEqual(semaphore.value, 0)
        try semaphore.release(3)
        try expectAllEndWell(waiters)
        expectEqual(semaphore.value, 0)
    }
    scenario("unitsHaveNoOwner") {
        let semaphore = try Semaphore(0)
        let waiter = try startSleeper { semaphore.acquire() }
        try inChild { try semaphore.release() }
        try expectAllEndWell([waiter])
        try semaphore.release(5)
        expectEqual(semaphore.value, 5)
        try inChild { for _ in 0..<5 { semaphore.acquire() } }
        expectEqual(semaphore.value, 0)
    }
    scenario("semaphoreRefusesInvalidCounts") {
        expectThrows(.invalidState) { try Semaphore(-1) }
        expectThrows(.invalidState) { try Semaphore(1 << 31) }
        let semaphore = try Semaphore(1 << 31 - 2)
        for count in [0, -1, 2, Int.max] {
            expectThrows(.invalidState) { try semaphore.release(count) }
        }
        try semaphore.release()
        expectThrows(.invalidState) { try semaphore.release() }
        expectEqual(semaphore.value, 1 << 31 - 1)
        expectEqual(semaphore.acquire(timeout: .zero), true)
        try semaphore.release()
    }
    scenario("boundedSemaphoreRefusesAReleaseTooMany") {
        let semaphore = try BoundedSemaphore(2)
        expectThrows(.invalidState) { try semaphore.release() }
        semaphore.acquire()
        semaphore.acquire()
        try inChild {
            expectThrows(.invalidState) { try semaphore.release(3) }
            try semaphore.release(2)
            expectThrows(.invalidState) { try semaphore.release() }
        }
        expectEqual(semaphore.value, 2)
        expectThrows(.invalidState) { try semaphore.withSemaphore { try semaphore.release() } }
        expectEqual(semaphore.value, 2)
        let closed = try BoundedSemaphore(0)
        expectThrows(.invalidState) { try closed.release() }
        expectEqual(closed.acquire(timeout: .zero), false)
    }
    scenario("withSemaphoreGivesTheUnitBackWhateverItsBodyDoes") {
        let (semaphore, bounded) = (try Semaphore(1), try BoundedSemaphore(1))
        expectEqual(try semaphore.withSemaphore { semaphore.value }, 0)
        expectEqual(try bounded.withSemaphore { bounded.value }, 0)
        do {
            try semaphore.withSemaphore { throw Mishap() }
            expect(false, "nothing was thrown")
        } catch {
            expect(error is Mishap, "thrown was \(error)")
        }
        do {
            try bounded.withSemaphore {
                try bounded.release()
                throw Mishap()
            }
        } catch {
            expect(error is Mishap, "thrown was \(error)")
        }
        expectEqual([semaphore.value, bounded.value], [1, 1])
    }
    scenario("killedWaitersTakeNoUnitAndNoWakeUp") {
        let (semaphore, through) = (try Semaphore(0), SharedCounter())
        for _ in 0..<20 {
            let victims = try (0..<2).map { _ in try startSleeper { semaphore.acquire() } }
            let waiter = try startSleeper {
                semaphore.acquire()
                through.add(1)
            }
            try killAndReap(victims[0], victims[1])
            try semaphore.release()
            try expectAllEndWell([waiter])
        }
        expectEqual(through.value, 20)
        expectEqual(semaphore.value, 0)
    }
    scenario("waiterKilledAfterItWasWokenLeavesTheUnitToTheNext") {
        let (semaphore, through) = (try Semaphore(0), SharedCounter())
        for _ in 0..<5 {
            let victim = try startSleeper { semaphore.acquire() }
            let waiter = try startSleeper {
                semaphore.acquire()
                through.add(1)
            }
            // It fell asleep first, so the wake-up is for it; it is stopped, so it does not take the unit.
            stop(victim)
            try semaphore.release()
            let start = ContinuousClock.now
            try killAndReap(victim)
            try expectAllEndWell([waiter])
            expectPrompt(since: start)
        }
        expectEqual(through.value, 5)
    }
    scenario("noWakeUpOfASemaphoreIsLost") {
        let (ping, pong) = (try Semaphore(0), try BoundedSemaphore(1))
        pong.acquire()
        let start = ContinuousClock.now
        let child = Process {
            for _ in 0..<5000 {
                expectEqual(ping.acquire(timeout: .seconds(20)), true)
                try pong.release()
            }
        }
        try child.start()
        for _ in 0..<5000 {
            try ping.release()
            expectEqual(pong.acquire(timeout: .seconds(20)), true)
        }
        try expectAllEndWell([child])
        // Each lost wake-up would cost a tenth of a second.
        expect(ContinuousClock.now - start < .seconds(15), "took \(ContinuousClock.now - start)")
    }
    scenario("unitOfAKilledProcessIsLost") {
        let semaphore = try BoundedSemaphore(2)
        let child = Process {
            semaphore.acquire()
            raise(SIGKILL)
        }
        try child.start()
        try child.join()
        expectEqual(semaphore.value, 1)
        // The parent releases what its child cannot.
        try semaphore.release()
        expectEqual(semaphore.value, 2)
    }
}

func eventScenarios() {
    scenario("eventWakesAllWhoWaitForIt") {
        let (event, through) = (try Event(), SharedCounter())
        expectEqual(event.isSet, false)
        expectEqual(event.wait(timeout: .zero), false)
        let waiters = try (0..<4).map { number in
            try startSleeper {
                expectEqual(event.wait(timeout: number % 2 == 0 ? nil : .seconds(30)), true)
                expect(event.isSet, "not set")
                through.add(1)
            }
        }
        expectEqual(through.value, 0)
        event.set()
        try expectAllEndWell(waiters)
        expectEqual(event.isSet, true)
        expectEqual(event.wait(timeout: .zero), true)
        expectEqual(event.wait(), true)
        event.set()
        try inChild { event.clear() }
        expectEqual(event.isSet, false)
        expectEqual(event.wait(timeout: .zero), false)
        event.clear()
        event.set()
        expectEqual(event.isSet, true)
    }
    scenario("eventWaitReturnsOnATimeout") {
        let event = try Event()
        expectTakes(atLeast: .milliseconds(250)) { expectEqual(event.wait(timeout: .milliseconds(250)), false) }
        expectEqual(event.wait(timeout: .seconds(-1)), false)
    }
    scenario("waiterNoticesASetEventEvenIfItIsClearAgain") {
        let event = try Event()
        for _ in 0..<10 {
            let waiters = try (0..<3).map { _ in try startSleeper { expectEqual(event.wait(), true) } }
            // It cannot run between the two.
            stop(waiters[1])
            event.set()
            event.clear()
            // A later waiter, which is not meant.
            let late = try startSleeper { expectEqual(event.wait(), true) }
            goOn(waiters[1])
            try expectAllEndWell(waiters)
            expectEqual(event.wait(timeout: .zero), false)
            expectEqual(try late.join(timeout: .zero), nil)
            event.set()
            event.clear()
            try expectAllEndWell([late])
        }
    }
    scenario("killedWaiterDoesNotKeepAnEventFromOthers") {
        let event = try Event()
        let waiters = try (0..<4).map { _ in try startSleeper { event.wait() } }
        try killAndReap(waiters[0])
        stop(waiters[1])
        event.set()
        try killAndReap(waiters[1])
        try expectAllEndWell([waiters[2], waiters[3]])
    }
    scenario("whatWasWrittenBeforeSetIsSeenAfterWait") {
        let (ping, pong, cell) = (try Event(), try Event(), try RawSharedValue(0))
        let child = Process {
            for turn in 0..<2000 {
                ping.wait()
                ping.clear()
                expectEqual(cell.value, 2 * turn + 1)
                cell.value += 1
                pong.set()
            }
        }
        try child.start()
        for turn in 0..<2000 {
            cell.value = 2 * turn + 1
            ping.set()
            expectEqual(pong.wait(timeout: .seconds(20)), true)
            pong.clear()
            expectEqual(cell.value, 2 * turn + 2)
        }
        try expectAllEndWell([child])
    }
}
