@preconcurrency import Glibc
import Multiprocessing

func submitScenarios() {
    asyncResultScenarios()
    callbackScenarios()
    scenario("completionsReportTheOutcomeOfEachTask") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 3 { throw Mishap() }
            usleep(2000)
            return number * 10
        }
        let tasks = try (0..<6).map { try pool.submit($0) }
        expectEqual(tasks, [1, 2, 3, 4, 5, 6])
        var seen: [UInt64: Int?] = [:]
        let workers = Set(ProcessRecord.children(of: pool.managerPID).map(\.pid))
        while let completion = try pool.nextCompletion() {
            seen[completion.task] = try? completion.result.get()
            expectEqual(completion.attempts, 1)
            expect(completion.startedNanoseconds > 0, "no start")
            if completion.task == 4 {
                let error = expectThrows(.taskFailed) { try completion.result.get() }
                expectEqual(error?.task, 4)
                expectEqual(error?.pid, completion.worker)
                seen[4] = .some(nil)
            } else {
                expect((.milliseconds(2) ..< .seconds(5)).contains(completion.duration), "took \(completion.duration)")
            }
            expect(completion.worker != pool.managerPID && completion.worker != getpid(), "not a worker")
        }
        expectEqual(seen, [1: 0, 2: 10, 3: 20, 4: nil, 5: 40, 6: 50])
        expect(workers.count <= 2, "workers are \(workers)")
    }
    scenario("nextCompletionWithNothingUnderWayIsNilAtOnce") {
        let pool = try Pool(processes: 1) { (number: Int) in number }
        let start = ContinuousClock.now
        expect(try pool.nextCompletion() == nil, "a completion of nothing")
        expect(try pool.nextCompletion(timeout: .seconds(20)) == nil, "a completion of nothing")
        expectEqual(try pool.map([1]), [1])
        expect(try pool.nextCompletion() == nil, "a completion of a map")
        expectPrompt(since: start)
    }
    scenario("nextCompletionWaitsForAsLongAsItIsTold") {
        let go = Doorbell()
        let pool = try Pool(processes: 1) { (number: Int) -> Int in
            expect(go.wait(), "no ring came")
            return number
        }
        try pool.submit(5)
        expect(try pool.nextCompletion(timeout: .zero) == nil, "done too early")
        let start = ContinuousClock.now
        expect(try pool.nextCompletion(timeout: .milliseconds(50)) == nil, "done too early")
        let elapsed = ContinuousClock.now - start
        expect(elapsed >= .milliseconds(50) && elapsed < .seconds(2), "waited for \(elapsed)")
        go.ring()
        expectEqual(try pool.nextCompletion(timeout: .seconds(20))?.result.get(), 5)
        expect(try pool.nextCompletion() == nil, "a second completion")
    }
    scenario("poolIsWaitableWhenACompletionIsThere") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        for number in 0..<20 { try pool.submit(number) }
        var seen: [Int] = []
        while seen.count < 20 {
            expectEqual(try Multiprocessing.wait(for: [pool], timeout: .seconds(20)), [0])
            while let completion = try pool.nextCompletion(timeout: .zero) {
                seen.append(try completion.result.get())
            }
        }
        expectEqual(seen.sorted(), Array(0..<20))
    }
    scenario("completionsAreKeptWhileAMapRuns") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        for number in 0..<50 { try pool.submit(number) }
        expectEqual(try pool.map(100..<200), Array(100..<200))
        var seen: [Int] = []
        while let completion = try pool.nextCompletion() { seen.append(try completion.result.get()) }
        expectEqual(seen.sorted(), Array(0..<50))
    }
    scenario("completionsCanBeTakenAfterCloseAndJoin") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        for number in 0..<50 { try pool.submit(number) }
        pool.close()
        try pool.join()
        var seen: [Int] = []
        while let completion = try pool.nextCompletion() { seen.append(try completion.result.get()) }
        expectEqual(seen.sorted(), Array(0..<50))
    }
    scenario("aHundredThousandTinyTasksAreAllDone") {
        let pool = try Pool(processes: 2) { (number: Int) in number &+ 1 }
        var sum = 0
        for number in 0..<100_000 {
            try pool.submit(number)
            if number % 1000 == 999, let completion = try pool.nextCompletion() {
                sum += try completion.result.get()
            }
        }
        while let completion = try pool.nextCompletion() { sum += try completion.result.get() }
        expectEqual(sum, 100_000 * 100_001 / 2)
    }
}
