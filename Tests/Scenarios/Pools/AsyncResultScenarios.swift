@preconcurrency import Glibc
import Multiprocessing

func asyncResultScenarios() {
    scenario("asyncResultHasItsOutputWhenTheTaskIsDoneAndNotBefore") {
        let go = Doorbell()
        let pool = try Pool(processes: 1) { (number: Int) -> Int in
            expect(go.wait(), "no ring came")
            return number + 1
        }
        let result = try pool.applyAsync(1)
        expect(!result.ready, "ready too early")
        expectThrows(.invalidState) { try result.successful }
        expectThrows(.timedOut) { try result.get(timeout: .zero) }
        expect(try !result.wait(timeout: .milliseconds(20)), "done too early")
        let start = ContinuousClock.now
        expectThrows(.timedOut) { try result.get(timeout: .milliseconds(50)) }
        expect(ContinuousClock.now - start >= .milliseconds(50), "did not wait")
        go.ring()
        expect(try result.wait(timeout: .seconds(20)), "not done")
        expect(result.ready, "not ready")
        expect(try result.successful, "not successful")
        for _ in 0..<2 { expectEqual(try result.get(), 2) }
    }
    scenario("asyncResultsMayBeAskedInAnyOrderAndBetweenOtherCalls") {
        var random = SeededGenerator(seed: printedSeed())
        let pool = try Pool(processes: 2) { (number: Int) in number * 3 }
        let singles = try (0..<200).map { try pool.applyAsync($0) }
        let many = try pool.mapAsync(0..<300)
        for number in 0..<50 { try pool.submit(number) }
        for number in (0..<200).shuffled(using: &random) {
            expectEqual(try singles[number].get(), number * 3)
            if number % 50 == 7 { expectEqual(try pool.map(0..<10), (0..<10).map { $0 * 3 }) }
        }
        expectEqual(try many.get(), (0..<300).map { $0 * 3 })
        var sum = 0
        while let completion = try pool.nextCompletion() { sum += try completion.result.get() }
        expectEqual(sum, 3 * 49 * 50 / 2)
    }
    scenario("tasksBeginWhileTheCallerDoesOtherThings") {
        let begun = Doorbell()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            begun.ring()
            return number
        }
        // More than are ever sent at once; no other method of the pool is called meanwhile.
        var results: [AsyncResult<Int>] = []
        for number in 0..<20 { results.append(try pool.applyAsync(number)) }
        for number in 0..<20 { try pool.submit(number) }
        for _ in 0..<40 { expect(begun.wait(), "a task waits for the caller") }
        let many = try pool.mapAsync(0..<300)
        for _ in 0..<300 { expect(begun.wait(), "a task waits for the caller") }
        expectEqual(try results.map { try $0.get() }, Array(0..<20))
        expectEqual(try many.get(), Array(0..<300))
    }
    scenario("readyTakesInWhatHasArrivedAndDoesNotBlock") {
        let go = Doorbell()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 0 { expect(go.wait(), "no ring came") }
            return number
        }
        let (slow, quick) = (try pool.applyAsync(0), try pool.applyAsync(1))
        expect(eventually { quick.ready }, "the result was not received")
        expect(!slow.ready, "ready too early")
        go.ring()
        expect(eventually { slow.ready }, "the result was not received")
    }
    scenario("getKeepsItsTimeoutWhileOtherResultsArrive") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == -1 { pauseForever() }
            return number
        }
        let stuck = try pool.applyAsync(-1)
        let others = try pool.mapAsync(0..<300_000)
        let start = ContinuousClock.now
        expectThrows(.timedOut) { try stuck.get(timeout: .milliseconds(5)) }
        expectPrompt(since: start)
        expectEqual(try others.get().count, 300_000)
        stuck.cancel()
        expectThrows(.cancelled) { try stuck.get() }
    }
    scenario("joinCompletesAllAsyncResults") {
        let lifeline = Lifeline()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 7 { throw Mishap() }
            return number
        }
        let singles = try (0..<50).map { try pool.applyAsync($0) }
        let many = try pool.mapAsync(100..<1000, chunkSize: 7)
        pool.close()
        expectThrows(.invalidState) { try pool.applyAsync(1) }
        expectThrows(.invalidState) { try pool.mapAsync([1]) }
        expectEqual(try singles[3].get(), 3)
        try pool.join()
        expect(lifeline.allEnded(), "processes are left after join")
        for (number, result) in singles.enumerated() {
            expect(result.ready, "\(number) is not ready after join")
            expectEqual(try result.successful, number != 7)
            if number == 7 {
                expectText(of: expectThrows(.taskFailed) { try result.get() }, contains: "the tea went cold")
            } else {
                expectEqual(try result.get(), number)
            }
        }
        expectEqual(try many.get(), Array(100..<1000))
    }
    scenario("asyncResultKeepsItsPoolAliveAndNoLonger") {
        let lifeline = Lifeline()
        do {
            let result = try Pool(processes: 2) { (number: Int) in number + 1 }.applyAsync(1)
            expectEqual(try result.get(), 2)
            expect(!lifeline.allEnded(within: .zero), "the pool has ended while its result is held")
        }
        expect(lifeline.allEnded(), "processes are left")
    }
    scenario("mapAsyncGivesAllOutputsInOrderOrTheFirstError") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 40 || number == 60 { throw Mishap(description: "no \(number)") }
            return number
        }
        for count in [0, 1, 39] { expectEqual(try pool.mapAsync(0..<count).get(), Array(0..<count)) }
        let result = try pool.mapAsync(0..<100)
        let error = expectThrows(.taskFailed) { try result.get() }
        expectEqual(error?.task, 40)
        expectText(of: error, contains: "no 40")
        expect(try !result.successful, "an error is no success")
    }
    scenario("mapAsyncOfAnInputThatCannotBeEncodedThrowsAndThePoolWorksOn") {
        let pool = try Pool(processes: 2) { (fickle: Fickle) in fickle.text }
        let (good, bad) = (Fickle(encodes: true), Fickle(encodes: false))
        let start = ContinuousClock.now
        for chunkSize in [nil, 1, 2, 50] {
            expectThrows(.encodingFailed) {
                try pool.mapAsync(Array(repeating: good, count: 33) + [bad, good], chunkSize: chunkSize)
            }
            expectThrows(.encodingFailed) { try pool.mapAsync([bad], chunkSize: chunkSize) }
        }
        expectThrows(.encodingFailed) { try pool.applyAsync(bad) }
        expectEqual(try pool.mapAsync([good, good]).get(), ["fickle", "fickle"])
        pool.close()
        try pool.join()
        expectPrompt(since: start)
    }
    scenario("asyncResultsOfAPoolThatFailsHaveItsError") {
        let pool = try Pool(processes: 2) { (_: Int) -> Int in pauseForever() }
        let results = try (0..<3).map { try pool.applyAsync($0) }
        let many = try pool.mapAsync(0..<100)
        kill(pool.managerPID, SIGKILL)
        let start = ContinuousClock.now
        expect(try many.wait(), "wait did not end")
        expectPrompt(since: start)
        for result in results { expectThrows(.managerDied) { try result.get() } }
        expectThrows(.managerDied) { try many.get() }

        let other = try Pool(processes: 2, initializer: { throw Mishap() }) { (number: Int) in number }
        if let result = try? other.applyAsync(1) {
            expectThrows(.initializerFailed) { try result.get() }
            expect(result.ready, "an error is a result too")
        }
    }
    scenario("asyncResultsOfATerminatedPoolAreCancelled") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number > 0 { pauseForever() }
            return number
        }
        let done = try pool.applyAsync(0)
        expectEqual(try done.get(), 0)
        let (single, many) = (try pool.applyAsync(1), try pool.mapAsync(0..<10))
        pool.terminate()
        expect(single.ready && many.ready, "not ready after terminate")
        expectThrows(.cancelled) { try single.get() }
        expectThrows(.cancelled) { try many.get() }
        expectEqual(try done.get(), 0)
        single.cancel()
        expectThrows(.invalidState) { try pool.applyAsync(2) }
    }
    scenario("asyncResultInAChildIsAnInvalidStateUnlessItIsThere") {
        let go = Doorbell()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 0 { expect(go.wait(), "no ring came") }
            return number
        }
        let (slow, quick) = (try pool.applyAsync(0), try pool.applyAsync(1))
        expectEqual(try quick.get(), 1)
        try inChild {
            expectEqual(try quick.get(), 1)
            expect(!slow.ready, "ready in a child")
            expectThrows(.invalidState) { try slow.get() }
            expectThrows(.invalidState) { try slow.wait(timeout: .milliseconds(1)) }
            slow.cancel()
        }
        go.ring()
        expectEqual(try slow.get(), 0)
    }
}
