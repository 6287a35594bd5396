@preconcurrency import Glibc
import Multiprocessing

/// Short tasks, which are sent ahead, one of which turns out to be long.
func longTaskScenarios() {
    scenario("tasksBehindALongOneRunElsewhere") {
        let (begun, go, runs) = (Doorbell(), Doorbell(), SharedLog(capacity: 8192))
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            runs.append(number)
            if number == -1 {
                begun.ring()
                expect(go.wait(), "no ring came")
            }
            return number
        }
        _ = try pool.map(5000..<5500)
        var results = pool.imapUnordered(Array(0..<500) + [-1] + Array(500..<2000))
        var seen: [Int] = []
        for _ in 0..<2000 { seen.append(try results.next() ?? -2) }
        // All except the long one are done, which is still running.
        expectEqual(seen.sorted(), Array(0..<2000))
        expect(begun.wait(), "the long one has not begun")
        go.ring()
        expectEqual(try results.next(), -1)
        expectEqual(try results.next(), nil)
        expectEqual(runs.total, 500 + 2001, "each ran once;")
    }
    scenario("resultsInFrontOfALongTaskDoNotWaitForIt") {
        let go = Doorbell()
        let pool = try Pool(processes: 1) { (number: Int) -> Int in
            if number == -1 { expect(go.wait(), "no ring came") }
            return number
        }
        _ = try pool.map(0..<500)
        for position in [1, 5, 30, 60] {
            // One worker, which is sent all of them at once: those before the long one are done immediately.
            var results = pool.imap((0..<64).map { $0 == position ? -1 : $0 }, inFlight: 64)
            for number in 0..<position { expectEqual(try results.next(), number) }
            go.ring()
            expectEqual(try results.next(), -1)
            for number in position + 1..<64 { expectEqual(try results.next(), number) }
        }
    }
    scenario("chunkStaysTogetherBehindALongTaskAndOtherChunksDoNotWait") {
        let go = Doorbell()
        let pool = try Pool(processes: 2) { (number: Int) -> [Int] in
            if number == -1 { expect(go.wait(), "no ring came") }
            return [number, Int(getpid())]
        }
        _ = try pool.map(0..<500)
        var results = pool.imapUnordered(Array(0..<8) + [-1] + Array(9..<1000), chunkSize: 10, inFlight: 1000)
        var seen: [[Int]] = []
        for _ in 0..<998 { seen.append(try results.next() ?? []) }
        expectEqual(seen.map { $0[0] }.sorted(), Array(0..<8) + Array(10..<1000))
        go.ring()
        let (long, last) = (try require(try results.next()), try require(try results.next()))
        expectEqual([long[0], last[0]], [-1, 9])
        expectEqual(long[1], last[1], "workers of a chunk:")
    }
    scenario("workerThatIsStoppedHoldsUpAtMostOneTask") {
        let pool = try Pool(processes: 2) { (number: Int) in [number, Int(getpid())] }
        let workers = Set(try pool.map(0..<2000).map { $0[1] })
        for worker in workers { kill(Int32(worker), SIGSTOP) }
        let results = try (0..<100).map { try pool.applyAsync($0) }
        kill(Int32(try require(workers.min())), SIGCONT)
        expect(eventually(within: .seconds(20)) { results.count(where: \.ready) >= 99 }, "several tasks are held up")
        for worker in workers { kill(Int32(worker), SIGCONT) }
        expectEqual(try results.map { try $0.get()[0] }, Array(0..<100))
    }
    scenario("resultsOfAWorkerThatIsKilledInItsNextTaskAreNotLost") {
        let (begun, runs) = (Doorbell(), SharedLog(capacity: 8192))
        let pool = try Pool(processes: 1) { (number: Int) -> Int in
            runs.append(number)
            if number == -1 {
                begun.ring()
                pauseForever()
            }
            return number
        }
        _ = try pool.map(1000..<1500)
        for turn in 0..<20 {
            let result = try pool.mapAsync(Array(0..<turn) + [-1])
            expect(begun.wait(), "the task did not begin")
            result.cancel()
            expectEqual(expectThrows(.cancelled) { try result.get() }?.task, UInt64(turn))
        }
        expectEqual(runs.total, 500 + 20 * 21 / 2, "each ran once;")
    }
}
