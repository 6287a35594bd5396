@preconcurrency import Glibc
import TestSupport
import Testing

/// Tests that need real processes: each scenario runs in a fresh process with one thread, see `Tests/Scenarios`.
struct ScenarioTests {
    @Test(arguments: try scenarioNames())
    func scenarioHolds(_ name: String) async throws {
        // The longest takes half a minute on a quiet machine.
        var result = try await run([scenarioProgram, name], within: 240)
        // Without root's privileges, others make names in /dev/shm too; a name left by the scenario appears every time.
        for _ in 0..<3 where result.status == 1 && result.reportsNothingButNames {
            result = try await run([scenarioProgram, name], within: 240)
        }
        #expect(result.status == 0, "\(result.output)")
    }

    /// The harness must report each of these leaks; only then does its silence about the other scenarios mean anything.
    @Test(arguments: try scenarioNames(in: "leaks"))
    func leakIsReported(_ name: String) async throws {
        let reports = [
            "aFailedExpectationIsReported": "expected 3, saw 2",
            "aThrownErrorIsReported": "the tea went cold",
            "aFailedExpectationOfAGrandchildIsReported": "the grandchild is not content",
            "aChildThatIsLeftIsReported": "a child is left",
            "aChildThatNobodyWaitedForIsReported": "a child was not waited for",
            "aDescendantThatIsLeftIsReported": "a descendant is left",
            "aDescriptorThatIsLeftIsReported": "a descriptor is left",
            "aNameThatIsLeftInSharedMemoryIsReported": "a name is left in /dev/shm",
            "aThreadThatIsLeftIsReported": "threads are left",
            "aMappingLeftByEachTurnOfALoopIsReported": "more mappings",
        ]
        let result = try await run([scenarioProgram, name], within: 240)
        let report = try #require(reports[name])
        #expect(result.status == 1)
        #expect(result.output.contains(report), "\(result.output)")
    }

    @Test func everyScenarioIsListed() throws {
        #expect(try scenarioNames().count > 150)
        #expect(try scenarioNames(in: "leaks").count == 10)
    }

    @Test func scenarioThatDoesNotExistIsAnError() async throws {
        let result = try await run([scenarioProgram, "no such scenario"])
        #expect(result.status == 2)
    }

    @Test func programThatTakesTooLongIsKilledWithItsGroup() async throws {
        let result = try await run(["sh", "-c", "sleep 60 & sleep 60; true"], within: 1)
        #expect(result.status == 128 + SIGKILL)
        #expect(result.output == "killed after 1 s\n")
    }

    @Test func processCPUCountIsAtMostThatOfNproc() async throws {
        let (ours, theirs) = (try await cpuCount([scenarioProgram, "--cpu-count"]), try await cpuCount(["nproc"]))
        // A control group's quota may make ours smaller.
        #expect((1...theirs).contains(ours))
    }

    @Test func processCPUCountFollowsTheAffinity() async throws {
        let allowed = try allowedProcessors()
        #expect(!allowed.isEmpty)
        for count in Set([1, min(2, allowed.count)]) {
            let list = allowed.prefix(count).map(String.init).joined(separator: ",")
            let theirs = try await cpuCount(["taskset", "-c", list, "nproc"])
            #expect(theirs == count)
            let ours = try await cpuCount(["taskset", "-c", list, scenarioProgram, "--cpu-count"])
            #expect((1...count).contains(ours), "with \(list)")
        }
    }
}

private func cpuCount(_ command: [String]) async throws -> Int {
    let result = try await run(command)
    return try #require(Int(result.output.split(separator: "\n").first ?? ""), "\(command): \(result.output)")
}

/// The numbers in `Cpus_allowed_list`, such as `0-3,8`.
private func allowedProcessors() throws -> [Int] {
    let file = try #require(fopen("/proc/self/status", "re"))
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 4096)
    while fgets(&line, Int32(line.count), file) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let fields = text.split { ":\t\n ".contains($0) }
        guard fields.count == 2, fields[0] == "Cpus_allowed_list" else { continue }
        return fields[1].split(separator: ",").flatMap { range -> [Int] in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            return ends.count == 2 ? Array(ends[0]...ends[1]) : ends
        }
    }
    return []
}

extension ProgramResult {
    fileprivate var reportsNothingButNames: Bool {
        output.split(separator: "\n").allSatisfy { $0.contains("left in /dev/shm") || $0.hasPrefix("seed ") }
    }
}
