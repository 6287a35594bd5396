@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

/// Sends what it reads from standard input, and the descriptors that it has.
struct Surroundings: ProcessTarget, PoolFunction, Codable {
    struct Answer: Codable {
        var line: String?
        var descriptors: [Int32]
    }

    let answers: Connection

    func run() throws {
        try answers.send(Answer(line: readLine(), descriptors: openDescriptors().keys.sorted()))
    }

    func callAsFunction(_ number: Int) -> Answer {
        Answer(line: readLine(), descriptors: openDescriptors().keys.sorted())
    }
}

/// Sends the value of an environment variable.
struct Variable: ProcessTarget, Codable {
    let name: String
    let answers: Connection

    func run() throws {
        try answers.send(getenv(name).map { String(cString: $0) })
    }
}

/// Writes letters when it ends, in the given way.
enum LastWords: ProcessTarget, Codable {
    case returns(DuplicatedDescriptor), throwsAnError(DuplicatedDescriptor)
    case leaves(DuplicatedDescriptor), exits(DuplicatedDescriptor), aborts(DuplicatedDescriptor)

    func run() throws {
        switch self {
        case .returns(let file):
            promiseLastWords(file)
        case .throwsAnError(let file):
            promiseLastWords(file)
            throw Mishap()
        case .leaves(let file):
            promiseLastWords(file)
            Process.exit(4)
        case .exits(let file):
            promiseLastWords(file)
            exit(5)
        case .aborts(let file):
            promiseLastWords(file)
            raise(SIGKILL)
        }
    }
}

nonisolated(unsafe) private var lastWords: Int32 = -1

private func promiseLastWords(_ file: DuplicatedDescriptor) {
    lastWords = file.fileDescriptor.rawValue
    atexit { write(lastWords, "a", 1) }
    atexit { write(lastWords, "b", 1) }
}

/// What a child inherits from its parent, however it is started.
func childSurroundingScenarios() {
    for method in StartMethod.allCases {
        standardInputScenarios(method)
        exitHandlerScenarios(method)
        environmentScenarios(method)
        guard method != .fork else { continue }
        scenario("childHasNoDescriptorThatItWasNotGiven", by: method) {
            defer { Process.stopForkServer() }
            let (pipe, others) = (try Pipe(), try [3, 4, 5, 70].map { (_: Int) in try require(leak()) })
            defer { others.forEach { close($0) } }
            let child = Process(startMethod: method, Surroundings(answers: pipe.second))
            try child.start()
            let descriptors = try pipe.first.receive(Surroundings.Answer.self).descriptors
            try child.join()
            // The descriptor that it was given, and one of its parent.
            expectEqual(descriptors.count, 3 + 1 + 1, "a child has \(descriptors):")
            let pool = try Pool(startMethod: method, processes: 1, Surroundings(answers: pipe.second))
            let ofWorker = try pool.apply(1).descriptors
            pool.terminate()
            // Its channel, its function's descriptor, and the manager's descriptor of the front.
            expect(ofWorker.count <= 3 + 3, "a worker has \(ofWorker)")
            let manager = try Manager(startMethod: method)
            let names = Set(namesIn("/proc/\(manager.pid)/fd").compactMap { Int32($0) })
            manager.shutdown()
            expect(names.count < 3 + 8, "a manager's server has \(names)")
            for number in others where number > 20 {
                expect(!names.contains(number), "a manager's server has \(number)")
            }
        }
    }
    scenario("workersReadNothingAsStandardInputUnlessTheyAreToReadTheParents") {
        try withStandardInput { writer in
            let pool = try Pool(processes: 2) { (_: Int) in readLine() }
            expectEqual(try pool.map(0..<4), [nil, nil, nil, nil])
            try write("for the front", to: writer)
            let reading = try Pool(processes: 2, workers: WorkerSettings(standardInput: .inherited)) { (_: Int) in
                readLine()
            }
            expectEqual(try reading.apply(0), "for the front")
            pool.terminate()
            reading.terminate()
        }
    }
    scenario("exitHandlersOfWorkersRunWhenTheyLeave") {
        let ends = try FileDescriptor.pipe()
        let pool = try Pool(processes: 2, initializer: { promiseLastWords(DuplicatedDescriptor(ends.writeEnd)) }) {
            (number: Int) in number
        }
        _ = try pool.map(0..<100)
        pool.close()
        try pool.join()
        try ends.writeEnd.close()
        expectEqual(try rest(of: ends.readEnd).sorted(), ["a", "a", "b", "b"])
    }
}

private func standardInputScenarios(_ method: StartMethod) {
    scenario("childReadsNothingAsStandardInputUnlessItIsToReadTheParents", by: method) {
        defer { Process.stopForkServer() }
        let pipe = try Pipe()
        try withStandardInput { writer in
            try write("one", to: writer)
            try write("two", to: writer)
            // This reads ahead.
            expectEqual(readLine(), "one")
            try write("three", to: writer)
            for input in [StandardInput.null, .inherited] {
                let child = Process(startMethod: method, standardInput: input, Surroundings(answers: pipe.second))
                try child.start()
                let line = try pipe.first.receive(Surroundings.Answer.self).line
                expectEqual(line, input == .null ? nil : "three")
                expectEqual(try child.join(), .exited(0))
            }
            expectEqual(readLine(), "two")
        }
    }
    scenario("childDoesNotMoveThePlaceInTheParentsStandardInput", by: method) {
        defer { Process.stopForkServer() }
        let file = try require(tmpfile())
        defer { fclose(file) }
        fputs("one\ntwo\n", file)
        fflush(file)
        lseek(fileno(file), 0, SEEK_SET)
        let pipe = try Pipe()
        try withStandardInput(fileno(file)) {
            expectEqual(readLine(), "one")
            for input in [StandardInput.null, .inherited] {
                let child = Process(startMethod: method, standardInput: input, Surroundings(answers: pipe.second))
                try child.start()
                expectEqual(try pipe.first.receive(Surroundings.Answer.self).line, nil)
                expectEqual(try child.join(), .exited(0))
            }
            expectEqual(readLine(), "two")
            expectEqual(readLine(), nil)
        }
    }
    scenario("childHasAStandardInputWhereTheParentHasNone", by: method) {
        defer { Process.stopForkServer() }
        let pipe = try Pipe()
        let kept = fcntl(0, F_DUPFD_CLOEXEC, 10)
        close(0)
        defer {
            dup2(kept, 0)
            close(kept)
        }
        let child = Process(startMethod: method, Surroundings(answers: pipe.second))
        try child.start()
        let answer = try pipe.first.receive(Surroundings.Answer.self)
        expectEqual(answer.line, nil)
        expect(answer.descriptors.contains(0), "a child has \(answer.descriptors)")
        expectEqual(try child.join(), .exited(0))
    }
}

private func environmentScenarios(_ method: StartMethod) {
    // Children of the fork server have the server's, as in Python.
    let isServers = method == .forkserver
    let owner = isServers ? "TheForkServerHadWhenItWasStarted" : "ItsParentHasWhenItIsStarted"
    scenario("childHasTheEnvironmentThat\(owner)", by: method) {
        defer { Process.stopForkServer() }
        let pipe = try Pipe()
        for value in ["one", "two"] {
            setenv("SCENARIO_DRINK", value, 1)
            let child = Process(startMethod: method, Variable(name: "SCENARIO_DRINK", answers: pipe.second))
            try child.start()
            expectEqual(try pipe.first.receive(String?.self), isServers ? "one" : value)
            expectEqual(try child.join(), .exited(0))
        }
        unsetenv("SCENARIO_DRINK")
    }
}

private func exitHandlerScenarios(_ method: StartMethod) {
    scenario("exitHandlersOfAChildRunWhenItEndsNormallyAndItsParentsDoNot", by: method) {
        let ways: [((DuplicatedDescriptor) -> LastWords, ExitStatus, String)] = [
            (LastWords.returns, .exited(0), "ba"), (LastWords.throwsAnError, .exited(1), "ba"),
            (LastWords.leaves, .exited(4), "ba"), (LastWords.exits, .exited(5), "ba"),
            (LastWords.aborts, .signaled(SIGKILL), ""),
        ]
        for (way, status, letters) in ways {
            let ends = try FileDescriptor.pipe()
            let parent = Process {
                lastWords = ends.writeEnd.rawValue
                atexit { write(lastWords, "P", 1) }
                let child = Process(startMethod: method, way(DuplicatedDescriptor(ends.writeEnd)))
                _ = try captured(2) {
                    try child.start()
                    expectEqual(try child.join(), status)
                }
            }
            try parent.start()
            expectEqual(try parent.join(), .exited(0))
            try ends.writeEnd.close()
            expectEqual(try rest(of: ends.readEnd), letters + "P")
        }
    }
}

/// Opens a file that every executable would inherit.
private func leak() -> Int32? {
    let number = fcntl(1, F_DUPFD, 30)
    return number < 0 ? nil : number
}

/// The rest of a pipe's content; closes the pipe.
private func rest(of reader: FileDescriptor) throws -> String {
    defer { try? reader.close() }
    var text = [UInt8](repeating: 0, count: 100)
    var count = 0
    while true {
        let more = try text.withUnsafeMutableBytes {
            try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
        }
        guard more > 0 else { return String(decoding: text[..<count], as: UTF8.self) }
        count += more
    }
}

private func write(_ line: String, to writer: FileDescriptor) throws {
    _ = try writer.writeAll((line + "\n").utf8)
}

/// Runs the body with the reading end of a pipe as standard input, and passes it the writing end.
private func withStandardInput(_ body: (FileDescriptor) throws -> Void) throws {
    let ends = try FileDescriptor.pipe()
    defer { try? ends.writeEnd.close() }
    try withStandardInput(ends.readEnd.rawValue) {
        try ends.readEnd.close()
        try body(ends.writeEnd)
    }
}

private func withStandardInput(_ number: Int32, _ body: () throws -> Void) throws {
    let kept = fcntl(0, F_DUPFD_CLOEXEC, 10)
    dup2(number, 0)
    defer {
        dup2(kept, 0)
        close(kept)
        clearerr(stdin)
    }
    try body()
}
