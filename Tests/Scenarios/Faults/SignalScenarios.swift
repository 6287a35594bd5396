@preconcurrency import Glibc
import Multiprocessing

nonisolated(unsafe) private var handled = SharedCounter()

func signalScenarios() {
    for number in [SIGINT, SIGQUIT, SIGHUP] {
        let name = [SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGHUP: "SIGHUP"][number] ?? "?"
        scenario("\(name)ToTheGroupLeavesThePoolToAFrontThatIgnoresIt") {
            signal(number, SIG_IGN)
            defer { signal(number, SIG_DFL) }
            try expectUndisturbed(by: number)
        }
        scenario("\(name)ToTheGroupLeavesThePoolToAFrontThatHandlesIt") {
            interrupt(on: number) { _ in handled.add(1) }
            defer { signal(number, SIG_DFL) }
            try expectUndisturbed(by: number)
            expect((1...11).contains(handled.value), "the front's handler ran \(handled.value) times for 11 signals")
        }
    }
    scenario("interruptOfAFrontThatDoesNothingAboutItEndsAll") {
        let (begun, lifeline) = (Doorbell(), Lifeline())
        let front = Process {
            setpgid(0, 0)
            let pool = try Pool(processes: 2) { (_: Int) -> Int in
                begun.ring()
                pauseForever()
            }
            _ = try pool.map([1, 2])
        }
        try front.start()
        for _ in 0..<2 { expect(begun.wait(), "a worker did not begin") }
        kill(-(try require(front.pid)), SIGINT)
        expect(lifeline.allEnded(), "processes outlive the front")
        expectEqual(try front.join(), .signaled(SIGINT))
    }
    scenario("handlersOfTheFrontDoNotRunInWorkers") {
        interrupt(on: SIGUSR1) { _ in handled.add(1) }
        defer { signal(SIGUSR1, SIG_DFL) }
        let pool = try Pool(processes: 1) { (number: Int) -> Int in
            if number == 1 { raise(SIGUSR1) }
            return number
        }
        let error = expectThrows(.workerDied) { try pool.apply(1) }
        expectEqual(error?.status, .signaled(SIGUSR1))
        expectEqual(handled.value, 0)
    }
}

/// Sends a signal to our whole process group while tasks run, and expects them to be unaffected.
private func expectUndisturbed(by number: Int32) throws {
    let (begun, go) = (Doorbell(), Doorbell())
    let pool = try Pool(processes: 2) { (task: Int) -> Int in
        if task < 2 {
            begun.ring()
            expect(go.wait(), "no ring came")
        }
        return task
    }
    for task in 0..<50 { try pool.submit(task) }
    for _ in 0..<2 { expect(begun.wait(), "a worker did not begin") }
    for _ in 0..<10 { kill(0, number) }
    for _ in 0..<2 { go.ring() }
    var seen: [Int] = []
    while let completion = try pool.nextCompletion() {
        seen.append(try completion.result.get())
        expectEqual(completion.attempts, 1)
    }
    expectEqual(seen.sorted(), Array(0..<50))
    kill(0, number)
    expectEqual(try pool.map(10..<20), Array(10..<20))
    pool.close()
    try pool.join()
}
