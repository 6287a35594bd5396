@preconcurrency import Glibc
import Multiprocessing

/// The error that tasks throw here: it can be sent, and be found by its name.
struct Refusal: Error, Codable, Equatable {
    let line: Int
    let reason: String
}

func thrownErrorScenarios() {
    scenario("codableErrorComesBackAsItselfWithTheNumberOfItsInput") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 40 { throw Refusal(line: number, reason: "no") }
            return number
        }
        let error = try require(expectThrows(.taskFailed) { try pool.map(0..<100) })
        expectEqual(error.underlying as? Refusal, Refusal(line: 40, reason: "no"))
        expectEqual("\(error)", "task 40: Refusal(line: 40, reason: \"no\")")
        var results = pool.imap(38..<43)
        var thrown: [Int] = []
        for _ in 0..<5 {
            do {
                _ = try results.next()
            } catch let error as MultiprocessingError {
                thrown.append(try require(error.underlying as? Refusal).line)
            }
        }
        expectEqual(thrown, [40])
        let later = try pool.applyAsync(40)
        expectEqual(
            expectThrows(.taskFailed) { try later.get() }?.underlying as? Refusal, .init(line: 40, reason: "no"))
    }
    scenario("errorsThatCannotBeSentComeBackAsTheirText") {
        struct Local: Error, Codable {}
        struct Plain: Error {}
        let ways: [@Sendable () throws -> Int] = [
            { throw Plain() }, { throw Local() }, { throw UnsendableError() }, { throw UnreceivableError() },
        ]
        let pool = try Pool(processes: 1) { (way: Int) in try ways[way]() }
        let texts = ["Plain()", "Local()", "UnsendableError()", "UnreceivableError()"]
        for (way, text) in texts.enumerated() {
            let error = try require(expectThrows(.taskFailed) { try pool.apply(way) })
            expectText(of: error, contains: text)
            expect(error.underlying == nil, "\(text) came back as itself")
        }
    }
    scenario("mapCatchesTheErrorsOfOneTypeAsResults") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number % 10 == 3 { throw Refusal(line: number, reason: "") }
            if number == 1_000 { throw Mishap() }
            return number
        }
        let results = try pool.map(0..<100, catching: Refusal.self)
        expectEqual(results.count, 100)
        for (number, result) in results.enumerated() {
            switch result {
            case .success(let output): expectEqual(output, number)
            case .failure(let refusal):
                expectEqual(refusal.line, number)
                expectEqual(number % 10, 3)
            }
        }
        let error = expectThrows(.taskFailed) { try pool.map([1, 3, 1_000, 13], catching: Refusal.self) }
        expectEqual(error?.task, 2)
    }
    scenario("mapResultsHasTheOutcomeOfEachInput") {
        let pool = try Pool(processes: 2, attempts: 1) { (fickle: Fickle) -> String in
            switch fickle.text {
            case "throws": throw Refusal(line: 1, reason: "")
            case "dies": raise(SIGKILL)
            default: break
            }
            return fickle.text
        }
        let inputs = [
            Fickle(encodes: true), Fickle(encodes: false), Fickle(encodes: true, text: "throws"),
            Fickle(encodes: true, text: "dies"), Fickle(encodes: true),
        ]
        for chunkSize in [nil, 2, 5] {
            let results = try pool.mapResults(inputs, chunkSize: chunkSize)
            expectEqual(results.map(\.code), [nil, .encodingFailed, .taskFailed, .workerDied, nil])
            for case (let position, .failure(let error)) in results.enumerated() {
                expectEqual(error.task, UInt64(position))
            }
        }
        expectEqual(try pool.mapResults([]).count, 0)
    }
    scenario("workersThatCrashPrintABacktraceWhereTheProgramDoes") {
        // The Swift runtime reads the variable when a program starts.
        let kept = getenv("SWIFT_BACKTRACE").map { String(cString: $0) }
        setenv("SWIFT_BACKTRACE", "enable=yes,color=no,images=none,registers=none", 1)
        defer { _ = kept.map { setenv("SWIFT_BACKTRACE", $0, 1) } ?? unsetenv("SWIFT_BACKTRACE") }
        let text = try captured(2) {
            let host = Process(startMethod: .spawn, HostOfACrash())
            try host.start()
            expectEqual(try host.join(timeout: .seconds(60)), .exited(0))
        }
        expect(text.contains("Thread 0 \"pool-worker-0\" crashed"), "\(text)")
        expect(text.contains("crashesHere"), "\(text)")
    }
    scenario("attemptsSayHowOftenATaskIsTriedAgain") {
        let runs = SharedCounter()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            runs.add(1)
            if number < 0 { raise(SIGKILL) }
            return number
        }
        let ways: [(Int?, Int)] = [(nil, 3), (1, 1), (2, 2), (5, 5)]
        for (attempts, expected) in ways {
            let before = runs.value
            let error = try require(
                expectThrows(.workerDied) { try pool.applyAsync(-1, attempts: attempts).get() })
            expectEqual(runs.value - before, expected, "runs with attempts \(attempts ?? 0):")
            expectText(of: error, contains: expected == 1 ? "ended its worker" : "ended \(expected) workers")
        }
        try pool.submit(-1, attempts: 1)
        expectEqual(try pool.nextCompletion()?.attempts, 1)
        for attempts in [0, -1] {
            expectThrows(.invalidState) { try pool.applyAsync(1, attempts: attempts) }
            expectThrows(.invalidState) { try Pool(processes: 1, attempts: attempts) { (number: Int) in number } }
        }
        let careful = try Pool(processes: 1, attempts: 1) { (number: Int) -> Int in
            runs.add(1)
            exit(7)
        }
        let before = runs.value
        let error = expectThrows(.workerDied) { try careful.map([1]) }
        expectEqual(error?.status, .exited(7))
        expectEqual(runs.value - before, 1)
        // Tasks that end by an error or a timeout are not tried again, whatever `attempts` says.
        let stubborn = try Pool(processes: 1, attempts: 9) { (number: Int) -> Int in
            runs.add(1)
            if number == 0 { throw Mishap() }
            sleep(1000)
            return 0
        }
        let start = runs.value
        expectThrows(.taskFailed) { try stubborn.apply(0) }
        expectThrows(.taskTimedOut) { try stubborn.applyAsync(1, timeout: .milliseconds(50)).get() }
        expectEqual(runs.value - start, 2)
    }
}

/// Cannot be encoded.
struct UnsendableError: Error, Codable {
    init() {}
    init(from decoder: any Decoder) throws {}
    func encode(to encoder: any Encoder) throws { throw Mishap() }
}

/// Cannot be decoded.
struct UnreceivableError: Error, Codable {
    init() {}
    init(from decoder: any Decoder) throws { throw Mishap() }
    func encode(to encoder: any Encoder) throws {}
}

/// Makes a worker crash.
struct HostOfACrash: ProcessTarget, Codable {
    func run() throws {
        try Pool.with(processes: 1, attempts: 1, { (number: Int) in crashesHere(number) }) { pool in
            _ = expectThrows(.workerDied) { try pool.apply(-1) }
        }
    }
}

@inline(never)
private func crashesHere(_ number: Int) -> Int {
    precondition(number >= 0)
    return number
}
