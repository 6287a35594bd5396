@preconcurrency import Glibc
import Multiprocessing

func compositionScenarios() {
    scenario("waitReturnsTheResultsThatAreThere") {
        let (first, second) = (Doorbell(), Doorbell())
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            expect((number == 0 ? first : second).wait(), "no ring came")
            return number
        }
        let results = try [0, 1].map { try pool.applyAsync($0) }
        expectEqual(try waitAny(results, timeout: .milliseconds(20)), [])
        expectEqual(try Multiprocessing.wait(for: results, timeout: .zero), [])
        expect(try !waitAll(results, timeout: .milliseconds(20)), "they are not done")
        second.ring()
        expectEqual(try waitAny(results), [1])
        // Waiting for one is repeatedly woken by the other.
        expect(try !waitAll(results, timeout: .milliseconds(20)), "one is not done")
        first.ring()
        expect(try waitAll(results), "both are done")
        expectEqual(try Multiprocessing.wait(for: results), [0, 1])
        expectEqual(try waitAny([AsyncResult<Int>]()), [])
        expect(try waitAll([AsyncResult<Int>]()), "none is missing")
    }
    scenario("waitForAResultBesideOtherThings") {
        let pool = try Pool(processes: 1) { (number: Int) in number }
        let pipe = try Pipe()
        let result = try pool.applyAsync(1)
        try pipe.second.send(1)
        var seen: Set<Int> = []
        while seen.count < 2 { seen.formUnion(try Multiprocessing.wait(for: [result, pipe.first])) }
        expectEqual(try result.get(), 1)
    }
    scenario("asCompletedGivesResultsOfSeveralPoolsAsTheyCome") {
        let bells = (0..<6).map { _ in Doorbell() }
        let pools = try (0..<2).map { _ in
            try Pool(processes: 3) { (number: Int) -> Int in
                expect(bells[number].wait(), "no ring came")
                if number == 4 { throw Mishap() }
                return number
            }
        }
        let results = try (0..<6).map { try pools[$0 % 2].applyAsync($0, attempts: 1) }
        let order = [3, 4, 0, 5, 1, 2]
        bells[order[0]].ring()
        var came: [Int] = []
        for (position, result) in asCompleted(results) {
            expect(result === results[position] && result.ready, "the result of \(position) is not there")
            came.append(position)
            if came.count < order.count { bells[order[came.count]].ring() }
        }
        expectEqual(came, order)
        // They are all there by now.
        expectEqual(asCompleted(results).map(\.position).sorted(), Array(0..<6))
        expectEqual(asCompleted([AsyncResult<Int>]()).map(\.position), [])
    }
    scenario("waitsOverResultsEndAtTheFirstErrorOrWhenTheTimeIsOver") {
        let go = Doorbell()
        let pools = try (0..<2).map { _ in
            try Pool(processes: 2) { (number: Int) -> Int in
                if number == 0 { expect(go.wait(), "no ring came") }
                if number < 0 { throw Mishap() }
                return number
            }
        }
        let results = [try pools[0].applyAsync(0), try pools[1].applyAsync(-1), try pools[1].applyAsync(2)]
        expect(try !waitAll(results, stopsAtFirstError: true), "one is an error")
        expect(!results[0].ready, "it waited for all")
        for results in [results, [results[0]]] {
            expect(try !waitAll(results, timeout: .milliseconds(20)), "one is not there")
            var completed = asCompleted(results)
            for _ in results.dropFirst() { expect(try completed.next(timeout: .seconds(20)) != nil, "one is missing") }
            expectThrows(.timedOut) { try completed.next(timeout: .milliseconds(20)) }
            expectThrows(.timedOut) { try completed.next(timeout: .zero) }
        }
        expect(try !waitAll([results[0]], timeout: .milliseconds(20), stopsAtFirstError: true), "it is not there")
        go.ring()
        var completed = asCompleted(results)
        for _ in results { expect(try completed.next(timeout: .seconds(20)) != nil, "one is missing") }
        expect(try completed.next(timeout: .zero) == nil, "there is one more")
        expect(try waitAll(results), "all are there")
        expect(try waitAll([results[2], results[1]], stopsAtFirstError: true), "the error is the last one")
    }
    scenario("asCompletedEndsWhenThePoolsDo") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            pause()
            return number
        }
        let results = try (0..<4).map { try pool.applyAsync($0) }
        kill(pool.managerPID, SIGKILL)
        var count = 0
        for (_, result) in asCompleted(results) {
            expectThrows(.managerDied) { try result.get() }
            count += 1
        }
        expectEqual(count, 4)
        let other = try Pool(processes: 2) { (number: Int) -> Int in
            pause()
            return number
        }
        let lost = try (0..<4).map { try other.applyAsync($0) }
        try inChild {
            expectEqual(asCompleted(lost).map(\.position), [0, 1, 2, 3])
            expectThrows(.invalidState) { try lost[0].get() }
        }
        other.terminate()
        expectEqual(asCompleted(lost).map(\.position), [0, 1, 2, 3])
        expect(lost.allSatisfy(\.cancelled), "they were cancelled")
    }
    scenario("doneCallbacksRunOnceEachWhenTheyAreAddedEarlyOrLate") {
        let pool = try Pool(processes: 1) { (number: Int) -> Int in
            if number < 0 { throw Mishap() }
            return number
        }
        var told: [String] = []
        let note: (String, Result<Int, MultiprocessingError>) -> Void = { name, result in
            switch result {
            case .success(let output): told.append("\(name) \(output)")
            case .failure(let error): told.append("\(name) \(error.code)")
            }
        }
        let result = try pool.applyAsync(7, callback: { told.append("own \($0)") })
        result.addDoneCallback { note("early", $0) }
        result.addDoneCallback { outcome in
            note("outer", outcome)
            result.addDoneCallback { note("inner", $0) }
        }
        _ = try result.get()
        result.addDoneCallback { note("late", $0) }
        expectEqual(told, ["own 7", "early 7", "outer 7", "inner 7", "late 7"])
        told = []
        let failing = try pool.applyAsync(-1)
        failing.addDoneCallback { note("error", $0) }
        expect(try failing.wait(), "it is done")
        expectEqual(told, ["error taskFailed"])
    }
    scenario("resultsTellWhetherTheyRunOrWereCancelled") {
        let (begun, go) = (Doorbell(), Doorbell())
        let pool = try poolThatStops(ringing: begun, until: go)
        let (first, second) = (try pool.applyAsync(0), try pool.applyAsync(1))
        expect(begun.wait(), "no ring came")
        expect(try first.running && !second.running, "the first one runs")
        expect(!first.cancelled && !second.cancelled, "neither is cancelled")
        second.cancel()
        expectThrows(.cancelled) { try second.get() }
        expect(second.cancelled, "the second one is cancelled")
        expect(try !second.running, "what is cancelled does not run")
        go.ring()
        expectEqual(try first.get(), 0)
        expect(try !first.running && !first.cancelled, "the first one is done")
    }
    scenario("nextOfAnIteratorWaitsForItsTimeoutAndCanBeAskedAgain") {
        let go = Doorbell()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 1 { expect(go.wait(), "no ring came") }
            return number
        }
        var results = pool.imap(0..<3)
        expectEqual(try results.next(timeout: .seconds(20)), 0)
        expectThrows(.timedOut) { try results.next(timeout: .milliseconds(20)) }
        expectThrows(.timedOut) { try results.next(timeout: .zero) }
        go.ring()
        expectEqual(try results.next(timeout: .seconds(20)), 1)
        expectEqual(try results.next(), 2)
        expectEqual(try results.next(timeout: .zero), nil)
    }
    scenario("mapEndsUnfinishedTasksOnATimeout") {
        let runs = SharedCounter()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            runs.add(1)
            if number >= 2 { sleep(1000) }
            return number
        }
        let error = expectThrows(.timedOut) { try pool.map(0..<100, timeout: .milliseconds(100)) }
        expectText(of: try require(error), contains: "0.1 seconds")
        // Nothing is left of them, and the pool still works.
        let ran = runs.value
        expectEqual(try pool.map([0, 1, 0], timeout: .seconds(20)), [0, 1, 0])
        expectEqual(runs.value, ran + 3)
        let status = try pool.status()
        expectEqual([status.waiting, status.running, status.done], [0, 0, 103])
        expectThrows(.timedOut) { try pool.mapResults([5], timeout: .milliseconds(20)) }
    }
    scenario("closeCanCancelWaitingTasksAndLetsRunningOnesFinish") {
        let (begun, go) = (Doorbell(), Doorbell())
        let pool = try poolThatStops(ringing: begun, until: go)
        let results = try (0..<200).map { try pool.applyAsync($0) }
        expect(begun.wait(), "no ring came")
        pool.close(cancelWaiting: true)
        expectThrows(.invalidState) { try pool.applyAsync(1) }
        go.ring()
        try pool.join()
        expectEqual(try results[0].get(), 0)
        expect(results.dropFirst().allSatisfy(\.cancelled), "one ran that waited")
    }
    scenario("progressIsToldAsInputsAreDone") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 50 { throw Mishap() }
            return number
        }
        var told: [Int] = []
        expectThrows(.taskFailed) { try pool.map(0..<100) { told.append($0) } }
        expectEqual(told.last, 100)
        expect(zip(told, told.dropFirst()).allSatisfy { $0 < $1 }, "\(told)")
        told = []
        var outputs: [Int] = []
        let later = try pool.mapAsync(0..<10, callback: { outputs = $0 }, progress: { told.append($0) })
        _ = try later.get()
        expectEqual(told.last, 10)
        expectEqual(outputs, Array(0..<10))
    }
    scenario("imapIsASequenceOfResults") {
        let pool = try Pool(processes: 2, attempts: 1) { (number: Int) -> Int in
            if number == 3 { throw Mishap() }
            if number == 5 { raise(SIGKILL) }
            return number
        }
        var codes: [MultiprocessingError.Code?] = []
        for result in pool.imap(0..<8).results { codes.append(result.code) }
        expectEqual(codes, [nil, nil, nil, .taskFailed, nil, .workerDied, nil, nil])
        expectEqual(try pool.imapUnordered(10..<20).results.map { try $0.get() }.sorted(), Array(10..<20))
        // When a pool fails, one last result reports it.
        kill(pool.managerPID, SIGKILL)
        let last = Array(pool.imap(0..<8).results)
        expectEqual(last.count, 1)
        expectThrows(.managerDied) { try last[0].get() }
    }
    scenario("functionsThatReturnNothingHaveNothingAsTheirOutput") {
        let sum = SharedCounter()
        let pool = try Pool(processes: 2) { (number: Int) in
            let twice = number * 2
            sum.add(twice)
        }
        try pool.map(1...4)
        expectEqual(sum.value, 20)
        expectEqual(try pool.apply(1), Nothing())
        let count = try Pool.with(processes: 2) { (number: Int) in
            _ = sum.add(number)
        } _: { pool in
            try pool.map([1, 2]).count
        }
        expectEqual(count, 2)
        expectEqual(sum.value, 25)
        // Each closure has the intended meaning, without parentheses.
        let squares = try Pool.with(processes: 2) { (number: Int) in
            number * number
        } _: {
            try $0.map(1...3)
        }
        expectEqual(squares, [1, 4, 9])
    }
}

/// One worker that returns its input; for 0 only after a ring.
private func poolThatStops(ringing begun: Doorbell, until go: Doorbell) throws -> Pool<Int, Int> {
    try Pool(processes: 1) { number in
        if number == 0 {
            begun.ring()
            expect(go.wait(), "no ring came")
        }
        return number
    }
}
