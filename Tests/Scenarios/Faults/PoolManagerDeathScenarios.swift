@preconcurrency import Glibc
import Multiprocessing

func poolManagerDeathScenarios() {
    scenario("mapFailsAtOnceWhenTheManagerIsKilled") {
        try expectManagerDied { pool in
            _ = try pool.map(0..<100)
        }
    }
    scenario("imapFailsAtOnceWhenTheManagerIsKilled") {
        try expectManagerDied { pool in
            var results = pool.imap(0..<100)
            while try results.next() != nil {}
        }
    }
    scenario("imapUnorderedFailsAtOnceWhenTheManagerIsKilled") {
        try expectManagerDied { pool in
            var results = pool.imapUnordered(0..<100)
            while try results.next() != nil {}
        }
    }
    scenario("applyFailsAtOnceWhenTheManagerIsKilled") {
        try expectManagerDied { pool in
            _ = try pool.apply(50)
        }
    }
    scenario("nextCompletionFailsAtOnceWhenTheManagerIsKilled") {
        try expectManagerDied { pool in
            for number in 0..<100 { try pool.submit(number) }
            while try pool.nextCompletion(timeout: .seconds(20)) != nil {}
        }
    }
    scenario("joinFailsAtOnceWhenTheManagerIsKilled") {
        try expectManagerDied { pool in
            for number in 0..<100 { try pool.submit(number) }
            pool.close()
            try pool.join()
        }
    }
    scenario("waitIsReadyWhenTheManagerIsKilled") {
        let lifeline = Lifeline()
        let pool = try Pool(processes: 2) { (number: Int) in number }
        expectEqual(try pool.map([1]), [1])
        kill(pool.managerPID, SIGKILL)
        let start = ContinuousClock.now
        expectEqual(try Multiprocessing.wait(for: [pool], timeout: .seconds(20)), [0])
        expectPrompt(since: start)
        expectThrows(.managerDied) { try pool.apply(1) }
        expectEqual(try Multiprocessing.wait(for: [pool], timeout: .seconds(20)), [0])
        expect(lifeline.allEnded(), "workers outlive their manager")
    }
    scenario("managerKilledWhileIdleFailsTheNextUse") {
        let lifeline = Lifeline()
        let pool = try Pool(processes: 2) { (number: Int) in number }
        expectEqual(try pool.map([1]), [1])
        kill(pool.managerPID, SIGKILL)
        expect(lifeline.allEnded(), "workers outlive their manager")
        expectThrows(.managerDied) { try pool.map(0..<100_000) }
        expectThrows(.managerDied) { try pool.submit(1) }
        pool.terminate()
    }
    scenario("resultsSentBeforeTheManagerDiedAreNotLost") {
        let pool = try Pool(processes: 1) { (number: Int) in number }
        let task = try pool.submit(7)
        expectEqual(try Multiprocessing.wait(for: [pool], timeout: .seconds(20)), [0])
        kill(pool.managerPID, SIGKILL)
        expect(eventually { ProcessRecord(pool.managerPID)?.isZombie ?? true }, "the manager runs on")
        let completion = try require(try pool.nextCompletion(timeout: .seconds(20)))
        expectEqual(completion.task, task)
        expectEqual(try completion.result.get(), 7)
    }
    scenario("stoppedManagerGoesOnWhereItWas") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        expectEqual(try pool.map([1]), [1])
        kill(pool.managerPID, SIGSTOP)
        for number in 0..<1000 { try pool.submit(number) }
        expect(try pool.nextCompletion(timeout: .milliseconds(50)) == nil, "a result without a manager")
        kill(pool.managerPID, SIGCONT)
        var seen: [Int] = []
        while let completion = try pool.nextCompletion() { seen.append(try completion.result.get()) }
        expectEqual(seen.sorted(), Array(0..<1000))
    }
}

/// Uses a pool whose 50th task kills the manager, and expects the typed error soon after, and no process left.
private func expectManagerDied(_ use: (Pool<Int, Int>) throws -> Void) throws {
    let (lifeline, killedAt) = (Lifeline(), SharedCounter())
    let pool = try Pool(processes: 2) { (number: Int) -> Int in
        if number == 50 {
            killedAt.set(monotonicMilliseconds())
            kill(getppid(), SIGKILL)
            pauseForever()
        }
        return number
    }
    let error = try require(expectThrows(.managerDied) { try use(pool) })
    let elapsed = Duration.milliseconds(monotonicMilliseconds() - killedAt.value)
    expect(elapsed < promptly, "the error came \(elapsed) after the kill")
    expectEqual(error.pid, pool.managerPID)
    expectEqual(error.status, .signaled(SIGKILL))
    expect(lifeline.allEnded(), "workers outlive their manager")
    expectThrows(.managerDied) { try pool.apply(1) }
    pool.terminate()
}

private func monotonicMilliseconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}
