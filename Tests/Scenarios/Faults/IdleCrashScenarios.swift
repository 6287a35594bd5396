@preconcurrency import Glibc
import Multiprocessing

/// The crash of a worker's signal handler; set in the worker.
nonisolated(unsafe) private var crashOfHandler = Crash.kill

/// An idle worker ends.
func idleCrashScenarios() {
    for crash in Crash.allCases where crash != .thrownError {
        scenario("\(crash)OfAnIdleWorkerHarmsNoTask") {
            // A signal handler: the worker's own code runs while it waits.
            try expectNoHarm(prepare: {
                crashOfHandler = crash
                signal(SIGUSR1) { _ in try? crashOfHandler.happen() }
            }) { kill($0, SIGUSR1) }
        }
    }
    for number in [SIGKILL, SIGSEGV, SIGABRT, SIGTERM] {
        scenario("idleWorkerEndedBySignal\(number)FromOutsideHarmsNoTask") {
            try expectNoHarm(prepare: {}) { kill($0, number) }
        }
    }
    scenario("allWorkersEndedWhileIdleAreReplacedAndNoTaskIsBlamed") {
        let pool = try Pool(processes: 3) { (number: Int) in number }
        for turn in 0..<20 {
            expectEqual(try pool.map(0..<50), Array(0..<50))
            let workers = ProcessRecord.children(of: pool.managerPID).map(\.pid)
            for worker in workers { kill(worker, SIGKILL) }
            // Both before and after the manager notices, when the tasks arrive.
            if turn % 2 == 0 {
                expect(eventually { Set(idleWorkers(of: pool)).isDisjoint(with: workers) }, "not replaced")
            }
            for number in 0..<20 { try pool.submit(number) }
            while let completion = try pool.nextCompletion() {
                expectEqual(completion.attempts, 1, "no worker had begun it;")
                _ = try completion.result.get()
            }
        }
    }
}

private func idleWorkers(of pool: Pool<Int, Int>) -> [Int32] {
    ProcessRecord.children(of: pool.managerPID).map(\.pid)
}

/// Ends the idle one of two workers, and expects the other's task and all later ones to be done.
private func expectNoHarm(prepare: @escaping () -> Void, _ end: (Int32) -> Void) throws {
    let (begun, go, busy) = (Doorbell(), Doorbell(), SharedCounter())
    let pool = try Pool(processes: 2, initializer: prepare) { (number: Int) -> Int in
        if number == -1 {
            busy.set(Int(getpid()))
            begun.ring()
            expect(go.wait(), "no ring came")
        }
        return Int(getpid())
    }
    // Both are ready once both have done something.
    var seen: Set<Int> = []
    let haveBothWorked = try eventually(within: .seconds(20)) {
        seen.formUnion(try pool.map(0..<4))
        return seen.count == 2
    }
    expect(haveBothWorked, "one worker does all")
    let start = ContinuousClock.now
    let long = try pool.applyAsync(-1)
    expect(begun.wait(), "the task did not begin")
    let idle = Int32(try require(seen.first { $0 != busy.value }))
    end(idle)
    let ended = eventually { !ProcessRecord.children(of: pool.managerPID).contains { $0.pid == idle } }
    expect(ended, "the idle worker lives on")
    for number in 0..<20 { try pool.submit(number) }
    while let completion = try pool.nextCompletion() {
        expectEqual(completion.attempts, 1, "no worker had begun it;")
        expect(try completion.result.get() != Int(idle), "a dead worker answers")
    }
    go.ring()
    expectEqual(try long.get(), busy.value)
    expectEqual(ProcessRecord.children(of: pool.managerPID).count, 2)
    pool.close()
    try pool.join()
    expectPrompt(since: start)
}
