@preconcurrency import Glibc
import Multiprocessing

func mapScenarios() {
    starmapScenarios()
    chunkScenarios()
    scenario("mapGivesAllOutputsInOrderWhateverTheirNumberAndTheWorkers") {
        for workers in [1, 2, 8] {
            let pool = try Pool(processes: workers) { (number: Int) in number * number }
            for count in [0, 1, 7, 10_000] {
                let expected = (0..<count).map { $0 * $0 }
                expectEqual(try pool.map(0..<count), expected, "\(count) inputs, \(workers) workers:")
            }
            pool.close()
            try pool.join()
        }
    }
    scenario("mapUsesAllWorkersAndNotTheFront") {
        let (begun, go) = (Doorbell(), Doorbell())
        let pool = try Pool(processes: 3) { (_: Int) -> Int32 in
            // None of them continues before all three are here.
            begun.ring()
            expect(go.wait(), "no ring came")
            return getpid()
        }
        let opener = Process {
            for _ in 0..<3 { expect(begun.wait(), "not all workers are used") }
            for _ in 0..<3 { go.ring() }
        }
        try opener.start()
        let workers = Set(try pool.map(0..<3))
        try opener.join()
        expectEqual(workers.count, 3)
        expect(!workers.contains(getpid()) && !workers.contains(pool.managerPID), "not only workers work")
        expectEqual(Set(ProcessRecord.children(of: pool.managerPID).map(\.pid)), workers)
    }
    scenario("managerAndWorkersHaveNamesInTheProcessTable") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        _ = try pool.map(0..<10)
        expectEqual(ProcessRecord(pool.managerPID)?.name, "pool-manager")
        // One of them may have done everything before the other has set its name.
        func names() -> [String] { ProcessRecord.children(of: pool.managerPID).map(\.name).sorted() }
        expect(eventually { names() == ["pool-worker-0", "pool-worker-1"] }, "the workers are called \(names())")
    }
    scenario("largeValuesTravelBothWays") {
        let pool = try Pool(processes: 2) { (text: String) in text + "!" }
        let outputs = try pool.map((0..<200).lazy.map { largeText($0) })
        expectEqual(outputs.count, 200)
        for (number, output) in outputs.enumerated() {
            expect(output == largeText(number) + "!", "text \(number) came back as another")
        }
    }
    scenario("codableTypesTravelAsTaskAndResult") {
        struct Task: Codable {
            var name: String?
            var numbers: [Double]
        }
        struct Answer: Codable, Equatable {
            var sum: Double
            var names: [String: Int]
        }
        let pool = try Pool(processes: 2) { (task: Task) in
            Answer(sum: task.numbers.reduce(0, +), names: task.name.map { [$0: $0.count] } ?? [:])
        }
        let tasks = [Task(name: nil, numbers: []), Task(name: "ab", numbers: [1.5, 2])]
        expectEqual(try pool.map(tasks), [Answer(sum: 0, names: [:]), Answer(sum: 3.5, names: ["ab": 2])])
    }
    scenario("applyRunsOneTaskWhileOthersAreUnderWay") {
        let go = Doorbell()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 0 { expect(go.wait(), "no ring came") }
            return number + 1
        }
        try pool.submit(0)
        expectEqual(try pool.apply(1), 2)
        expectEqual(try pool.apply(2), 3)
        go.ring()
        expectEqual(try pool.nextCompletion()?.result.get(), 1)
    }
    scenario("whatAFunctionChangesStaysInItsWorker") {
        var total = 0
        let pool = try Pool(processes: 1) { (number: Int) -> Int in
            total += number
            return total
        }
        expectEqual(try pool.map([1, 2, 3]), [1, 3, 6])
        expectEqual(total, 0)
    }
    scenario("poolOfTheDefaultSizeHasAWorkerForEachProcessor") {
        let pool = try Pool { (number: Int) in number }
        _ = try pool.map(0..<100)
        expectEqual(ProcessRecord.children(of: pool.managerPID).count, processCPUCount())
    }
    scenario("mapTakesAnySequence") {
        let pool = try Pool(processes: 2) { (text: String) in text.count }
        expectEqual(try pool.map(["a", "bb"].reversed()), [2, 1])
        expectEqual(try pool.map(Set(["ccc"])), [3])
        expectEqual(try pool.map(sequence(first: "x") { $0.count < 4 ? $0 + "x" : nil }), [1, 2, 3, 4])
    }
}

private func largeText(_ number: Int) -> String {
    String(unsafeUninitializedCapacity: 1 << 20) { bytes in
        bytes.update(repeating: UInt8(ascii: "a") + UInt8(number % 26))
        return bytes.count
    }
}
