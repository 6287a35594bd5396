@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

func workerSettingsScenarios() {
    scenario("workersStartWithTheirSettings") {
        let folder = temporaryFolder
        setenv("TEA", "green", 1)
        setenv("MILK", "some", 1)
        let settings = WorkerSettings(
            workingDirectory: folder, environment: ["TEA": "black", "MILK": nil], niceness: 5, cpus: [0])
        let pool = try Pool(processes: 2, workers: settings) { (_: Int) -> [String] in
            [
                String(cString: getcwd(nil, 0)), getenv("TEA").map { String(cString: $0) } ?? "none",
                getenv("MILK").map { String(cString: $0) } ?? "none", "\(nice(0))",
                "\(processCPUCount())",
            ]
        }
        let own = nice(0)
        for seen in try pool.map(0..<4) {
            expectEqual(Array(seen.dropFirst()), ["black", "none", "\(own + 5)", "1"])
            expect(seen[0].hasSuffix(folder), "\(seen[0]) is not \(folder)")
        }
        expectEqual(String(cString: getenv("TEA")), "green")
    }
    scenario("outputOfEachWorkerGoesToItsFile") {
        let folder = temporaryFolder
        let settings = WorkerSettings(standardOutput: .files("\(folder)/out"), standardError: .null)
        let text = try captured(2) {
            let pool = try Pool(processes: 2, maxTasksPerWorker: 3, workers: settings) { (number: Int) in
                print("input \(number)")
                fputs("to nowhere", stderr)
            }
            try pool.map(0..<20)
            pool.close()
            try pool.join()
        }
        expectEqual(text, "")
        let lines = try (0..<2).flatMap { try takeLines(of: "\(folder)/out.\($0)") }
        expectEqual(lines.sorted(), (0..<20).map { "input \($0)" }.sorted())
    }
    scenario("settingsThatCannotBeAppliedFailThePool") {
        let settings: [(WorkerSettings, String)] = [
            (WorkerSettings(workingDirectory: "/not/there"), "chdir to /not/there"),
            (WorkerSettings(cpus: [1 << 19]), "sched_setaffinity to processor 524288"),
            (WorkerSettings(standardOutput: .files("/not/there/out")), "open of /not/there/out.0"),
        ]
        for (settings, text) in settings {
            let pool = try Pool(processes: 1, workers: settings) { (number: Int) in number }
            let error = try require(expectThrows(.initializerFailed) { try pool.map([1]) })
            expectText(of: error, contains: text)
        }
        let refused = [
            WorkerSettings(environment: ["": "x"]), WorkerSettings(environment: ["A=B": "x"]),
            WorkerSettings(cpus: [-1]),
            WorkerSettings(maxMemoryGrowthBytes: 0),
        ]
        for settings in refused {
            expectThrows(.invalidState) { try Pool(processes: 1, workers: settings) { (number: Int) in number } }
        }
    }
    scenario("workerWhoseMemoryHasGrownIsReplacedAfterItsTask") {
        let settings = WorkerSettings(maxMemoryGrowthBytes: 32 << 20)
        let pool = try Pool(processes: 1, workers: settings) { (number: Int) -> Int32 in
            let size = number << 20
            if let memory = malloc(size) { memset(memory, 1, size) }
            return getpid()
        }
        // Many small ones are sent ahead, and none of them is lost with the worker.
        let small = try pool.map(repeatElement(0, count: 2_000))
        expectEqual(Set(small).count, 1)
        let pids = try pool.map([1, 48, 1, 1, 20, 20, 1] + repeatElement(0, count: 200))
        expectEqual(Set(pids[...1]), Set(small))
        expectEqual(Set(pids).count, 3, "the workers are \(Set(pids)):")
        expectEqual(pids.count, 207)
        // Memory that it shares with its parent, or has mapped, does not count.
        let large = [UInt8](repeating: 1, count: 64 << 20)
        let arena = try SharedMemory(anonymousOf: 64 << 20)
        let sharing = try Pool(processes: 1, workers: settings) { (_: Int) -> Int32 in
            var sum = 0
            for index in stride(from: 0, to: large.count, by: 4096) { sum += Int(large[index]) }
            for index in stride(from: 0, to: arena.bytes.count, by: 4096) { sum += Int(arena.bytes[index]) }
            return sum > 0 ? getpid() : 0
        }
        expectEqual(Set(try sharing.map(0..<10)).count, 1)
    }
    scenario("workersAreMadeAsTheyAreNeeded") {
        let (begun, go) = (SharedCounter(), Doorbell())
        let pool = try Pool(processes: 8, workers: WorkerSettings(startsAsNeeded: true)) { (number: Int) -> Int in
            if number == 0 {
                begun.add(1)
                expect(go.wait(), "no ring came")
            }
            return number
        }
        expectEqual(try pool.status().workers.count, 0)
        for number in 1...20 { expectEqual(try pool.apply(number), number) }
        expectEqual(try pool.status().workers.count, 1)
        let slow = try (0..<3).map { _ in try pool.applyAsync(0) }
        expect(eventually { begun.value == 3 }, "they do not begin")
        expectEqual(try pool.status().workers.count, 3)
        for _ in slow { go.ring() }
        try waitAll(slow)
        expectEqual(try pool.map(1...1_000), Array(1...1_000))
        expect(try pool.status().workers.count <= 8, "there are too many")
        pool.close()
        try pool.join()
    }
}

/// The lines of a file, which is removed.
private func takeLines(of path: String) throws -> [String] {
    let file = try FileDescriptor.open(path, .readOnly)
    defer {
        try? file.close()
        unlink(path)
    }
    var bytes = [UInt8](repeating: 0, count: 1 << 12)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
}
