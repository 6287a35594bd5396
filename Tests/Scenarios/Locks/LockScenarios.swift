@preconcurrency import Glibc
import Multiprocessing

func lockScenarios() {
    scenario("eightProcessesIncrementUnderALockAndNoIncrementIsLost") {
        let (lock, total) = (try Lock(), try RawSharedValue(0))
        try expectAllEndWell(
            startProcesses(8) { _ in
                for _ in 0..<10_000 {
                    try lock.withLock { total.value += 1 }
                }
            })
        expectEqual(total.value, 80_000)
    }
    scenario("threadsOfTwoProcessesExcludeEachOther") {
        let (lock, total) = (try Lock(), try RawSharedValue(0))
        func work() throws {
            for _ in 0..<5000 {
                try lock.acquire()
                total.value += 1
                try lock.release()
            }
        }
        let child = Process { BodyThread.join((0..<3).map { _ in BodyThread(work) }) }
        try child.start()
        BodyThread.join((0..<3).map { _ in BodyThread(work) })
        try expectAllEndWell([child])
        expectEqual(total.value, 30_000)
    }
    scenario("acquireReturnsOnATimeout") {
        let (lock, held, done) = (try Lock(), Doorbell(), Doorbell())
        let child = Process {
            try lock.withLock {
                held.ring()
                expect(done.wait(), "no ring came")
            }
        }
        try child.start()
        expect(held.wait(), "the child does not have the lock")
        expectEqual(try lock.acquire(timeout: .zero), nil)
        expectEqual(try lock.acquire(timeout: .seconds(-3)), nil)
        try expectTakes(atLeast: .milliseconds(50)) {
            expectEqual(try lock.acquire(timeout: .milliseconds(50)), nil)
        }
        // Longer than the lock ever sleeps at a time.
        try expectTakes(atLeast: .milliseconds(1100)) {
            expectEqual(try lock.acquire(timeout: .milliseconds(1100)), nil)
        }
        expectThrows(.invalidState) { try lock.release() }
        done.ring()
        expectEqual(try lock.acquire(timeout: .seconds(20)), .acquired)
        try lock.release()
        expectEqual(try lock.acquire(timeout: .zero), .acquired)
        try lock.release()
        try expectAllEndWell([child])
    }
    scenario("blockedAcquireGetsTheLockWhenItIsReleased") {
        let lock = try Lock()
        for timeout in [nil, Duration.seconds(20)] {
            try lock.acquire()
            let child = try startSleeper {
                expectEqual(try lock.acquire(timeout: timeout), .acquired)
                try lock.release()
            }
            try lock.release()
            try expectAllEndWell([child])
        }
    }
    scenario("acquiringTwiceInOneThreadIsAnErrorAtOnce") {
        let lock = try Lock()
        try lock.acquire()
        expectThrows(.invalidState) { try lock.acquire() }
        expectThrows(.invalidState) { try lock.acquire(timeout: .seconds(60)) }
        expectThrows(.invalidState) { try lock.withLock {} }
        try lock.release()
        expectThrows(.invalidState) { try lock.withLock { try lock.withLock {} } }
        expectEqual(try lock.acquire(timeout: .zero), .acquired)
        try lock.release()
    }
    scenario("releaseByANonHolderIsAnErrorAndChangesNothing") {
        let lock = try Lock()
        expectThrows(.invalidState) { try lock.release() }
        try lock.acquire()
        try inChild { expectThrows(.invalidState) { try lock.release() } }
        BodyThread.join([BodyThread { expectThrows(.invalidState) { try lock.release() } }])
        try inChild { expectEqual(try lock.acquire(timeout: .zero), nil) }
        try lock.release()
        expectThrows(.invalidState) { try lock.release() }
        expectEqual(try lock.acquire(), .acquired)
        try lock.release()
    }
    scenario("childDoesNotHoldWhatItsParentHeldWhenItWasForked") {
        let (lock, other) = (try Lock(), try Lock())
        try lock.acquire()
        let child = Process {
            expectEqual(try lock.acquire(timeout: .zero), nil)
            // The child has its own list of held mutexes: other locks work, and its end changes nothing.
            for _ in 0..<100 { try other.withLock {} }
            try other.acquire()
        }
        try child.start()
        try expectAllEndWell([child])
        expectEqual(try other.acquire(timeout: .zero), .recovered)
        try other.release()
        try inChild { expectEqual(try lock.acquire(timeout: .zero), nil) }
        try lock.release()
        try inChild { expectEqual(try lock.acquire(timeout: .zero), .acquired) }
    }
    scenario("withLockReleasesWhateverItsBodyDoes") {
        let lock = try Lock()
        expectEqual(try lock.withLock { 5 }, 5)
        expectEqual(try lock.withLock { acquisition in acquisition }, .acquired)
        do {
            try lock.withLock { throw Mishap() }
            expect(false, "nothing was thrown")
        } catch {
            expect(error is Mishap, "thrown was \(error)")
        }
        do {
            try lock.withLock { (_: Acquisition) in throw Mishap(description: "the second") }
            expect(false, "nothing was thrown")
        } catch {
            expectEqual("\(error)", "the second")
        }
        expectThrows(.endOfFile) { try lock.withLock { try receiveFromNobody() } }
        expectThrows(.invalidState) { try lock.withLock { try lock.release() } }
        do {
            // The body's own error is reported, not that there was nothing to release.
            try lock.withLock {
                try lock.release()
                throw Mishap()
            }
        } catch {
            expect(error is Mishap, "thrown was \(error)")
        }
        expectEqual(try lock.acquire(timeout: .zero), .acquired)
        try lock.release()
    }
    scenario("withLockKeepsTheTypeOfTheErrorWhereItCan") {
        let lock = try Lock()
        // The test is that these compile.
        func bodyThatThrowsNothing() throws(MultiprocessingError) -> Int {
            try lock.withLock { 1 }
        }
        func bodyThatThrowsTheLibrarysError() throws(MultiprocessingError) {
            try lock.withLock { () throws(MultiprocessingError) in try receiveFromNobody() }
        }
        func bodyWithTheAcquisition() throws(MultiprocessingError) -> Bool {
            try lock.withLock { $0 == .acquired }
        }
        expectEqual(try bodyThatThrowsNothing(), 1)
        expectThrows(.endOfFile) { try bodyThatThrowsTheLibrarysError() }
        expectEqual(try bodyWithTheAcquisition(), true)
    }
    scenario("stormOfSignalsDoesNotDisturbAcquire") {
        let lock = try Lock()
        let child = Process {
            for _ in 0..<20 {
                try lock.withLock { _ = usleep(5000) }
            }
        }
        try child.start()
        try withStormOfSignals(everyMicroseconds: 300) {
            for _ in 0..<200 {
                expectEqual(try lock.acquire(), .acquired)
                usleep(100)
                try lock.release()
            }
            try lock.acquire()
            expectThrows(.invalidState) { try lock.acquire() }
            try lock.release()
        }
        expect(signalsSeen > 5, "only \(signalsSeen) signals came")
        try expectAllEndWell([child])
    }
}

func receiveFromNobody() throws(MultiprocessingError) {
    let pipe = try Pipe()
    pipe.second.close()
    _ = try pipe.first.receive(Int.self)
}

func recursiveLockScenarios() {
    scenario("recursiveLockIsFreeOnlyAfterAsManyReleases") {
        let lock = try RLock()
        for depth in 1...5 {
            expectEqual(try lock.acquire(), .acquired)
            if depth == 3 {
                expectEqual(try lock.acquire(timeout: .zero), .acquired)
                try lock.release()
            }
        }
        for _ in 0..<5 {
            try inChild {
                expectEqual(try lock.acquire(timeout: .zero), nil)
                expectThrows(.invalidState) { try lock.release() }
            }
            BodyThread.join([BodyThread { expectThrows(.invalidState) { try lock.release() } }])
            try lock.release()
        }
        expectThrows(.invalidState) { try lock.release() }
        try inChild { expectEqual(try lock.acquire(timeout: .zero), .acquired) }
    }
    scenario("processesIncrementUnderARecursiveLockTakenTwice") {
        let (lock, total) = (try RLock(), try RawSharedValue(0))
        try expectAllEndWell(
            startProcesses(4) { _ in
                for _ in 0..<5000 {
                    try lock.withLock { try lock.withLock { total.value += 1 } }
                }
            })
        expectEqual(total.value, 20_000)
    }
    scenario("recursiveLockOfAKilledHolderIsRecoveredAndItsDepthForgotten") {
        let (lock, held) = (try RLock(), Doorbell())
        let child = Process {
            for _ in 0..<3 { try lock.acquire() }
            held.ring()
            pauseForever()
        }
        try child.start()
        expect(held.wait(), "the child does not have the lock")
        expectEqual(try lock.acquire(timeout: .milliseconds(20)), nil)
        try killAndReap(child)
        expectEqual(try lock.acquire(timeout: promptly), .recovered)
        expectEqual(try lock.acquire(), .acquired, "it is told once;")
        expect(lock.isRecovered, "still the same turn")
        try lock.release()
        try inChild { expectEqual(try lock.acquire(timeout: .zero), nil) }
        try lock.release()
        try inChild {
            expectEqual(try lock.acquire(timeout: .zero), .acquired)
            expect(!lock.isRecovered, "another turn")
            try lock.release()
        }
    }
}
