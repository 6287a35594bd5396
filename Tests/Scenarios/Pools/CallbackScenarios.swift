@preconcurrency import Glibc
import Multiprocessing

/// Counts its living instances.
private final class Token {
    nonisolated(unsafe) static var count = 0

    init() {
        Token.count += 1
    }

    deinit {
        Token.count -= 1
    }
}

func callbackScenarios() {
    scenario("callbackRunsOnceInTheProcessThatAsked") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number < 0 { throw Mishap() }
            return number
        }
        var (outputs, errors): ([Int], [String]) = ([], [])
        for number in [1, -1, 2] {
            let result = try pool.applyAsync(
                number,
                callback: {
                    expect(ProcessRecord.children(of: getpid()).contains { $0.pid == pool.managerPID }, "not the front")
                    outputs.append($0)
                }, errorCallback: { errors.append("\($0.code): \($0)") })
            try result.wait()
            _ = result.ready
            try result.wait()
        }
        pool.close()
        try pool.join()
        expectEqual(outputs, [1, 2])
        expectEqual(errors, ["taskFailed: task 2: the tea went cold"])
    }
    scenario("callbacksOfUnreadResultsRunOnJoinAndAreReleased") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        var (sum, arrays) = (0, 0)
        for number in 0..<1000 {
            let token = Token()
            _ = try pool.applyAsync(number) { output in withExtendedLifetime(token) { sum += output } }
        }
        let token = Token()
        _ = try pool.mapAsync(0..<100) { outputs in withExtendedLifetime(token) { arrays += outputs.count } }
        pool.close()
        try pool.join()
        expectEqual(sum, 999 * 1000 / 2)
        expectEqual(arrays, 100)
        expectEqual(Token.count, 1, "only this one's may be left:")
    }
    scenario("callbacksRunInEveryCallThatTakesResultsIn") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        let calls: [(String, (AsyncResult<Int>) throws -> Void)] = [
            ("get", { _ = try $0.get() }), ("wait", { try $0.wait() }),
            ("ready", { result in expect(eventually { result.ready }, "not ready") }),
            ("successful", { result in expect(eventually { (try? result.successful) != nil }, "not ready") }),
            ("map", { result in while !result.ready { _ = try pool.map([1]) } }),
            ("apply", { result in while !result.ready { _ = try pool.apply(1) } }),
            (
                "imap",
                { result in
                    while !result.ready {
                        var results = pool.imap([1])
                        _ = try results.next()
                    }
                }
            ),
            (
                "nextCompletion",
                { result in
                    while !result.ready {
                        try pool.submit(1)
                        expect(try pool.nextCompletion() != nil, "no completion")
                    }
                }
            ),
        ]
        for (name, call) in calls {
            var count = 0
            try call(try pool.applyAsync(1) { count += $0 })
            expectEqual(count, 1, "\(name):")
        }
    }
    scenario("callbackMayUseThePool") {
        let pool = try Pool(processes: 2) { (number: Int) in number + 1 }
        var seen: [Int] = []
        var inner: AsyncResult<Int>?
        let outer = try pool.applyAsync(1) { output in
            seen.append(output)
            inner = try? pool.applyAsync(10) { seen.append($0) }
            seen.append((try? pool.apply(20)) ?? 0)
            seen += (try? pool.map([30, 40])) ?? []
            seen.append((try? inner?.get()) ?? 0)
        }
        expectEqual(try outer.get(), 2)
        expectEqual(seen.sorted(), [2, 11, 11, 21, 31, 41])
        // A callback may even end it.
        var hasEnded = false
        let last = try pool.applyAsync(1) { _ in
            pool.terminate()
            hasEnded = true
        }
        expectEqual(try last.get(), 2)
        expect(hasEnded, "no callback")
    }
    scenario("chainOfCallbacksIsDoneWhenJoinReturns") {
        let pool = try Pool(processes: 2) { (number: Int) in number + 1 }
        var last = 0
        func goOn(_ number: Int) {
            last = number
            if number < 100 { _ = try? pool.applyAsync(number) { goOn($0) } } else { pool.close() }
        }
        goOn(0)
        while last < 100 { try pool.applyAsync(0).wait() }
        try pool.join()
        expectEqual(last, 100)
    }
    scenario("callbackOfAMapHasAllOutputsAndItsErrorCallbackTheFirstError") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number % 10 == 3 { throw Mishap(description: "no \(number)") }
            return number
        }
        var (outputs, errors): ([[Int]], [MultiprocessingError]) = ([], [])
        func run(_ inputs: Range<Int>) throws {
            let result = try pool.mapAsync(
                inputs, chunkSize: 4, callback: { outputs.append($0) }, errorCallback: { errors.append($0) })
            try result.wait()
        }
        try run(0..<0)
        try run(4..<13)
        try run(0..<30)
        expectEqual(outputs, [[], Array(4..<13)])
        expectEqual(errors.map(\.task), [3])
        expectText(of: errors.first, contains: "no 3")
    }
    scenario("errorCallbacksRunWhenThePoolEndsBeforeItsTasks") {
        for isKilled in [false, true] {
            let pool = try Pool(processes: 1) { (_: Int) -> Int in pauseForever() }
            var codes: [MultiprocessingError.Code] = []
            for number in 0..<3 { _ = try pool.applyAsync(number, errorCallback: { codes.append($0.code) }) }
            _ = try pool.mapAsync(0..<9, errorCallback: { codes.append($0.code) })
            if isKilled {
                kill(pool.managerPID, SIGKILL)
                pool.close()
                expectThrows(.managerDied) { try pool.join() }
            } else {
                pool.terminate()
            }
            expectEqual(codes, Array(repeating: isKilled ? .managerDied : .cancelled, count: 4))
        }
    }
    scenario("aHundredThousandCallbacksRun") {
        let pool = try Pool(processes: 2) { (number: Int) in number &+ 1 }
        var sum = 0
        for number in 0..<100_000 { _ = try pool.applyAsync(number) { sum += $0 } }
        pool.close()
        try pool.join()
        expectEqual(sum, 100_000 * 100_001 / 2)
    }
}
