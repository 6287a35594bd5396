@preconcurrency import Glibc
import Multiprocessing

func chunkScenarios() {
    scenario("chunkOfTasksRunsInOneWorkerInOrder") {
        for (count, size) in [(0, 3), (1, 3), (3, 3), (10, 3), (1000, 7), (100, 1), (50, 1000)] {
            let log = SharedLog(capacity: 1024)
            let pool = try Pool(processes: 3) { (number: Int) -> [Int] in
                log.append(number)
                return [number, Int(getpid())]
            }
            for results in [
                try pool.map(0..<count, chunkSize: size), try pool.mapAsync(0..<count, chunkSize: size).get(),
            ] {
                expectEqual(results.map { $0[0] }, Array(0..<count))
                expectChunksTogether(results.map { $0[1] }, size)
            }
            expectEqual(log.total, 2 * count)
        }
    }
    scenario("chunksOfAnIteratorRunInOneWorkerEach") {
        let pool = try Pool(processes: 3) { (number: Int) in [number, Int(getpid())] }
        for (count, size, inFlight) in [(0, 4, nil), (100, 4, nil), (100, 4, 8), (103, 10, 10), (5000, 700, nil)] {
            var results = pool.imap(0..<count, chunkSize: size, inFlight: inFlight)
            var pairs: [[Int]] = []
            while let pair = try results.next() { pairs.append(pair) }
            expectEqual(pairs.map { $0[0] }, Array(0..<count))
            expectChunksTogether(pairs.map { $0[1] }, size)
            var anyResults = pool.imapUnordered(0..<count, chunkSize: size, inFlight: inFlight)
            pairs = []
            while let pair = try anyResults.next() { pairs.append(pair) }
            expectChunksTogether(pairs.sorted { $0[0] < $1[0] }.map { $0[1] }, size)
        }
        // No more are in flight than `inFlight` says, even if a chunk would be larger.
        var few = pool.imap(0..<100, chunkSize: 50, inFlight: 5)
        for number in 0..<100 { expectEqual(try few.next()?.first, number) }
    }
    scenario("chunksGoToAllWorkers") {
        let (begun, go) = (Doorbell(), Doorbell())
        let pool = try Pool(processes: 3) { (number: Int) -> Int32 in
            if number % 5 == 0 {
                begun.ring()
                expect(go.wait(), "no ring came")
            }
            return getpid()
        }
        let result = try pool.mapAsync(0..<15, chunkSize: 5)
        for _ in 0..<3 { expect(begun.wait(), "a chunk waits behind another") }
        for _ in 0..<3 { go.ring() }
        expectEqual(Set(try result.get()).count, 3)
    }
    scenario("chunkSizeOfLessThanOneIsAnInvalidState") {
        let pool = try Pool(processes: 1) { (number: Int) in number }
        for size in [0, -1, Int.min] {
            expectThrows(.invalidState) { try pool.map([1], chunkSize: size) }
            expectThrows(.invalidState) { try pool.mapAsync([1], chunkSize: size) }
            var (ordered, unordered) = (pool.imap([1], chunkSize: size), pool.imapUnordered([1], chunkSize: size))
            expectThrows(.invalidState) { try ordered.next() }
            expectThrows(.invalidState) { try unordered.next() }
        }
        expectEqual(try pool.map([1], chunkSize: .max), [1])
        var all = pool.imap(0..<10, chunkSize: .max)
        for number in 0..<10 { expectEqual(try all.next(), number) }
    }
    scenario("errorOrDeathInAChunkConcernsItsTaskOnly") {
        let runs = SharedLog(capacity: 1024)
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            runs.append(number)
            if number == 13 { throw Mishap() }
            if number == 17 { raise(SIGKILL) }
            return number
        }
        var results = pool.imap(0..<40, chunkSize: 20)
        for number in 0..<40 {
            switch number {
            case 13: expectThrows(.taskFailed) { try results.next() }
            case 17: expectThrows(.workerDied) { try results.next() }
            default: expectEqual(try results.next(), number)
            }
        }
        // Tasks that had a result before the death are not run again; neither are other tasks of the chunk that have
        // one.
        for number in 0..<40 {
            expectEqual(runs.values.count { $0 == number }, number == 17 ? 3 : 1, "runs of task \(number):")
        }
    }
    scenario("chunkIsCutWhereAWorkerHasDoneItsTasks") {
        let pool = try Pool(processes: 2, maxTasksPerWorker: 4) { (_: Int) in getpid() }
        let tasks = Dictionary(grouping: try pool.map(0..<60, chunkSize: 10)) { $0 }.mapValues(\.count)
        expectEqual(tasks.values.max(), 4, "tasks of a worker:")
        expectEqual(tasks.values.reduce(0, +), 60)
    }
    scenario("inputThatCannotBeEncodedLeavesTheOthersOfItsChunk") {
        let pool = try Pool(processes: 2) { (fickle: Fickle) in fickle.text }
        for bad in 0..<6 {
            let inputs = (0..<6).map { Fickle(encodes: $0 != bad) }
            var results = pool.imap(inputs, chunkSize: 3)
            for number in 0..<6 {
                if number == bad {
                    expectEqual(expectThrows(.encodingFailed) { try results.next() }?.task, UInt64(bad))
                } else {
                    expectEqual(try results.next(), "fickle")
                }
            }
            expectThrows(.encodingFailed) { try pool.map(inputs, chunkSize: 3) }
        }
        var none = pool.imap([Fickle(encodes: false)], chunkSize: 3)
        expectThrows(.encodingFailed) { try none.next() }
        expectEqual(try none.next(), nil)
        expectEqual(try pool.map([Fickle(encodes: true)]), ["fickle"])
    }
    scenario("largeChunksOfLargeValuesArrive") {
        let pool = try Pool(processes: 2) { (bytes: [UInt8]) in bytes }
        let inputs = (0..<60).map { [UInt8](repeating: UInt8($0), count: 100_000) }
        expect(try pool.map(inputs, chunkSize: 25) == inputs, "other outputs than inputs")
        let small = try Pool(processes: 2) { (number: Int) in number }
        expectEqual(try small.map(0..<200_000, chunkSize: 50_000).count, 200_000)
    }
}

/// Expects the tasks of each chunk to have run in one process.
private func expectChunksTogether(
    _ pids: [Int], _ size: Int, file: StaticString = #fileID, line: UInt = #line
) {
    for start in stride(from: 0, to: pids.count, by: size) {
        let chunk = Set(pids[start..<min(start + size, pids.count)])
        expectEqual(chunk.count, 1, "workers of the chunk at \(start):", file: file, line: line)
    }
}
