@preconcurrency import Glibc
import Multiprocessing

func managerServerLockScenarios() {
    scenario("managerLockExcludesOtherProcesses") {
        let manager = try Manager()
        let (lock, value, inside) = (try manager.lock(), try manager.value(0), SharedCounter())
        try inChildren(4) { _ in
            for _ in 0..<100 {
                try lock.withLock { acquisition in
                    expectEqual(acquisition, .acquired)
                    expectEqual(inside.add(1), 1)
                    try value.set(try value.get() + 1)
                    inside.add(-1)
                }
            }
        }
        expectEqual(try value.get(), 400)
        expect(try !lock.isLocked, "it is locked")
    }
    scenario("managerLockBelongsToItsHolderAndKeepsTimeouts") {
        let manager = try Manager()
        let lock = try manager.lock()
        try lock.acquire()
        expectThrows(.requestFailed) { try lock.acquire() }
        expect(try lock.isLocked, "it is not locked")
        try inChild {
            expectEqual(try lock.acquire(timeout: .zero), nil)
            let start = ContinuousClock.now
            expectEqual(try lock.acquire(timeout: .milliseconds(50)), nil)
            let elapsed = ContinuousClock.now - start
            expect(elapsed >= .milliseconds(50) && elapsed < promptly, "it took \(elapsed)")
            expectText(of: expectThrows(.requestFailed) { try lock.release() }, contains: "process that holds the lock")
        }
        try lock.release()
        expectThrows(.requestFailed) { try lock.release() }
        do {
            try lock.withLock { _ in throw Mishap() }
        } catch {
            expectText(of: error, contains: "the tea went cold")
        }
        expect(try !lock.isLocked, "it stays locked")
    }
    scenario("managerLockOfADeadProcessGoesToTheNextWhoIsTold") {
        let manager = try Manager()
        let locks = try manager.list([try manager.lock(), try manager.lock(), try manager.lock()])
        let plain = try (0..<3).map { try locks.get($0) }
        for index in 0..<3 {
            let (held, go) = (Doorbell(), Doorbell())
            let holder = Process {
                try plain[index].acquire()
                held.ring()
                // Killed, or exited without releasing.
                if index == 2 { _exit(0) }
                pauseForever()
            }
            try holder.start()
            expect(held.wait(), "no process holds it")
            let waiter = Process {
                go.ring()
                expectEqual(try plain[index].acquire(timeout: .seconds(20)), .recovered)
                try plain[index].release()
                expectEqual(try plain[index].acquire(), .acquired)
            }
            if index == 0 {
                try waiter.start()
                expect(go.wait(), "no ring came")
            }
            holder.kill()
            try holder.join()
            if index > 0 { try waiter.start() }
            expectEqual(try waiter.join(timeout: .seconds(10)), .exited(0))
            // The waiter has in turn ended while holding it.
            expectEqual(try plain[index].acquire(timeout: .seconds(10)), .recovered)
            try plain[index].release()
        }
    }
    scenario("managerLockGoesToThoseWhoWaitInTheirOrder") {
        let manager = try Manager()
        let (lock, log) = (try manager.lock(), SharedLog())
        try lock.acquire()
        let children = try (0..<5).map { number in
            try startedWaiting(for: manager) {
                try lock.acquire()
                log.append(number)
                try lock.release()
            }
        }
        try lock.release()
        for child in children { expectEqual(try child.join(timeout: .seconds(10)), .exited(0)) }
        expectEqual(log.values, [0, 1, 2, 3, 4])
    }
    scenario("recursiveManagerLockBelongsToAThread") {
        let manager = try Manager()
        let lock = try manager.recursiveLock()
        try lock.acquire()
        try lock.withLock { _ in expect(try lock.isLocked, "it is not locked") }
        try lock.acquire()
        try inChild {
            expectEqual(try lock.acquire(timeout: .zero), nil)
            expectThrows(.requestFailed) { try lock.release() }
        }
        onThreads(1) { _ in
            expectEqual(try? lock.acquire(timeout: .zero), .some(nil))
            expectThrows(.requestFailed) { try lock.release() }
        }
        try lock.release()
        expect(try lock.isLocked, "released once of two times")
        try lock.release()
        expect(try !lock.isLocked, "it stays locked")
        expectThrows(.requestFailed) { try lock.release() }
    }
    scenario("threadsOfOneProcessUseProxiesAtTheSameTime") {
        let manager = try Manager()
        let (lock, queue, counts) = (
            try manager.lock(), try manager.queue(of: Int.self), try manager.dictionary(of: Int.self, Int.self)
        )
        try inChild(within: .seconds(30)) {
            onThreads(8) { number in
                do {
                    if number == 0 {
                        // Waits in a call while the others use the same proxies.
                        for _ in 0..<7 { expectEqual(try queue.get(), 1) }
                        return
                    }
                    for _ in 0..<50 {
                        try counts.update(0) { $0 = ($0 ?? 0) + 1 }
                        try lock.acquire()
                        try counts.set(1, to: (try counts.get(1) ?? 0) + 1)
                        try lock.release()
                    }
                    try queue.put(1)
                } catch {
                    expect(false, "thrown was \(error)")
                }
            }
        }
        expectEqual(try counts.get([0, 1]), [350, 350])
    }
    scenario("conditionHandsATurnFromOneProcessToTheNext") {
        let manager = try Manager()
        let (condition, turn) = (try manager.condition(), try manager.value(0))
        try inChildren(3) { number in
            for round in 0..<10 {
                try condition.withLock { _ in
                    try condition.wait { try turn.get() == round * 3 + number }
                    try turn.set(try turn.get() + 1)
                    try condition.notifyAll()
                }
            }
        }
        expectEqual(try turn.get(), 30)
    }
    scenario("conditionKeepsTimeoutsAndItsLock") {
        let manager = try Manager()
        let (lock, recursive) = (try manager.lock(), try manager.recursiveLock())
        expectThrows(.requestFailed) { try manager.condition(lock).wait() }
        expectThrows(.requestFailed) { try manager.condition().notify() }
        for condition in [
            try manager.condition(), try manager.condition(lock), try manager.condition(recursive),
        ] {
            try condition.acquire()
            expect(try !condition.wait(timeout: .zero), "who has notified it?")
            let start = ContinuousClock.now
            expect(try !condition.wait(timeout: .milliseconds(40)), "who has notified it?")
            let elapsed = ContinuousClock.now - start
            expect(elapsed >= .milliseconds(40) && elapsed < promptly, "it took \(elapsed)")
            expect(try !condition.wait(timeout: .milliseconds(5), until: { false }), "false is true")
            // The lock came back each time.
            try inChild { expectEqual(try condition.acquire(timeout: .zero), nil) }
            try condition.release()
        }
        // Held twice, it is released completely, and comes back held twice.
        let condition = try manager.condition(recursive)
        try recursive.acquire()
        try recursive.acquire()
        let child = Process {
            try condition.withLock { _ in try condition.notify() }
        }
        try child.start()
        expect(try condition.wait(timeout: .seconds(20)), "it was not notified")
        try recursive.release()
        try inChild { expectEqual(try recursive.acquire(timeout: .zero), nil) }
        try recursive.release()
        expectEqual(try child.join(timeout: promptly), .exited(0))
        expectThrows(.invalidState) { try Manager().condition(lock) }
    }
    scenario("notifyWakesAsManyAsItIsTold") {
        let manager = try Manager()
        let (condition, woken, ready) = (try manager.condition(), SharedCounter(), Doorbell())
        let children = (0..<4).map { _ in
            Process {
                try condition.withLock { _ in
                    ready.ring()
                    expect(try condition.wait(timeout: .seconds(20)), "it was not notified")
                    woken.add(1)
                }
            }
        }
        for child in children { try child.start() }
        for _ in children { expect(ready.wait(), "no process waits") }
        // A process that has rung holds the lock until it waits: once we have the lock, all wait.
        try condition.withLock { _ in try condition.notify(3) }
        expect(eventually(within: .seconds(10)) { woken.value == 3 }, "woken were \(woken.value)")
        try condition.withLock { _ in try condition.notify(0) }
        // A process killed while waiting does not use up another's notification.
        try condition.withLock { _ in try condition.notifyAll() }
        for child in children { expectEqual(try child.join(timeout: .seconds(10)), .exited(0)) }
        expectEqual(woken.value, 4)
    }
}
