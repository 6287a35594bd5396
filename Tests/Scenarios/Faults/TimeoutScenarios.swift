@preconcurrency import Glibc
import Multiprocessing

func timeoutScenarios() {
    scenario("taskThatTakesTooLongIsEndedWithItsWorkerAndTheOthersGoOn") {
        let runs = SharedLog()
        let pool = try Pool(processes: 2, taskTimeout: .milliseconds(500)) { (number: Int) -> Int in
            if number == 5 {
                runs.append(Int(getpid()))
                pauseForever()
            }
            return number
        }
        let start = ContinuousClock.now
        let results = try (0..<40).map { try pool.applyAsync($0) }
        for (number, result) in results.enumerated() where number != 5 { expectEqual(try result.get(), number) }
        let error = try require(expectThrows(.taskTimedOut) { try results[5].get() })
        expect(ContinuousClock.now - start >= .milliseconds(500), "ended too early")
        expectPrompt(since: start)
        expectEqual(error.task, 6)
        expectEqual(error.pid.map(Int.init), runs.values.first)
        expectEqual(error.status, .signaled(SIGKILL))
        for part in ["task 6", "0.5 seconds", "process \(runs.values.first ?? 0)", "SIGKILL"] {
            expectText(of: error, contains: part)
        }
        expectEqual(runs.total, 1, "it is not tried again; runs:")
        expectEqual(try pool.map(6..<100), Array(6..<100))
        pool.close()
        try pool.join()
    }
    scenario("encodingTimeInTheFrontIsNotTaskTime") {
        let pool = try Pool(processes: 2, taskTimeout: .milliseconds(150)) { (input: SlowToEncode) in input.number }
        let inputs = (0..<5).map { SlowToEncode(number: $0) }
        expectEqual(try pool.map(inputs), Array(0..<5))
        expectEqual(try pool.map(inputs, chunkSize: 5), Array(0..<5))
        var results = pool.imap(inputs, inFlight: 2)
        for number in 0..<5 { expectEqual(try results.next(), number) }
    }
    scenario("timeoutOfACallGoesBeforeThatOfThePool") {
        let pool = try Pool(processes: 3, taskTimeout: .seconds(600)) { (_: Int) -> Int in pauseForever() }
        let short = try pool.applyAsync(1, timeout: .milliseconds(20))
        let task = try pool.submit(2, timeout: .milliseconds(20))
        let long = try pool.applyAsync(3)
        let error = try require(expectThrows(.taskTimedOut) { try short.get() })
        expectText(of: error, contains: "0.02 seconds")
        let completion = try require(try pool.nextCompletion())
        expectEqual(completion.task, task)
        expectThrows(.taskTimedOut) { try completion.result.get() }
        expect(!long.ready, "ended by another's limit")
        pool.terminate()
    }
    scenario("timeoutCountsFromTheBeginningOfATaskNotFromItsSubmission") {
        let pool = try Pool(processes: 1, taskTimeout: .milliseconds(800)) { (number: Int) -> Int in
            usleep(40_000)
            return number
        }
        // All together take longer than one may take.
        let start = ContinuousClock.now
        expectEqual(try pool.map(0..<21), Array(0..<21))
        expectEqual(try pool.map(0..<21, chunkSize: 21), Array(0..<21))
        expect(ContinuousClock.now - start > .milliseconds(1600), "the tasks took less than they must")
    }
    scenario("timeoutOfOneTaskOfManySentAheadHarmsNoOther") {
        let runs = SharedLog(capacity: 8192)
        let pool = try Pool(processes: 2, taskTimeout: .milliseconds(300)) { (number: Int) -> Int in
            runs.append(number)
            if number % 1000 == 500 { pauseForever() }
            return number
        }
        // Tasks are sent ahead only once the manager knows that they are short.
        expectEqual(try pool.map(5001..<5400), Array(5001..<5400))
        for chunkSize in [nil, 300] {
            var results = pool.imap(0..<3000, chunkSize: chunkSize)
            for number in 0..<3000 {
                if number % 1000 == 500 {
                    expectEqual(expectThrows(.taskTimedOut) { try results.next() }?.task, UInt64(number))
                } else {
                    expectEqual(try results.next(), number)
                }
            }
        }
        let counts = Dictionary(grouping: runs.values) { $0 }.mapValues(\.count)
        expectEqual(runs.total, 399 + 2 * 3000, "each ran once each time;")
        expect((0..<3000).allSatisfy { counts[$0] == 2 }, "a task ran again")
    }
    scenario("taskOfATimedPoolMayThrowOrEndItsWorkerAsUsual") {
        let pool = try Pool(processes: 2, taskTimeout: .seconds(20)) { (number: Int) -> Int in
            if number == 1 { throw Mishap() }
            if number == 2 { raise(SIGKILL) }
            return number
        }
        expectThrows(.taskFailed) { try pool.apply(1) }
        expectThrows(.workerDied) { try pool.apply(2) }
        expectEqual(try pool.apply(3), 3)
    }
    scenario("resultThatWaitsForTheFrontIsNotTooLate") {
        let done = Doorbell()
        let pool = try Pool(processes: 2, taskTimeout: .seconds(1)) { (count: Int) -> [UInt8] in
            defer { done.ring() }
            return [UInt8](repeating: 7, count: count)
        }
        // More than may wait for a front that does not read, so workers block in the middle of a result.
        for _ in 0..<6 { try pool.submit(12 << 20) }
        for _ in 0..<2 { expect(done.wait(), "a worker did not begin") }
        usleep(1_300_000)
        var seen = 0
        while let completion = try pool.nextCompletion(timeout: .seconds(30)) {
            expectEqual(try completion.result.get().count, 12 << 20)
            expectEqual(completion.attempts, 1)
            seen += 1
        }
        expectEqual(seen, 6)
    }
    scenario("timeoutsAreKeptAfterClose") {
        let lifeline = Lifeline()
        let pool = try Pool(processes: 2, taskTimeout: .milliseconds(50)) { (_: Int) -> Int in pauseForever() }
        var codes: [MultiprocessingError.Code] = []
        for number in 0..<6 { _ = try pool.applyAsync(number, errorCallback: { codes.append($0.code) }) }
        let start = ContinuousClock.now
        pool.close()
        try pool.join()
        expectPrompt(since: start)
        expectEqual(codes, Array(repeating: .taskTimedOut, count: 6))
        expect(lifeline.allEnded(), "processes are left")
    }
    scenario("timeoutThatIsNotPositiveIsAnInvalidState") {
        for timeout in [Duration.zero, .seconds(-1), .nanoseconds(-1)] {
            expectThrows(.invalidState) { try Pool(processes: 1, taskTimeout: timeout) { (number: Int) in number } }
        }
        let pool = try Pool(processes: 1) { (number: Int) in number }
        expectThrows(.invalidState) { try pool.applyAsync(1, timeout: .zero) }
        expectThrows(.invalidState) { try pool.submit(1, timeout: .zero) }
        for timeout in [Duration.seconds(Int64.max), .seconds(1 << 40)] {
            expectEqual(try pool.applyAsync(1, timeout: timeout).get(), 1)
        }
        expect(try pool.nextCompletion() == nil, "a task that was refused counts as under way")
    }
    scenario("waitingForATimeoutUsesNoProcessorTime") {
        let pool = try Pool(processes: 2, taskTimeout: .seconds(600)) { (_: Int) -> Int in pauseForever() }
        _ = try pool.mapAsync(0..<100, chunkSize: 20)
        expect(
            eventually { processorTicks(of: pool.managerPID) == ticksAfterPause(pool.managerPID) }, "the manager spins")
        pool.terminate()
    }
}

/// Processor time in hundredths of a second, a while later.
private func ticksAfterPause(_ pid: Int32) -> Int? {
    usleep(200_000)
    return processorTicks(of: pid)
}

/// Takes a fifth of a second to be encoded.
private struct SlowToEncode: Codable {
    let number: Int

    init(number: Int) {
        self.number = number
    }

    init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(Int.self)
    }

    func encode(to encoder: any Encoder) throws {
        usleep(200_000)
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }
}
