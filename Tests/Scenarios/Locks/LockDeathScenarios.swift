@preconcurrency import Glibc
import Multiprocessing

func lockDeathScenarios() {
    scenario("lockOfAKilledHolderGoesToTheNextWhoIsToldSo") {
        let (lock, held) = (try Lock(), Doorbell())
        // Each gets it from a killed process, and is killed itself.
        for turn in 0..<5 {
            let child = Process {
                expectEqual(try lock.acquire(), turn == 0 ? .acquired : .recovered)
                expectEqual(lock.isRecovered, turn > 0)
                held.ring()
                pauseForever()
            }
            try child.start()
            expect(held.wait(), "the child does not have the lock")
            try killAndReap(child)
        }
        expectEqual(try lock.acquire(timeout: .zero), .recovered)
        try lock.release()
        expectEqual(try lock.acquire(timeout: .zero), .acquired, "it is told once;")
        expect(!lock.isRecovered, "another turn")
        try lock.release()
    }
    scenario("blockedAcquireIsToldPromptlyThatTheHolderWasKilled") {
        let (lock, held) = (try Lock(), Doorbell())
        for timeout in [nil, Duration.seconds(60)] {
            let child = Process {
                _ = try lock.acquire()
                held.ring()
                pauseForever()
            }
            try child.start()
            expect(held.wait(), "the child does not have the lock")
            let waiters = try (0..<3).map { _ in
                try startSleeper {
                    let acquisition = try require(try lock.acquire(timeout: timeout))
                    try lock.release()
                    Process.exit(acquisition == .recovered ? 1 : 0)
                }
            }
            let start = ContinuousClock.now
            try killAndReap(child)
            let codes = try waiters.map { try $0.join(timeout: .seconds(20)) }
            expectPrompt(since: start)
            expectEqual(codes.filter { $0 == .exited(1) }.count, 1, "one is told: \(codes);")
            expectEqual(codes.filter { $0 == .exited(0) }.count, 2, "\(codes);")
        }
    }
    scenario("lockOfAHolderThatEndsByItselfIsRecoveredToo") {
        let lock = try Lock()
        let ends: [() throws -> Void] = [
            {}, { Process.exit(0) }, { throw Mishap() }, { _exit(0) }, { abort() },
            {
                var arguments = [strdup("true"), nil]
                execv("/bin/true", &arguments)
            },
        ]
        for (number, end) in ends.enumerated() {
            _ = try captured(2) {
                let child = Process {
                    expectEqual(try lock.acquire(), .acquired)
                    try end()
                }
                try child.start()
                try child.join()
            }
            expectEqual(try lock.acquire(timeout: .zero), .recovered, "end \(number);")
            try lock.release()
        }
        // A thread whose process continues.
        BodyThread.join([BodyThread { try lock.acquire() }])
        expectEqual(try lock.acquire(timeout: promptly), .recovered)
        try lock.release()
    }
    scenario("bodyOfWithLockIsToldOfTheRecovery") {
        let lock = try Lock()
        let child = Process {
            try lock.acquire()
            raise(SIGKILL)
        }
        try child.start()
        expectEqual(try child.join(), .signaled(SIGKILL))
        expectEqual(try lock.withLock { $0 }, .recovered)
        expectEqual(try lock.withLock { $0 }, .acquired)
    }
    scenario("recoveryIsLoggedOnce") {
        let lock = try Lock()
        let child = Process { try lock.acquire() }
        try child.start()
        try child.join()
        let text = try captured(2) {
            logToStandardError(level: .warning)
            for _ in 0..<5 { try lock.withLock {} }
            setLogger(nil)
        }
        expectEqual(text.split(separator: "\n").filter { $0.contains("warning") }.count, 1, text)
        expectText(of: Mishap(description: text), contains: "without releasing it")
    }
    scenario("waiterKilledWhileItWaitsForALockDisturbsNoOther") {
        for recursive in [false, true] {
            let lock: any Acquirable = recursive ? try RLock() : try Lock()
            try lock.acquire()
            let waiters = try (0..<4).map { _ in try startSleeper { try lock.withLock {} } }
            try killAndReap(waiters[0], waiters[2])
            try lock.release()
            try expectAllEndWell([waiters[1], waiters[3]])
            expectEqual(try lock.acquire(timeout: .zero), .acquired)
            try lock.release()
        }
    }
    scenario("holdersKilledAtRandomMomentsTwoHundredTimesWhileOthersGoOn") {
        var generator = SeededGenerator(seed: printedSeed())
        let (lock, turns) = (try Lock(), SharedCounter())
        let recoveries = SharedCounter()
        let pair = try RawSharedArray(repeating: 0, count: 2)
        func work() throws {
            while true {
                try lock.withLock { acquisition in
                    if acquisition == .recovered {
                        recoveries.add(1)
                        pair[1] = pair[0]
                    }
                    expectEqual(pair[0], pair[1], "two counters, changed under one lock;")
                    pair[0] += 1
                    for _ in 0..<200 { withExtendedLifetime(pair) {} }
                    pair[1] += 1
                }
                turns.add(1)
            }
        }
        var workers = try startProcesses(4) { _ in try work() }
        for _ in 0..<200 {
            let victim = Int.random(in: 0..<4, using: &generator)
            usleep(UInt32.random(in: 0..<3000, using: &generator))
            try killAndReap(workers[victim])
            let before = turns.value
            expect(eventually(within: promptly) { turns.value > before + 3 }, "no process continues")
            workers[victim] = try startProcesses(1) { _ in try work() }[0]
        }
        for worker in workers { try killAndReap(worker) }
        print("\(recoveries.value) recoveries, \(turns.value) turns")
        expect(recoveries.value > 0, "no holder was killed")
        // The process that was killed last may have held it.
        expect(try lock.acquire(timeout: promptly) != nil, "the lock is lost")
        try lock.release()
    }
}
