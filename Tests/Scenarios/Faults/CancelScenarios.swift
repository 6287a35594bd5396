@preconcurrency import Glibc
import Multiprocessing

func cancelScenarios() {
    scenario("taskThatWaitsIsTakenOutAndNeverRuns") {
        let (begun, go, runs) = (Doorbell(), Doorbell(), SharedLog())
        let pool = try Pool(processes: 1) { (number: Int) -> Int in
            runs.append(number)
            if number == 0 {
                begun.ring()
                expect(go.wait(), "no ring came")
            }
            return number
        }
        let results = try (0..<5).map { try pool.applyAsync($0) }
        let task = try pool.submit(5)
        expect(begun.wait(), "no task began")
        results[2].cancel()
        results[2].cancel()
        pool.cancel(task: task)
        let error = try require(expectThrows(.cancelled) { try results[2].get() })
        expectEqual(error.task, 3)
        expectText(of: error, contains: "task 3")
        expectEqual(error.pid, nil)
        let completion = try require(try pool.nextCompletion())
        expectThrows(.cancelled) { try completion.result.get() }
        expectEqual(completion.worker, 0)
        go.ring()
        for number in [0, 1, 3, 4] { expectEqual(try results[number].get(), number) }
        pool.close()
        try pool.join()
        expectEqual(runs.values, [0, 1, 3, 4])
    }
    scenario("taskThatRunsIsEndedWithItsWorkerAndTheOthersGoOn") {
        let (begun, runs) = (Doorbell(), SharedLog())
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 0 {
                runs.append(Int(getpid()))
                begun.ring()
                pauseForever()
            }
            return number
        }
        let result = try pool.applyAsync(0)
        let others = try pool.mapAsync(1..<100)
        expect(begun.wait(), "no task began")
        let start = ContinuousClock.now
        result.cancel()
        let error = try require(expectThrows(.cancelled) { try result.get() })
        expectPrompt(since: start)
        expectEqual(error.pid.map(Int.init), runs.values.first)
        expectEqual(try others.get(), Array(1..<100))
        expectEqual(runs.total, 1, "runs of the cancelled task:")
        expectEqual(try pool.map(1..<10), Array(1..<10))
    }
    scenario("taskThatIsDoneStaysAsItIs") {
        let (begun, pool) = try poolThatRings()
        let (done, failed) = (try pool.applyAsync(1), try pool.applyAsync(-1))
        for _ in 0..<2 { expect(begun.wait(), "no task began") }
        // Whether it has noticed them or not.
        expect(eventually { done.ready }, "not done")
        done.cancel()
        expect(eventually { failed.ready }, "not done")
        failed.cancel()
        expectEqual(try done.get(), 1)
        expectThrows(.taskFailed) { try failed.get() }
        for task: UInt64 in [0, 1, 2, 3, 1000, .max] { pool.cancel(task: task) }
        expectEqual(try pool.map(0..<100), Array(0..<100))
        expect(try pool.nextCompletion() == nil, "a completion of nothing")
    }
    scenario("cancelOfAMapEndsAllItsTasksAndNoOther") {
        let (begun, runs) = (Doorbell(), SharedCounter())
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            runs.add(1)
            if number >= 50 {
                begun.ring()
                pauseForever()
            }
            return number
        }
        var codes: [MultiprocessingError.Code] = []
        for chunkSize in [nil, 10] {
            runs.set(0)
            let result = try pool.mapAsync(
                0..<1000, chunkSize: chunkSize, callback: { _ in expect(false, "the map is done") },
                errorCallback: { codes.append($0.code) })
            let other = try pool.mapAsync(0..<40)
            for _ in 0..<2 { expect(begun.wait(), "no task began") }
            let start = ContinuousClock.now
            result.cancel()
            // The first 50 are done, or one of them came back from a worker that the kernel was slow to schedule.
            let error = expectThrows(.cancelled) { try result.get() }
            expect(error?.task ?? .max <= 50, "the first error is that of task \(error?.task ?? 0)")
            expectPrompt(since: start)
            expectEqual(try other.get(), Array(0..<40))
            expect(runs.value <= 52 + 40, "\(runs.value) tasks ran")
        }
        expectEqual(codes, [.cancelled, .cancelled])
        pool.close()
        try pool.join()
    }
    scenario("taskSentAheadIsCancelledWithoutHarmToAnyone") {
        let (begun, go, runs) = (Doorbell(), Doorbell(), SharedLog(capacity: 4096))
        let workers = SharedLog(capacity: 4096)
        let pool = try Pool(processes: 1, initializer: { workers.append(Int(getpid())) }) { (number: Int) -> Int in
            runs.append(number)
            if number == -1 {
                begun.ring()
                expect(go.wait(), "no ring came")
            }
            return number
        }
        // Tasks are sent ahead only once the manager knows that they are short. A chunk stays with its worker.
        _ = try pool.map(2000..<2500)
        for chunkSize in [nil, 101] {
            let result = try pool.mapAsync([-1] + Array(0..<100), chunkSize: chunkSize)
            let next = try pool.submit(-2)
            expect(begun.wait(), "no task began")
            for number in stride(from: 0, to: 100, by: 2) { pool.cancel(task: next - 100 + UInt64(number)) }
            // The manager handles them in order, so after this one it has handled all.
            pool.cancel(task: next)
            expectThrows(.cancelled) { try pool.nextCompletion()?.result.get() }
            go.ring()
            expectEqual(expectThrows(.cancelled) { try result.get() }?.task, 1)
        }
        pool.close()
        try pool.join()
        for number in 0..<100 { expectEqual(runs.values.count { $0 == number }, number % 2 == 0 ? 0 : 2) }
        expectEqual(workers.total, 1, "workers:")
    }
    scenario("cancelAfterCloseEndsTheWaitForTasksThatNeverEnd") {
        let (begun, lifeline) = (Doorbell(), Lifeline())
        let pool = try Pool(processes: 2) { (_: Int) -> Int in
            begun.ring()
            pauseForever()
        }
        let result = try pool.mapAsync(0..<20)
        for number in 0..<5 { try pool.submit(number) }
        for _ in 0..<2 { expect(begun.wait(), "no task began") }
        pool.close()
        result.cancel()
        for task: UInt64 in 21...25 { pool.cancel(task: task) }
        let start = ContinuousClock.now
        try pool.join()
        expectPrompt(since: start)
        expect(result.ready, "not ready after join")
        var count = 0
        while let completion = try pool.nextCompletion() {
            expectThrows(.cancelled) { try completion.result.get() }
            count += 1
        }
        expectEqual(count, 5)
        expect(lifeline.allEnded(), "processes are left")
    }
    scenario("aHundredThousandWaitingTasksAreCancelledOneByOne") {
        let (begun, go) = (Doorbell(), Doorbell())
        let pool = try Pool(processes: 1) { (number: Int) -> Int in
            begun.ring()
            expect(go.wait(), "no ring came")
            return number
        }
        let results = try (0..<100_000).map { try pool.applyAsync($0) }
        expect(begun.wait(), "no task began")
        // Not the one that runs; from the last to the first, and every other one twice.
        for number in (1..<100_000).reversed() {
            results[number].cancel()
            if number % 2 == 0 { results[number].cancel() }
        }
        go.ring()
        pool.close()
        try pool.join()
        expectEqual(try results[0].get(), 0)
        expectEqual(results.dropFirst().count { !(((try? $0.successful) ?? true)) }, 99_999)
    }
}

/// A pool whose function rings and returns, or throws for a negative number.
private func poolThatRings() throws -> (Doorbell, Pool<Int, Int>) {
    let begun = Doorbell()
    let pool = try Pool(processes: 2) { (number: Int) -> Int in
        begun.ring()
        if number < 0 { throw Mishap() }
        return number
    }
    return (begun, pool)
}
