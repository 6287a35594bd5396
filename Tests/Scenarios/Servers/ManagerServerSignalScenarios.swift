@preconcurrency import Glibc
import Multiprocessing

func managerServerSignalScenarios() {
    scenario("managerQueueGivesEachItemToOneTaker") {
        let manager = try Manager()
        let (queue, results) = (try manager.queue(of: Int?.self, maxSize: 10), try manager.queue(of: Int.self))
        let takers = (0..<3).map { _ in
            Process { while let number = try queue.get() { try results.put(number * 2) } }
        }
        for taker in takers { try taker.start() }
        for number in 0..<300 { try queue.put(number) }
        for _ in takers { try queue.put(nil) }
        for taker in takers { expectEqual(try taker.join(timeout: .seconds(20)), .exited(0)) }
        expectEqual(try results.count, 300)
        expectEqual(Set(try (0..<300).map { _ in try results.get() }), Set((0..<300).map { $0 * 2 }))
        expect(try results.isEmpty && queue.isEmpty && !queue.isFull, "something is left")
    }
    scenario("managerQueueKeepsOrderBoundsAndTimes") {
        let manager = try Manager()
        let queue = try manager.queue(of: String.self, maxSize: 2)
        expectEqual(try queue.get(timeout: .zero), nil)
        let start = ContinuousClock.now
        expectEqual(try queue.get(timeout: .milliseconds(40)), nil)
        expect(try queue.put("a") && queue.put("b", timeout: .zero), "there was room")
        expect(try queue.isFull, "there is no room")
        expect(try !queue.put("c", timeout: .zero), "there was no room")
        expect(try !queue.put("c", timeout: .milliseconds(40)), "there was no room")
        let elapsed = ContinuousClock.now - start
        expect(elapsed >= .milliseconds(80) && elapsed < promptly, "two waits of 40 ms took \(elapsed)")
        let child = try startedWaiting(for: manager) { try queue.put("d") }
        expectEqual(try queue.get(), "a")
        expectEqual(try child.join(timeout: promptly), .exited(0))
        expectEqual([try queue.get(), try queue.get()], ["b", "d"])
        // A withdrawn request leaves nothing behind.
        expectEqual(try queue.get(timeout: .milliseconds(1)), nil)
        try queue.put("e")
        expectEqual(try queue.count, 1)
    }
    scenario("itemThatADeadProcessHasNotReadGoesToTheNext") {
        for place: Address? in [nil, .tcp("127.0.0.1", 0)] {
            let manager = try Manager(address: place)
            let (queue, semaphore) = (try manager.queue(of: [Int].self), try manager.semaphore(0))
            for item in [[1], Array(0..<100_000)] {
                let first = try startedWaiting(for: manager) { _ = try queue.get() }
                let second = try startedWaiting(for: manager) { try semaphore.acquire() }
                for child in [first, second] {
                    let pid = try require(child.pid)
                    kill(pid, SIGSTOP)
                    expect(eventually(within: .seconds(10)) { ProcessRecord(pid)?.state == "T" }, "it does not stop")
                }
                try queue.put(item)
                try semaphore.release()
                // They have been sent to the clients, and are in their sockets.
                expectEqual(try queue.count, 0)
                expectEqual(try semaphore.value, 0)
                for child in [first, second] {
                    child.kill()
                    try child.join()
                }
                expectEqual(try queue.get(timeout: .seconds(20)), item)
                expect(try semaphore.acquire(timeout: .seconds(20)), "it was acquired by a dead process")
            }
            // What was read stays with its reader.
            try queue.put([2])
            try inChild { expectEqual(try queue.get(), [2]) }
            expect(eventually { ProcessRecord.children(of: getpid()).count == 1 }, "someone is left")
            expectEqual(try queue.get(timeout: .milliseconds(20)), nil)
        }
    }
    scenario("joinableQueueTellsWhenAllIsDone") {
        let manager = try Manager()
        let (queue, done) = (try manager.joinableQueue(of: Int.self), SharedCounter())
        expect(try queue.join(), "nothing is to be done")
        expectThrows(.requestFailed) { try queue.taskDone() }
        for number in 0..<20 { try queue.put(number) }
        expect(try !queue.join(timeout: .milliseconds(20)), "no item was reported as done")
        let workers = (0..<2).map { _ in
            Process(daemon: true) {
                while true {
                    _ = try queue.get()
                    done.add(1)
                    try queue.taskDone()
                }
            }
        }
        for worker in workers { try worker.start() }
        expect(try queue.join(timeout: .seconds(20)), "it is not done")
        expectEqual(done.value, 20)
        for worker in workers {
            worker.kill()
            try worker.join()
        }
        // Clients that were killed while waiting take nothing with them.
        try queue.put(1)
        expectEqual(try queue.get(timeout: .seconds(20)), 1)
    }
    scenario("managerSemaphoreLetsInSoManyAtATime") {
        let manager = try Manager()
        let (semaphore, inside) = (try manager.boundedSemaphore(2), SharedCounter())
        try inChildren(5) { _ in
            for _ in 0..<20 {
                try semaphore.acquire()
                expect(inside.add(1) <= 2, "too many are inside")
                inside.add(-1)
                try semaphore.release()
            }
        }
        expectEqual(try semaphore.value, 2)
        expectThrows(.requestFailed) { try semaphore.release() }
        expectThrows(.requestFailed) { try semaphore.release(0) }
        let plain = try manager.semaphore(0)
        expect(try !plain.acquire(timeout: .zero) && !plain.acquire(timeout: .milliseconds(20)), "none is there")
        try plain.release(3)
        expect(try plain.acquire() && plain.acquire(timeout: .zero), "two of three")
        expectEqual(try plain.value, 1)
        expectThrows(.invalidState) { try manager.semaphore(-1) }
        expectEqual(try plain.withSemaphore { try plain.value }, 0)
        do {
            try plain.withSemaphore { throw Mishap() }
        } catch {
            expect(error is Mishap, "thrown was \(error)")
        }
        expectEqual(try plain.value, 1)
    }
    scenario("managerEventWakesAllWhoWait") {
        let manager = try Manager()
        let event = try manager.event()
        expect(try !event.isSet && !event.wait(timeout: .zero) && !event.wait(timeout: .milliseconds(20)), "it is set")
        let children = (0..<4).map { _ in Process { expect(try event.wait(timeout: .seconds(20)), "it was not set") } }
        for child in children { try child.start() }
        try event.set()
        for child in children { expectEqual(try child.join(timeout: promptly), .exited(0)) }
        expect(try event.isSet && event.wait(), "it is not set")
        try event.clear()
        expect(try !event.isSet, "it is set")
    }
    scenario("managerBarrierLetsAllPassTogether") {
        let manager = try Manager()
        let (barrier, arrived, indices) = (try manager.barrier(parties: 3), SharedCounter(), SharedLog())
        try inChildren(3) { _ in
            for round in 1...10 {
                arrived.add(1)
                indices.append(try barrier.wait())
                expect(arrived.value >= round * 3, "someone has passed alone")
                try barrier.wait()
            }
        }
        expectEqual(indices.values.sorted(), (0..<30).map { $0 / 10 })
        expectEqual(try barrier.waitingCount, 0)
        expectEqual(try manager.barrier(parties: 1).wait(), 0)
        expectThrows(.invalidState) { try manager.barrier(parties: 0) }
    }
    scenario("managerBarrierHasATimeoutForAllWaits") {
        let manager = try Manager()
        let barrier = try manager.barrier(parties: 2, timeout: .milliseconds(50))
        try manager.publish(barrier, as: "barrier")
        expectEqual(try barrier.parties, 2)
        let found = try require(try manager.find("barrier", as: BarrierProxy.self))
        let error = expectThrows(.brokenBarrier) { try found.wait() }
        expect(error != nil, "the other party never comes")
        try barrier.reset()
        // A wait with its own timeout uses that.
        let child = Process { try barrier.wait(timeout: .seconds(20)) }
        try child.start()
        usleep(200_000)
        expect(try !barrier.isBroken, "the barrier's own time was taken")
        _ = try barrier.wait()
        expectEqual(try child.join(timeout: promptly), .exited(0))
    }
    scenario("partyThatGivesUpOrDiesBreaksTheBarrier") {
        let manager = try Manager()
        let barrier = try manager.barrier(parties: 3)
        for isKilled in [true, false] {
            let patient = Process { expectThrows(.brokenBarrier) { try barrier.wait(timeout: .seconds(20)) } }
            try patient.start()
            expect(try eventually { try barrier.waitingCount == 1 }, "no process waits")
            if isKilled {
                let victim = Process { _ = try barrier.wait() }
                try victim.start()
                expect(try eventually { try barrier.waitingCount == 2 }, "one waits")
                victim.kill()
                try victim.join()
            } else {
                expectThrows(.brokenBarrier) { try barrier.wait(timeout: .milliseconds(20)) }
            }
            expectEqual(try patient.join(timeout: promptly), .exited(0))
            expect(try barrier.isBroken, "it is whole")
            expectThrows(.brokenBarrier) { try barrier.wait() }
            try barrier.reset()
            expect(try !barrier.isBroken, "it is broken")
        }
        expectThrows(.brokenBarrier) { try barrier.wait(timeout: .zero) }
        try barrier.reset()
        let waiting = Process { expectThrows(.brokenBarrier) { try barrier.wait() } }
        try waiting.start()
        expect(try eventually { try barrier.waitingCount == 1 }, "no process waits")
        try barrier.abort()
        expectEqual(try waiting.join(timeout: promptly), .exited(0))
    }
    scenario("removingAnObjectTellsThoseWhoWaitThere") {
        let manager = try Manager()
        let (event, queue) = (try manager.event(), try manager.queue(of: Int.self, maxSize: 1))
        let (lock, condition) = (try manager.lock(), try manager.condition())
        try queue.put(1)
        try lock.acquire()
        let waits: [(ManagerProxy, () throws -> Void)] = [
            (event, { _ = try event.wait() }), (queue, { _ = try queue.put(2) }), (lock, { _ = try lock.acquire() }),
            (condition, { _ = try condition.withLock { _ in try condition.wait() } }),
        ]
        for (proxy, wait) in waits {
            let child = try startedWaiting(for: manager) {
                expectText(of: expectThrows(.requestFailed, wait), contains: "removed")
            }
            try manager.remove(proxy)
            expectEqual(try child.join(timeout: promptly), .exited(0))
        }
    }
}
