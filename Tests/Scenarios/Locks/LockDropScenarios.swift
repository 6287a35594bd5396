@preconcurrency import Glibc
import Multiprocessing

func lockDropScenarios() {
    scenario("lockDroppedByItsHolderIsReleasedAndTheNextIsTold") {
        let way = try Pipe()
        let (dropped, done) = (Doorbell(), Doorbell())
        let child = Process {
            do {
                let lock = try way.second.receive(Lock.self)
                try lock.acquire()
            }
            // If the list of held mutexes led into unmapped memory, the process would end here.
            for _ in 0..<50 {
                let locks = try (0..<10).map { _ in try Lock() }
                for lock in locks { try lock.acquire() }
                for lock in locks.reversed() { try lock.release() }
            }
            dropped.ring()
            expect(done.wait(), "no ring came")
        }
        try child.start()
        let lock = try Lock()
        try way.first.send(lock)
        expect(dropped.wait(), "the child has not dropped the lock")
        expectEqual(try lock.acquire(timeout: .zero), .recovered)
        try lock.release()
        expectEqual(try lock.acquire(timeout: .zero), .acquired)
        try lock.release()
        done.ring()
        try expectAllEndWell([child])
    }
    scenario("recursiveLockDroppedByItsHolderAtSomeDepthIsReleased") {
        let way = try Pipe()
        let lock = try RLock()
        try way.first.send(lock)
        do {
            let mine = try way.second.receive(RLock.self)
            for _ in 0..<3 { try mine.acquire() }
        }
        try inChild { expectEqual(try lock.acquire(timeout: .zero), .recovered) }
    }
    scenario("lockDroppedWhileAnotherThreadHoldsItStaysHeld") {
        // In a child, because the memory must be left behind.
        try inChild {
            let way = try Pipe()
            let lock = try Lock()
            try way.first.send(lock)
            let (held, done) = (Doorbell(), Doorbell())
            var received: Lock? = try way.second.receive(Lock.self)
            let thread = BodyThread {
                try received?.acquire()
                held.ring()
                expect(done.wait(), "no ring came")
                let others = try (0..<20).map { _ in try Lock() }
                for other in others { try other.acquire() }
                for other in others { try other.release() }
            }
            expect(held.wait(), "the thread does not have the lock")
            let (descriptors, mappings) = (openDescriptors().count, mappingCount())
            received = nil
            // Its memory must stay: only the thread can release it.
            expectEqual(openDescriptors().count, descriptors)
            expectEqual(mappingCount(), mappings)
            expectEqual(try lock.acquire(timeout: .zero), nil)
            done.ring()
            BodyThread.join([thread])
            expectEqual(try lock.acquire(timeout: promptly), .recovered)
            try lock.release()
        }
    }
    scenario("objectsForOneLockInOneProcessDoNotDisturbEachOther") {
        let way = try Pipe()
        let lock = try Lock()
        func another() throws -> Lock {
            try way.first.send(lock)
            return try way.second.receive(Lock.self)
        }
        // Held through one object, while another is released.
        try lock.acquire()
        _ = try another()
        do {
            let alias = try another()
            expectThrows(.invalidState) { try alias.acquire() }
        }
        try inChild { expectEqual(try lock.acquire(timeout: .zero), nil) }
        // Released through an object that did not acquire it.
        try another().release()
        expectEqual(try lock.acquire(), .acquired)
        try lock.release()
        // Acquired and released through one object, acquired through another; the first object is dropped.
        var first: Lock? = try another()
        try first?.acquire()
        try first?.release()
        try lock.acquire()
        first = nil
        try inChild { expectEqual(try lock.acquire(timeout: .zero), nil) }
        try lock.release()
        // The same, but released through another object.
        first = try another()
        try first?.acquire()
        try lock.release()
        try lock.acquire()
        first = nil
        try inChild { expectEqual(try lock.acquire(timeout: .zero), nil) }
        try lock.release()
        expectEqual(try lock.acquire(timeout: .zero), .acquired)
        try lock.release()
    }
    scenario("lockDroppedByAChildStaysHeldByItsParent") {
        let way = try Pipe()
        let lock = try Lock()
        try way.first.send(lock)
        var held: Lock? = try way.second.receive(Lock.self)
        try held?.acquire()
        try inChild {
            let (descriptors, mappings) = (openDescriptors().count, mappingCount())
            held = nil
            // The other object of the lock still has its memory.
            expectEqual(openDescriptors().count, descriptors)
            expectEqual(mappingCount(), mappings)
            expectEqual(try lock.acquire(timeout: .zero), nil)
        }
        try inChild { expectEqual(try lock.acquire(timeout: .zero), nil) }
        try held?.release()
        expectEqual(try lock.acquire(timeout: .zero), .acquired)
        try lock.release()
    }
    scenario("aThousandObjectsMadeAndDroppedLeaveNothing") {
        let makers: [() throws -> Void] = [
            { try Lock().withLock {} }, { try RLock().withLock {} }, { try Semaphore(1).withSemaphore {} },
            { try BoundedSemaphore(1).withSemaphore {} }, { try Event().set() },
            {
                let condition = try Condition()
                try condition.withLock { _ = try condition.wait(timeout: .zero) }
            },
            {
                let condition = try Condition(lock: RLock())
                try condition.withLock { try condition.notifyAll() }
            },
            { _ = try Barrier(parties: 1).wait() }, { try SharedValue(1).withLock { $0 += 1 } },
            { try SharedArray(0..<10)[3] = 4 }, { try RawSharedValue(1).value += 1 },
            { try RawSharedArray(0..<2000)[1999] = 4 }, { try SharedAtomic(1).add(1) },
        ]
        try expectNoGrowth(warmUp: 2 * makers.count, turns: 1000) { turn in try makers[turn % makers.count]() }
        let before = openDescriptors().count
        let kept = try (0..<100).map { _ in try Lock() }
        expectEqual(openDescriptors().count, before + 1, "one descriptor for \(kept.count) objects;")
    }
}
