import ChunkedMap
@preconcurrency import Glibc
import Multiprocessing

/// Rings for each chunk, and waits for an answering ring.
private final class Meeting: Sendable {
    nonisolated(unsafe) let begun = Doorbell()
    nonisolated(unsafe) let go = Doorbell()

    /// What a worker does.
    func attend(_ chunk: borrowing Chunk) -> Int {
        begun.ring()
        expect(go.wait(), "no ring came")
        return chunk.index
    }
}

private actor Counting {
    private let pool: AsyncChunkPool<CountByte.Result>
    private(set) var total = 0

    init(_ pool: AsyncChunkPool<CountByte.Result>) {
        self.pool = pool
    }

    func count(_ file: ChunkedFile) async throws {
        total = try await pool.reduce(file, total) { $0 + $1.count }
    }
}

/// Maps in programs with tasks.
func chunkTaskScenarios() {
    for method in StartMethod.allCases where method != .fork {
        scenario("tasksMapByAPoolOfAFunctionThatIsAType", by: method) {
            try withFile(numberedLines(1000)) { path in
                try inChildWithTasks {
                    defer { Process.stopForkServer() }
                    let file = try ChunkedFile(path, cut: .lines, chunkBytes: 500)
                    let pool = try AsyncChunkPool(startMethod: method, processes: 2, CountByte(UInt8(ascii: "\n")))
                    expectEqual(try await pool.map(file).map(\.count).reduce(0, +), 1000)
                    let actor = Counting(pool)
                    try await actor.count(file)
                    try await actor.count(file)
                    expectEqual(await actor.total, 2000)
                    await pool.terminate()
                }
            }
        }
    }
    scenario("tasksMapByAPoolThatWasForkedBefore") {
        try withFile(numberedLines(1000)) { path in
            try inChildWithTasks(mapping: { SeenChunk($0) }) { pool in
                let file = try ChunkedFile(path, cut: .lines, chunkBytes: 500)
                expectWhole(try await pool.map(file), numberedLines(1000))
                var bytes: [UInt8] = []
                for try await chunk in pool.results(of: file, inFlight: 2) {
                    bytes += chunk.bytes
                }
                expectEqual(bytes, numberedLines(1000))
            }
        }
    }
    scenario("noThreadOfTheCooperativePoolIsBlocked") {
        try withFile(numberedLines(10)) { path in
            let meeting = Meeting()
            try inChildWithTasks(mapping: meeting.attend) { pool in
                let file = try ChunkedFile(path, cut: .lines)
                let count = 64
                try await withThrowingTaskGroup { group in
                    for _ in 0..<count {
                        group.addTask { expectEqual(try await pool.map(file), [0]) }
                    }
                    // It comes last, and must run while all others wait: their workers wait for it.
                    group.addTask {
                        for _ in 0..<count { meeting.go.ring() }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }
    scenario("mapsOfManyTasksShareThePool") {
        try withFile(numberedLines(2000)) { path in
            try inChildWithTasks(mapping: { $0.bytes.byteCount }) { pool in
                try await withThrowingTaskGroup { group in
                    for size in 1...20 {
                        group.addTask {
                            let file = try ChunkedFile(path, cut: .lines, chunkBytes: 100 * size)
                            expectEqual(try await pool.reduce(file, 0, +), numberedLines(2000).count)
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }
    scenario("anAbandonedIterationIsCancelledAndThePoolStillWorks") {
        try withFile(numberedLines(1000)) { path in
            let function = { (chunk: borrowing Chunk) in
                while chunk.index > 2 { pause() }
                return chunk.index
            }
            try inChildWithTasks(mapping: function) { pool in
                let file = try ChunkedFile(path, cut: .bytes, chunkBytes: 100)
                for _ in 0..<3 {
                    for try await index in pool.results(of: file) where index == 2 { break }
                }
                expectEqual(try await pool.map(try ChunkedFile(path, cut: .bytes)), [0])
            }
        }
    }
}

/// What happens to maps whose task, function or pool ends.
func chunkTaskFaultScenarios() {
    scenario("aCancelledTaskEndsItsMapAndTheWorkersThatAreAtIt") {
        try withFile(numberedLines(1000)) { path in
            let meeting = Meeting()
            nonisolated(unsafe) let workers = SharedLog()
            let function = { (chunk: borrowing Chunk) -> Int in
                guard chunk.bytes.byteCount == 100 else { return chunk.index }
                workers.append(Int(getpid()))
                meeting.begun.ring()
                while true { pause() }
            }
            try inChildWithTasks(mapping: function) { pool in
                let file = try ChunkedFile(path, cut: .bytes, chunkBytes: 100)
                for isIterated in [false, true] {
                    let task = Task {
                        if !isIterated { return try await pool.map(file) }
                        for try await index in pool.results(of: file) { return [index] }
                        return []
                    }
                    expect(meeting.begun.wait() && meeting.begun.wait(), "not both workers have begun")
                    let start = ContinuousClock.now
                    task.cancel()
                    let result = await task.result
                    expectFails(.cancelled) { try result.get() }
                    expectPrompt(since: start)
                    for worker in workers.values {
                        expect(eventually { kill(Int32(worker), 0) != 0 }, "worker \(worker) lives")
                    }
                }
                expectEqual(try await pool.map(try ChunkedFile(path, cut: .bytes)), [0])
            }
        }
    }
    scenario("aTaskThatIsCancelledBeforeItMapsDoesNotBegin") {
        try withFile(numberedLines(10)) { path in
            nonisolated(unsafe) let begun = SharedCounter()
            try inChildWithTasks(mapping: { _ in begun.add(1) }) { pool in
                let file = try ChunkedFile(path, cut: .bytes)
                let task = Task {
                    while !Task.isCancelled { await Task.yield() }
                    return try await pool.map(file)
                }
                task.cancel()
                let result = await task.result
                expectFails(.cancelled) { try result.get() }
                expectEqual(begun.value, 0)
                expectEqual(try await pool.map(file), [1])
            }
        }
    }
    for (name, die, code) in deaths {
        scenario("aMapThatATaskWaitsForFailsBy\(name)") {
            try withFile(numberedLines(100)) { path in
                let function = { (chunk: borrowing Chunk) in
                    if chunk.offset == 300 { try die() }
                    return chunk.index
                }
                try inChildWithTasks(mapping: function) { pool in
                    let file = try ChunkedFile(path, cut: .bytes, chunkBytes: 100)
                    do {
                        _ = try await pool.map(file)
                        expect(false, "nothing was thrown")
                    } catch {
                        expectEqual(expectCode(code, of: error)?.chunk, 3)
                    }
                    var indices: [Int] = []
                    do {
                        for try await index in pool.results(of: file) { indices.append(index) }
                        expect(false, "nothing was thrown")
                    } catch {
                        expectCode(code, of: error)
                    }
                    expectEqual(indices, [0, 1, 2])
                    expectEqual(try await pool.map(try ChunkedFile(path, cut: .bytes)), [0])
                }
            }
        }
    }
    scenario("tasksThatWaitLearnThatThePoolsManagerWasKilled") {
        try withFile(numberedLines(100)) { path in
            try inChildWithTasks(mapping: { _ in kill(getppid(), SIGKILL) }, processes: 1) { pool in
                let file = try ChunkedFile(path, cut: .bytes)
                for _ in 0..<2 {
                    do {
                        _ = try await pool.map(file)
                        expect(false, "nothing was thrown")
                    } catch {
                        expectEqual(expectCode(.poolFailed, of: error)?.poolError?.code, .managerDied)
                    }
                }
                await pool.terminate()
            }
        }
    }
    scenario("terminateEndsMapsAndProcesses") {
        try withFile(numberedLines(100)) { path in
            let meeting = Meeting()
            try inChildWithTasks(mapping: meeting.attend) { pool in
                let file = try ChunkedFile(path, cut: .bytes)
                let task = Task { try await pool.map(file) }
                expect(meeting.begun.wait(), "no chunk was begun")
                await pool.terminate()
                expectEqual(ProcessRecord.children(of: getpid()).count, 0)
                let result = await task.result
                expectFails(.cancelled) { try result.get() }
                do {
                    _ = try await pool.map(file)
                    expect(false, "nothing was thrown")
                } catch {
                    expectCode(.cancelled, of: error)
                }
                await pool.terminate()
            }
        }
    }
    scenario("aReleasedPoolEndsItsProcessesAndItsThread") {
        try withFile(numberedLines(100)) { path in
            try inChildWithTasks {
                let file = try ChunkedFile(path, cut: .bytes)
                do {
                    let pool = try AsyncChunkPool(startMethod: .spawn, processes: 2, CountByte(1))
                    expectEqual(try await pool.map(file).map(\.count), [0])
                    _ = try AsyncChunkPool(startMethod: .spawn, processes: 1, CountByte(1))
                }
                expect(eventually { ProcessRecord.children(of: getpid()).isEmpty }, "processes are left")
                expect(
                    eventually { openDescriptors().values.filter { $0.hasPrefix("socket:") }.isEmpty },
                    "sockets are left")
            }
        }
    }
}

private let deaths: [(String, @Sendable () throws -> Void, ChunkedMapError.Code)] = [
    ("AThrownError", { throw Mishap() }, .chunkFailed),
    ("Exit", { _exit(3) }, .workerDied),
    ("Abort", { abort() }, .workerDied),
    ("SIGSEGV", { _ = raise(SIGSEGV) }, .workerDied),
    ("SIGKILL", { _ = raise(SIGKILL) }, .workerDied),
]
