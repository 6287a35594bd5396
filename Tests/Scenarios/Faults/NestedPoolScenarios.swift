@preconcurrency import Glibc
import Multiprocessing

/// How a pool ends whose workers have pools themselves.
private enum End: CaseIterable {
    case terminate, cancel, timeout, closeAndJoin, goesAway
    case frontKilled, managerKilled, workerKilled, innerManagerKilled
}

func nestedPoolScenarios() {
    for end in End.allCases {
        scenario("poolInAWorkerLeavesNothingWhenThe\(end.name)") {
            try expectNothingLeft(end)
        }
    }
    scenario("poolThatIsAWorkersStateServesAllItsTasks") {
        let lifeline = Lifeline()
        let pool = try Pool(
            processes: 2, initializer: { try Pool(processes: 2) { (number: Int) in number * 2 } }
        ) { (inner: inout Pool<Int, Int>, count: Int) -> Int in
            try inner.map(0..<count).reduce(0, +)
        }
        expectEqual(try pool.map(0..<20), (0..<20).map { $0 * ($0 - 1) })
        pool.close()
        try pool.join()
        expect(lifeline.allEnded(), "inner processes are left")
    }
    scenario("threePoolsWithinOneAnotherWorkAndEndTogether") {
        let lifeline = Lifeline()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            func sum(_ middle: Int) throws -> Int {
                try Pool.with(processes: 2, { (inner: Int) in inner + number + middle }) {
                    try $0.map(0..<3).reduce(0, +)
                }
            }
            return try Pool.with(processes: 2, sum) { try $0.map(0..<3).reduce(0, +) }
        }
        expectEqual(try pool.map(0..<4), (0..<4).map { 9 * $0 + 18 })
        pool.terminate()
        expect(lifeline.allEnded(), "inner processes are left")
    }
    scenario("errorsOfAnInnerPoolAreThoseOfTheOuterTask") {
        func fail(_ way: Int) throws -> Int {
            switch way {
            case 0: throw Mishap()
            case 1: raise(SIGKILL)
            case 2: pauseForever()
            default: break
            }
            return way
        }
        let pool = try Pool(processes: 2) { (way: Int) -> Int in
            try Pool.with(processes: 1, taskTimeout: .milliseconds(250), fail) { try $0.apply(way) }
        }
        let results = try (0..<4).map { try pool.applyAsync($0) }
        let texts = ["the tea went cold", "SIGKILL", "0.25 seconds"]
        for (way, text) in texts.enumerated() {
            expectText(of: expectThrows(.taskFailed) { try results[way].get() }, contains: text)
        }
        expectEqual(try results[3].get(), 3)
    }
}

extension End {
    /// For a scenario's name.
    fileprivate var name: String {
        switch self {
        case .terminate: "OuterOneIsTerminated"
        case .cancel: "TaskIsCancelled"
        case .timeout: "TaskTimesOut"
        case .closeAndJoin: "OuterOneIsClosedAndJoined"
        case .goesAway: "OuterOneGoesAway"
        case .frontKilled: "OuterFrontIsKilled"
        case .managerKilled: "OuterManagerIsKilled"
        case .workerKilled: "OuterWorkerIsKilled"
        case .innerManagerKilled: "InnerManagerIsKilled"
        }
    }
}

/// The processes of the inner pools, in the order in which they started.
private struct Inner {
    let begun = Doorbell()
    let go = Doorbell()
    let managers = SharedLog()
    let workers = SharedLog()

    /// A worker of the outer pool: an inner pool works until a ring, or forever.
    func work(_ number: Int) throws -> Int {
        workers.append(Int(getpid()))
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            begun.ring()
            expect(go.wait(within: .seconds(60)), "no ring came")
            return number
        }
        managers.append(Int(pool.managerPID))
        return try pool.map([number, number]).reduce(0, +)
    }

    func waitUntilBegun(_ count: Int) {
        for _ in 0..<count { expect(begun.wait(), "an inner worker did not begin") }
    }
}

private func expectNothingLeft(_ end: End) throws {
    let (inner, lifeline) = (Inner(), Lifeline())
    if end == .frontKilled {
        let front = Process {
            let pool = try Pool(processes: 2) { try inner.work($0) }
            _ = try pool.map(1...2)
        }
        try front.start()
        inner.waitUntilBegun(4)
        front.kill()
        expect(lifeline.allEnded(), "processes are left")
        try front.join()
        return
    }
    do {
        let pool = try Pool(processes: 2, taskTimeout: end == .timeout ? .seconds(1) : nil) {
            try inner.work($0)
        }
        let results = try (1...2).map { try pool.applyAsync($0) }
        inner.waitUntilBegun(4)
        let start = ContinuousClock.now
        try bring(end, to: pool, inner, results)
        expectPrompt(since: start)
    }
    expect(lifeline.allEnded(), "processes are left")
}

private func bring(_ end: End, to pool: Pool<Int, Int>, _ inner: Inner, _ results: [AsyncResult<Int>]) throws {
    switch end {
    case .terminate: pool.terminate()
    case .goesAway, .frontKilled: break
    case .cancel:
        for result in results { result.cancel() }
        for result in results { expectThrows(.cancelled) { try result.get() } }
        pool.close()
        try pool.join()
    case .timeout:
        for result in results { expectThrows(.taskTimedOut) { try result.get() } }
        // The pool lives; the inner pools of the killed workers do not.
        for manager in inner.managers.values {
            expect(eventually { ProcessRecord(Int32(manager))?.isZombie ?? true }, "an inner manager is left")
        }
    case .closeAndJoin:
        pool.close()
        for _ in 0..<4 { inner.go.ring() }
        try pool.join()
        expectEqual(try results.map { try $0.get() }, [2, 4])
    case .managerKilled:
        kill(pool.managerPID, SIGKILL)
        for result in results { expectThrows(.managerDied) { try result.get() } }
    case .workerKilled:
        kill(Int32(try require(inner.workers.values.first)), SIGKILL)
        // The task runs again, in a new inner pool.
        inner.waitUntilBegun(2)
        for _ in 0..<4 { inner.go.ring() }
        expectEqual(try results.map { try $0.get() }, [2, 4])
    case .innerManagerKilled:
        for manager in inner.managers.values { kill(Int32(manager), SIGKILL) }
        for result in results {
            let error = expectThrows(.taskFailed) { try result.get() }
            expectText(of: error, contains: "manager ended")
        }
    }
}
