@preconcurrency import Glibc
import Multiprocessing

/// An actor that owns a pool.
private actor Shop {
    private let pool: AsyncPool<Errand, Int>

    init(_ pool: AsyncPool<Errand, Int>) { self.pool = pool }

    func serve(_ errand: Errand) async throws(MultiprocessingError) -> Int {
        try await pool.apply(errand)
    }
}

/// Many tasks that use one pool, while it works, loses workers and ends.
func asyncCrowdScenarios() {
    scenario("manyTasksMapOverOnePoolAndEachGetsItsOwnOutputs") {
        try inChildWithTasks {
            let pool = try AsyncPool(processes: 3, Servant())
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<10 {
                    group.addTask {
                        for round in 0..<5 {
                            let numbers = (0..<50).map { task * 1000 + round * 100 + $0 }
                            expectEqual(try await pool.map(numbers.map { .doubles($0) }), numbers.map { $0 * 2 })
                            if task == 0 {
                                // The other tasks are not affected.
                                expectEqual(await code { try await pool.apply(.isKilled) }, .workerDied)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            await pool.terminate()
        }
    }
    scenario("tasksThatAskWhileThePoolIsTerminatedAreAnswered") {
        try inChildWithTasks {
            for round in 0..<5 {
                let pool = try AsyncPool(processes: 2, Servant())
                await withTaskGroup(of: Void.self) { group in
                    for task in 0..<20 {
                        group.addTask {
                            while true {
                                let code = await code { expectEqual(try await pool.apply(.doubles(task)), 2 * task) }
                                guard code == nil else { return expectEqual(code, .cancelled) }
                            }
                        }
                    }
                    try? await Task.sleep(for: .milliseconds(5 * round))
                    await pool.terminate()
                }
            }
        }
    }
    scenario("aCancelledCallOfAnActorEndsItsWorkerAndTheActorGoesOn") {
        try inChildWithTasks {
            let pool = try AsyncPool(processes: 1, Servant())
            let shop = Shop(pool)
            let before = Int32(try await shop.serve(.sleeps(1)))
            let task = Task { await code { try await shop.serve(.sleepsFor(.seconds(100))) } }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            expectEqual(await task.value, .cancelled)
            expect(
                eventually { !ProcessRecord.all.contains { $0.pid == before && !$0.isZombie } }, "the worker lives on")
            expectEqual(try await shop.serve(.doubles(2)), 4)
            await pool.terminate()
        }
    }
}

/// The code of the body's error, if any.
private func code<Result>(_ body: () async throws -> Result) async -> MultiprocessingError.Code? {
    do {
        _ = try await body()
        return nil
    } catch {
        expect(error is MultiprocessingError, "thrown was \(error)")
        return (error as? MultiprocessingError)?.code
    }
}
