@preconcurrency import Glibc
import Multiprocessing

/// What a worker does: how it ends, or what it answers.
enum Errand: Codable, Hashable, Sendable {
    case doubles(Int)
    case sleeps(Int)
    case throwsAnError
    case exits
    case aborts
    case faults
    case isKilled
    case sleepsFor(Duration)
}

private struct TeaIsCold: Error, CustomStringConvertible {
    let description = "the tea went cold"
}

/// Runs errands; the answer is a number, or the worker's pid.
struct Servant: PoolFunction, Codable {
    func callAsFunction(_ errand: Errand) throws -> Int {
        switch errand {
        case .doubles(let number): return number * 2
        case .sleeps(let milliseconds):
            usleep(UInt32(milliseconds) * 1000)
            return Int(getpid())
        case .sleepsFor(let duration):
            usleep(UInt32(duration.components.seconds) * 1_000_000)
            return Int(getpid())
        case .throwsAnError: throw TeaIsCold()
        case .exits: exit(3)
        case .aborts: abort()
        case .faults:
            kill(getpid(), SIGSEGV)
            return 0
        case .isKilled:
            kill(getpid(), SIGKILL)
            return 0
        }
    }
}

/// How each end of a task is reported.
private let ends: [(String, Errand, MultiprocessingError.Code)] = [
    ("Throws", .throwsAnError, .taskFailed), ("Exits", .exits, .workerDied), ("Aborts", .aborts, .workerDied),
    ("Faults", .faults, .workerDied), ("IsKilled", .isKilled, .workerDied),
]

private actor Kitchen {
    private let pool: AsyncPool<Errand, Int>
    private(set) var served = 0

    init(_ pool: AsyncPool<Errand, Int>) { self.pool = pool }

    func serve(_ errand: Errand) async throws(MultiprocessingError) -> Int {
        defer { served += 1 }
        return try await pool.apply(errand)
    }
}

/// Runs the body with a pool that is spawned, in a process that already has threads.
private func withPool(
    processes: Int = 2, file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping @Sendable (AsyncPool<Errand, Int>) async throws -> Void
) throws {
    try inChildWithTasks(file: file, line: line) {
        let pool = try AsyncPool(processes: processes, Servant())
        do {
            try await body(pool)
        } catch {
            await pool.terminate()
            throw error
        }
        await pool.terminate()
    }
}

private func expectCode<Result>(
    _ code: MultiprocessingError.Code, file: StaticString = #fileID, line: UInt = #line,
    _ body: () async throws -> Result
) async {
    do {
        _ = try await body()
        expect(false, "expected \(code), nothing was thrown", file: file, line: line)
    } catch {
        let seen = (error as? MultiprocessingError)?.code
        expect(seen == code, "expected \(code), thrown was \(error)", file: file, line: line)
    }
}

func asyncPoolScenarios() {
    scenario("mapResultsOfAnAsyncPoolHasTheOutcomeOfEachInput") {
        try withPool { pool in
            let errands: [Errand] = [.doubles(1), .throwsAnError, .doubles(2), .isKilled, .doubles(3)]
            for chunkSize in [nil, 2] {
                let results = try await pool.mapResults(errands, chunkSize: chunkSize)
                expectEqual(results.map(\.code), [nil, .taskFailed, nil, .workerDied, nil])
                for case (let position, .failure(let error)) in results.enumerated() {
                    expectEqual(error.task, UInt64(position))
                }
            }
            expectEqual(try await pool.map([.doubles(4)], chunkSize: 3), [8])
            await pool.terminate()
            await expectCode(.cancelled) { try await pool.mapResults(errands) }
            await expectCode(.cancelled) { try await pool.status() }
        }
    }
    scenario("applyOfAnAsyncPoolHasItsOwnTimeoutAndAttempts") {
        try withPool { pool in
            await expectCode(.taskTimedOut) {
                try await pool.apply(.sleepsFor(.seconds(1000)), timeout: .milliseconds(50))
            }
            await expectCode(.workerDied) { try await pool.apply(.isKilled, attempts: 1) }
            await expectCode(.invalidState) { try await pool.apply(.doubles(1), timeout: .zero) }
            await expectCode(.invalidState) { try await pool.apply(.doubles(1), attempts: 0) }
            await expectCode(.invalidState) { try await pool.map([.doubles(1)], chunkSize: 0) }
            expectEqual(try await pool.apply(.doubles(1), timeout: .seconds(60), attempts: 1), 2)
        }
    }
    scenario("statusOfAnAsyncPoolCountsWhileItWorks") {
        try withPool { pool in
            async let slow = pool.map([Errand.sleepsFor(.seconds(1)), .sleepsFor(.seconds(1)), .doubles(1)])
            var most = 0
            while try await pool.status().done < 3 {
                most = max(most, try await pool.status().running)
                try? await Task.sleep(for: .milliseconds(10))
            }
            expectEqual(most, 2, "workers at once:")
            expectEqual(try await slow[2], 2)
            let status = try await pool.status()
            expectEqual([status.waiting, status.running, status.done, status.workers.count], [0, 0, 3, 2])
        }
    }
    scenario("outputsAwaitedComeInTheOrderOfTheInputs") {
        try withPool { pool in
            expectEqual(try await pool.map((0..<10_000).map { .doubles($0) }), (0..<10_000).map { $0 * 2 })
            expectEqual(try await pool.apply(.doubles(21)), 42)
            expectEqual(try await pool.map([]), [])
            var sum = 0
            for try await output in pool.imapUnordered((0..<1000).map { Errand.doubles($0) }, inFlight: 7) {
                sum += output
            }
            expectEqual(sum, 999_000)
            // An abandoned iteration leaves the pool to others.
            for try await output in pool.imap((0..<100_000).map { Errand.doubles($0) }) where output == 20 {
                break
            }
            expectEqual(try await pool.apply(.doubles(1)), 2)
        }
    }
    scenario("aPoolThatWasForkedBeforeThreadsIsTakenOver") {
        try inChild {
            let pool = try AsyncPool(try Pool(processes: 2) { (number: Int) in number + 1 })
            try runTasks {
                expectEqual(try await pool.map(0..<100), Array(1...100))
                await pool.terminate()
                await expectCode(.cancelled) { () async throws(MultiprocessingError) in try await pool.apply(1) }
            }
        }
    }
    scenario("manyTasksShareTheWorkersAndNoneWaitsInAThread") {
        // Eight tasks of a fifth of a second on two workers, requested by more tasks than there are threads for tasks.
        try withPool { pool in
            let start = ContinuousClock.now
            let workers = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 { group.addTask { try await pool.apply(.sleeps(200)) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            expectEqual(Set(workers).count, 2)
            expect(ContinuousClock.now - start > .milliseconds(750), "they were not shared")
            // Other tasks continue while sixty-four of them wait.
            async let waiting = pool.map((0..<64).map { _ in .sleeps(20) })
            var turns = 0
            while turns < 1000 {
                await Task.yield()
                turns += 1
            }
            expectEqual(try await waiting.count, 64)
        }
    }
    for (word, errand, code) in ends {
        scenario("anAsyncTaskThat\(word)") {
            try withPool { pool in
                await expectCode(code) { () async throws(MultiprocessingError) in try await pool.apply(errand) }
                do {
                    _ = try await pool.map([.doubles(1), .sleeps(1), errand, .doubles(3)])
                    expect(false, "nothing was thrown")
                } catch {
                    expectEqual((error as? MultiprocessingError)?.task, 2)
                    expectEqual((error as? MultiprocessingError)?.code, code)
                }
                for ordered in [true, false] {
                    var outputs: [Int] = []
                    var errors = 0
                    let errands: [Errand] = [.doubles(1), errand, .doubles(3)]
                    let results = (ordered ? pool.imap(errands) : pool.imapUnordered(errands)).makeAsyncIterator()
                    while true {
                        do {
                            guard let output = try await results.next() else { break }
                            outputs.append(output)
                        } catch {
                            expectEqual((error as? MultiprocessingError)?.code, code)
                            errors += 1
                        }
                    }
                    expectEqual(outputs.sorted(), [2, 6])
                    expectEqual(errors, 1)
                }
                let (good, bad) = (pool.applyAsync(.doubles(5)), pool.applyAsync(errand))
                await expectCode(code) { try await bad.value }
                expectEqual(try await good.value, 10)
                let kitchen = Kitchen(pool)
                await expectCode(code) { () async throws(MultiprocessingError) in try await kitchen.serve(errand) }
                expectEqual(try await kitchen.serve(.doubles(4)), 8)
                expectEqual(await kitchen.served, 2)
            }
        }
    }
    scenario("aCancelledTaskEndsItsWorker") {
        try withPool(processes: 1) { pool in
            for way in 0..<4 {
                let before = Int32(try await pool.apply(.sleeps(1)))
                let task = Task { () throws -> Void in
                    switch way {
                    case 0: _ = try await pool.apply(.sleepsFor(.seconds(100)))
                    case 1: _ = try await pool.map([.sleepsFor(.seconds(100)), .doubles(1)])
                    case 2:
                        let later = pool.applyAsync(.sleepsFor(.seconds(100)))
                        _ = try await withTaskCancellationHandler {
                            try await later.value
                        } onCancel: {
                            later.cancel()
                        }
                    default: for try await _ in pool.imap([.sleepsFor(.seconds(100))]) {}
                    }
                }
                try await Task.sleep(for: .milliseconds(100))
                task.cancel()
                do {
                    try await task.value
                    expect(false, "nothing was thrown")
                } catch {
                    expectEqual((error as? MultiprocessingError)?.code, .cancelled)
                }
                expect(
                    eventually { !ProcessRecord.all.contains { $0.pid == before && !$0.isZombie } },
                    "the worker lives on")
                expect(Int32(try await pool.apply(.sleeps(1))) != before, "the same worker")
            }
            // A task that was cancelled before it made a request.
            let early = Task { () throws -> Int in
                while !Task.isCancelled { await Task.yield() }
                return try await pool.apply(.doubles(1))
            }
            early.cancel()
            do {
                _ = try await early.value
                expect(false, "nothing was thrown")
            } catch {
                expectEqual((error as? MultiprocessingError)?.code, .cancelled)
            }
        }
    }
    scenario("anAsyncPoolThatFailsTellsAll") {
        try withPool { pool in
            async let first = pool.apply(.sleepsFor(.seconds(100)))
            try await Task.sleep(for: .milliseconds(50))
            let manager = ProcessRecord.all.first { $0.parent == getpid() }
            expect(manager != nil, "there is no manager")
            if let manager { kill(manager.pid, SIGKILL) }
            do {
                _ = try await first
                expect(false, "nothing was thrown")
            } catch {
                expectEqual((error as? MultiprocessingError)?.code, .managerDied)
            }
            await expectCode(.managerDied) { () async throws(MultiprocessingError) in try await pool.apply(.doubles(1))
            }
        }
    }
    scenario("anAsyncPoolEndsWithItsLastUser") {
        try inChildWithTasks {
            var pool: AsyncPool<Errand, Int>? = try AsyncPool(processes: 1, Servant())
            let worker = Int32(try await pool?.apply(.sleeps(1)) ?? 0)
            pool = nil
            expect(
                eventually { !ProcessRecord.all.contains { $0.pid == worker && !$0.isZombie } }, "the worker lives on")
        }
    }
}
