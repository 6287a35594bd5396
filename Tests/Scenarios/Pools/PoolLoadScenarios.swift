@preconcurrency import Glibc
import Multiprocessing

/// Counts its living instances in this process.
private final class Counted: Codable {
    nonisolated(unsafe) static var count = 0
    let number: Int

    init(_ number: Int) {
        self.number = number
        Counted.count += 1
    }

    init(from decoder: any Decoder) throws {
        number = try decoder.singleValueContainer().decode(Int.self)
        Counted.count += 1
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(number)
    }

    deinit {
        Counted.count -= 1
    }
}

/// More workers or tasks than usual, and what remains of them.
func poolLoadScenarios() {
    scenario("poolOfTwoHundredWorkersDoesItsTasks") {
        let pool = try Pool(processes: 200) { (number: Int) in number * number }
        expectEqual(try pool.map(0..<1000).reduce(0, +), 332_833_500)
        expectEqual(ProcessRecord.children(of: pool.managerPID).count, 200)
        pool.close()
        try pool.join()
    }
    scenario("tasksThatWaitMakeNoMoreWorkers") {
        let (begun, go) = (Doorbell(), Doorbell())
        let pool = try Pool(processes: 3) { (number: Int) -> Int in
            begun.ring()
            expect(go.wait(), "no ring came")
            return number
        }
        let results = try (0..<45).map { try pool.applyAsync($0) }
        for _ in 0..<3 { expect(begun.wait(), "no task began") }
        expect(!begun.wait(within: .milliseconds(50)), "more began than there are workers")
        expectEqual(ProcessRecord.children(of: pool.managerPID).count, 3)
        for _ in results { go.ring() }
        expectEqual(try results.map { try $0.get() }, Array(0..<45))
    }
    scenario("inputsAndOutputsLiveNoLongerThanTheyAreUsed") {
        let pool = try Pool(processes: 2) { (input: Counted) in Counted(input.number + 1) }
        do {
            let outputs = try pool.map((0..<100).map { Counted($0) })
            expectEqual(outputs.map(\.number), Array(1...100))
            expectEqual(Counted.count, 100, "the outputs, and not the inputs:")
        }
        expectEqual(Counted.count, 0, "after a map:")
        var results = pool.imap((0..<100).lazy.map { Counted($0) })
        while try results.next() != nil {}
        expectEqual(Counted.count, 0, "after an iteration:")
        _ = try pool.applyAsync(Counted(1)).get()
        expectEqual(Counted.count, 0, "after a result was read:")
        let counting = try Pool(processes: 2) { (input: Counted) in Counted.count }
        expectEqual(Set(try counting.map((0..<1000).lazy.map { Counted($0) })), [1], "in the workers:")
    }
    scenario("closeBeforeWorkersOfOneTaskAreDoneLosesNothing") {
        let lifeline = Lifeline()
        let pool = try Pool(processes: 3, maxTasksPerWorker: 1) { (number: Int) -> Int in
            usleep(30_000)
            return number * number
        }
        let results = try (0..<12).map { try pool.applyAsync($0) }
        pool.close()
        try pool.join()
        expectEqual(try results.map { try $0.get() }, (0..<12).map { $0 * $0 })
        expect(lifeline.allEnded(), "processes are left")
    }
}
