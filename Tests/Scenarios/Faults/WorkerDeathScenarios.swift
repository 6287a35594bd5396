@preconcurrency import Glibc
import Multiprocessing

func workerDeathScenarios() {
    timeoutScenarios()
    cancelScenarios()
    longTaskScenarios()
    raceScenarios()
    scenario("workerKilledMidTaskIsReplacedAndTheTaskRunAgain") {
        let runs = SharedLog()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 5 {
                runs.append(Int(getpid()))
                if runs.total == 1 { raise(SIGKILL) }
            }
            return number * 2
        }
        for number in 0..<10 { try pool.submit(number) }
        var seen: [UInt64: Int] = [:]
        while let completion = try pool.nextCompletion() {
            seen[completion.task] = try completion.result.get()
            expectEqual(completion.attempts, completion.task == 6 ? 2 : 1, "attempts of task \(completion.task):")
            if completion.task == 6 { expectEqual(Int(completion.worker), runs.values.last) }
        }
        expectEqual(seen, Dictionary(uniqueKeysWithValues: (0..<10).map { (UInt64($0 + 1), $0 * 2) }))
        expectEqual(runs.total, 2)
        expectEqual(Set(runs.values).count, 2)
    }
    scenario("workerThatWritesAnInvalidMessageIsKilledAndReplaced") {
        let runs = SharedCounter()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 3 {
                runs.add(1)
                let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: 0xF0 + runs.value), count: 1000)
                for (socket, target) in openDescriptors() where target.hasPrefix("socket:") {
                    _ = write(socket, bytes, bytes.count)
                }
                pauseForever()
            }
            return number
        }
        let error = try require(expectThrows(.workerDied) { try pool.map(0..<10) })
        expectEqual(error.status, .signaled(SIGKILL))
        expectEqual(runs.value, 3)
        expectEqual(try pool.map(4..<20), Array(4..<20))
    }
    scenario("taskThatAlwaysEndsItsWorkerFailsAfterThreeAttempts") {
        let ways: [(ExitStatus, () -> Void)] = [
            (.signaled(SIGKILL), { raise(SIGKILL) }), (.signaled(SIGSEGV), { raise(SIGSEGV) }),
            (.signaled(SIGABRT), { abort() }), (.exited(3), { exit(3) }),
        ]
        for (status, crash) in ways {
            let runs = SharedLog()
            let pool = try Pool(processes: 2) { (number: Int) -> Int in
                if number == 5 {
                    runs.append(Int(getpid()))
                    crash()
                }
                return number
            }
            let error = try require(expectThrows(.workerDied) { try pool.map(0..<10) })
            expectEqual(error.task, 5)
            expectEqual(error.status, status)
            expectEqual(runs.total, 3, "attempts with \(status):")
            expectEqual(Set(runs.values).count, 3)
            expectEqual(error.pid.map { Int($0) }, runs.values.last)
            expectText(of: error, contains: "\(status)")
            expectEqual(try pool.map(6..<20), Array(6..<20))
        }
    }
    scenario("tasksThatWaitedBehindADeadlyOneAreNotBlamed") {
        let runs = SharedCounter()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == -1 {
                runs.add(1)
                raise(SIGKILL)
            }
            return number
        }
        // Many tasks are given out at a time only once the manager knows that they are short.
        _ = try pool.map(0..<5000)
        var poisons: Set<UInt64> = []
        for number in 0..<3000 {
            let isPoison = number % 1000 == 500
            let task = try pool.submit(isPoison ? -1 : number)
            if isPoison { poisons.insert(task) }
        }
        var done = 0
        while let completion = try pool.nextCompletion() {
            if poisons.contains(completion.task) {
                expectEqual(completion.attempts, 3)
                expectThrows(.workerDied) { try completion.result.get() }
            } else {
                done += 1
                expectEqual(completion.attempts, 1, "attempts of task \(completion.task):")
                _ = try completion.result.get()
            }
        }
        expectEqual(done, 2997)
        expectEqual(runs.value, 9)
    }
    scenario("workersKilledAtRandomFromOutsideLoseNoTask") {
        var random = SeededGenerator(seed: printedSeed())
        let pool = try Pool(processes: 3) { (number: Int) -> Int in
            usleep(300)
            return number * 3
        }
        for number in 0..<2000 { try pool.submit(number) }
        var (seen, kills, recent): ([UInt64: Int], Int, [Int32]) = ([:], 0, [])
        while let completion = try pool.nextCompletion() {
            seen[completion.task] = try completion.result.get()
            recent.append(completion.worker)
            // A victim that has worked: one that dies before its initializer is done counts as a failed start.
            if recent.count >= 40, let victim = recent.randomElement(using: &random) {
                recent.removeAll()
                if ProcessRecord(victim)?.parent == pool.managerPID {
                    kills += kill(victim, SIGKILL) == 0 ? 1 : 0
                }
            }
        }
        expectEqual(seen.count, 2000)
        expect(seen.allSatisfy { $0.value == (Int($0.key) - 1) * 3 }, "a task has another's output")
        expect(kills >= 20, "only \(kills) kills")
    }
    scenario("allWorkersKilledWhileIdleAreReplaced") {
        let pool = try Pool(processes: 3) { (number: Int) -> Int in number }
        for _ in 0..<5 {
            expectEqual(try pool.map(0..<30), Array(0..<30))
            // Only those that have run something are ready; the others might be killed in their initializer.
            expect(
                eventually { ProcessRecord.children(of: pool.managerPID).count == 3 }, "a worker was not replaced")
            for child in ProcessRecord.children(of: pool.managerPID) { kill(child.pid, SIGKILL) }
            for number in 0..<30 { try pool.submit(number) }
            while let completion = try pool.nextCompletion() {
                _ = try completion.result.get()
                expectEqual(completion.attempts, 1, "no worker had begun it;")
            }
        }
    }
    scenario("workerKilledWhileItSendsALargeResultIsReplaced") {
        let runs = SharedCounter()
        let pool = try Pool(processes: 1) { (count: Int) -> [UInt8] in
            runs.add(1)
            return pattern(count)
        }
        try pool.submit(64 << 20)
        // The result is larger than what may wait for the front, so the worker is still sending when it is killed.
        expect(eventually(within: .seconds(20)) { runs.value == 1 }, "the task did not begin")
        expect(
            eventually(within: .seconds(20)) { (kibibytes("VmRSS", of: pool.managerPID) ?? 0) > 24 << 10 },
            "the result did not begin to arrive")
        for child in ProcessRecord.children(of: pool.managerPID) { kill(child.pid, SIGKILL) }
        let completion = try require(try pool.nextCompletion(timeout: .seconds(30)))
        expect(try isSame(completion.result.get(), pattern(64 << 20)), "another result")
    }
    scenario("stoppedWorkerHoldsUpOnlyItsOwnTaskAndFinishesItWhenItGoesOn") {
        let begun = Doorbell()
        let stopped = SharedCounter()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 0 {
                stopped.set(Int(getpid()))
                begun.ring()
                raise(SIGSTOP)
            }
            return number
        }
        try pool.submit(0)
        expect(begun.wait(), "the task did not begin")
        for number in 1..<200 { try pool.submit(number) }
        var others = 0
        while others < 199, try pool.nextCompletion(timeout: .seconds(2)) != nil { others += 1 }
        expectEqual(others, 199, "tasks done while one worker is stopped:")
        kill(Int32(stopped.value), SIGCONT)
        while let completion = try pool.nextCompletion(timeout: .seconds(20)) {
            expectEqual(completion.attempts, 1)
            others += 1
        }
        expectEqual(others, 200)
    }
}
