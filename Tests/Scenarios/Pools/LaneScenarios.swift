@preconcurrency import Glibc
import Multiprocessing

func laneScenarios() {
    scenario("resultsOfALaneComeInTheOrderOfItsTasks") {
        var random = SeededGenerator(seed: printedSeed())
        let pool = try Pool(processes: 3, maxTasksPerWorker: 50) { (pause: Int) -> Int in
            usleep(UInt32(pause))
            if pause == 13 { throw Mishap() }
            return pause
        }
        let pauses = (0..<400).map { _ in Int.random(in: 0..<8, using: &random) < 7 ? 13 : 900 }
        for pause in pauses { try pool.submit(pause, lane: 7) }
        for (position, pause) in pauses.enumerated() {
            let completion = try require(try pool.nextCompletion())
            expectEqual(completion.task, UInt64(position + 1))
            expectEqual(try? completion.result.get(), pause == 13 ? nil : pause)
        }
        expect(try pool.nextCompletion() == nil, "a completion too many")
    }
    scenario("earlyResultsOfALaneWakeNoProcessAndComeInOneMessage") {
        let (pool, go) = try poolThatWaits()
        try pool.submit(0, lane: 0)
        for number in 1..<50 { try pool.submit(number, lane: 0) }
        // The same worker runs it after those of the lane: the manager has their results before this one.
        let last = try pool.submit(50)
        expectEqual(try pool.nextCompletion()?.task, last)
        expect(try pool.nextCompletion(timeout: .zero) == nil, "a result in front of that of the first task")
        expectEqual(try Multiprocessing.wait(for: [pool], timeout: .milliseconds(20)), [])
        go.ring()
        expectEqual(try pool.nextCompletion()?.task, 1)
        for task: UInt64 in 2...50 { expectEqual(try pool.nextCompletion(timeout: .zero)?.task, task) }
    }
    scenario("lanesDoNotWaitForEachOther") {
        let (pool, go) = try poolThatWaits()
        let head = try pool.submit(0, lane: 1)
        let behind = try (1..<20).map { try pool.submit($0, lane: 1) }
        let beside = try (1..<40).map { try pool.submit($0, lane: $0 % 2 * 1000) }
        expectEqual(try (1..<40).map { _ in try pool.nextCompletion()?.task }, beside)
        expect(try pool.nextCompletion(timeout: .zero) == nil, "a result in front of that of the first task")
        go.ring()
        expectEqual(try (0..<20).map { _ in try pool.nextCompletion()?.task }, [head] + behind)
        expect(try pool.nextCompletion() == nil, "a completion too many")
    }
    scenario("aLaneWaitsWhileItsFirstTaskIsRunAgain") {
        let (begun, go, runs) = (Doorbell(), Doorbell(), SharedLog())
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 0 {
                runs.append(Int(getpid()))
                begun.ring()
                expect(go.wait(), "no ring came")
            }
            return number
        }
        for number in 0..<30 { try pool.submit(number, lane: 0) }
        let beside = try pool.submit(30)
        for _ in 0..<2 {
            expect(begun.wait(), "no task began")
            kill(Int32(try require(runs.values.last)), SIGKILL)
        }
        expect(begun.wait(), "no task began a third time")
        expectEqual(try pool.nextCompletion()?.task, beside)
        go.ring()
        for number in 0..<30 {
            let completion = try require(try pool.nextCompletion())
            expectEqual(try completion.result.get(), number)
            expectEqual(completion.attempts, number == 0 ? 3 : 1)
        }
    }
    scenario("whateverEndsATaskIsItsResultInTheLane") {
        let begun = Doorbell()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            switch number {
            case 0, 5:
                begun.ring()
                pauseForever()
            case 9: throw Mishap()
            case 12: raise(SIGKILL)
            default: break
            }
            return number
        }
        for number in 0..<20 {
            try pool.submit(number, timeout: number == 5 ? .milliseconds(20) : nil, lane: 3)
        }
        expect(begun.wait(), "no task began")
        expect(
            try pool.nextCompletion(timeout: .milliseconds(50)) == nil, "a result in front of that of the first task")
        pool.cancel(task: 18)
        pool.cancel(task: 1)
        for number in 0..<20 {
            let completion = try require(try pool.nextCompletion())
            expectEqual(completion.task, UInt64(number + 1))
            let codes: [Int: MultiprocessingError.Code] = [
                0: .cancelled, 5: .taskTimedOut, 9: .taskFailed, 12: .workerDied,
            ]
            if let code = codes[number] {
                expectThrows(code) { try completion.result.get() }
            } else if number != 17 {
                // That one may have been done before.
                expectEqual(try completion.result.get(), number)
            }
        }
        expect(try pool.nextCompletion() == nil, "a completion too many")
    }
    scenario("resultsThatWaitForTheirTurnTakeBoundedMemory") {
        let (go, begun) = (Doorbell(), SharedCounter())
        let pool = try Pool(processes: 3) { (number: Int) -> [UInt8] in
            begun.add(1)
            if number == 0 { expect(go.wait(), "no ring came") }
            return [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number < 0 ? 0 : 256 << 10)
        }
        for number in 0..<1000 { try pool.submit(number, lane: 0) }
        let last = expectQuiet(begun)
        expect((2..<300).contains(last), "\(last) tasks of 1,000 ran while the first one did")
        // The idle workers die too.
        for worker in ProcessRecord.children(of: pool.managerPID) { kill(worker.pid, SIGKILL) }
        expect(eventually { begun.value > last }, "the first task is not run again")
        _ = expectQuiet(begun)
        expect(try pool.nextCompletion(timeout: .zero) == nil, "a result in front of that of the first task")
        go.ring()
        for number in 0..<1000 {
            let completion = try require(try pool.nextCompletion(timeout: .seconds(30)))
            let expected = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 256 << 10)
            expect(isSame(try completion.result.get(), expected), "task \(number + 1) has another's result")
            expectEqual(completion.task, UInt64(number + 1))
        }
        let peak = try require(kibibytes("VmHWM", of: pool.managerPID))
        expect(peak < 96 << 10, "the manager took \(peak) KiB")
    }
    scenario("lanesKeepTheirOrderThoughWorkersAreKilledAndTasksCancelled") {
        var random = SeededGenerator(seed: printedSeed())
        let pool = try Pool(processes: 3) { (number: Int) -> [UInt8] in
            if number % 7 == 0 { usleep(500) }
            // Large enough that the waiting answers reach their bound.
            return [UInt8](repeating: 1, count: number % 5 == 0 ? 1 << 20 : 10)
        }
        var expected: [[UInt64]] = Array(repeating: [], count: 4)
        for number in 0..<800 {
            let lane = Int.random(in: 0..<4, using: &random)
            expected[lane].append(try pool.submit(number, lane: lane == 3 ? nil : lane))
        }
        let laneOf = Dictionary(
            uniqueKeysWithValues: expected.indices.flatMap { lane in expected[lane].map { ($0, lane) } })
        var (seen, recent): ([[UInt64]], [Int32]) = (Array(repeating: [], count: 4), [])
        while let completion = try pool.nextCompletion(timeout: .seconds(30)) {
            seen[try require(laneOf[completion.task])].append(completion.task)
            recent.append(completion.worker)
            if recent.count == 30, let victim = recent.randomElement(using: &random), victim > 0 {
                recent = []
                if ProcessRecord(victim)?.parent == pool.managerPID { kill(victim, SIGKILL) }
                pool.cancel(task: .random(in: 1...800, using: &random))
            }
        }
        expectEqual(seen[3].sorted(), expected[3])
        expectEqual(Array(seen.prefix(3)), Array(expected.prefix(3)))
    }
    scenario("closeAndJoinDeliverResultsThatWaitForTheirTurn") {
        let (pool, go) = try poolThatWaits()
        for number in 0..<30 { try pool.submit(number, lane: 0) }
        pool.close()
        go.ring()
        try pool.join()
        expectEqual(try (1...30).map { _ in try pool.nextCompletion()?.task }, (1...30).map { UInt64($0) })
        expect(try pool.nextCompletion() == nil, "a completion too many")
    }
    scenario("aNegativeLaneIsAnError") {
        let (pool, _) = try poolThatWaits()
        expectThrows(.invalidState) { try pool.submit(1, lane: -1) }
        expectEqual(try pool.submit(1, lane: .max), 1)
        expectEqual(try pool.nextCompletion()?.task, 1)
    }
}

/// Waits until nothing more starts, because the rest must wait, and returns how many have started.
private func expectQuiet(_ begun: SharedCounter) -> Int {
    var (last, quietTurns) = (-1, 0)
    while quietTurns < 30 {
        usleep(10_000)
        quietTurns = begun.value == last ? quietTurns + 1 : 0
        last = begun.value
    }
    return last
}

/// A pool of two workers, in which task 0 waits for the bell and the other worker does all the rest.
private func poolThatWaits() throws -> (Pool<Int, Int>, Doorbell) {
    let go = Doorbell()
    let pool = try Pool(processes: 2) { (number: Int) -> Int in
        // Long enough that no task is sent ahead to the waiting worker.
        if number == 0 { expect(go.wait(), "no ring came") } else { usleep(1000) }
        return number
    }
    return (pool, go)
}
