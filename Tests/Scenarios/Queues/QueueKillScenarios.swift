@preconcurrency import Glibc
import Multiprocessing

func queueKillScenarios() {
    scenario("killsAtRandomMomentsSplitNoValueAndLoseOnlyThoseBeingTaken") {
        var random = SeededGenerator(seed: printedSeed())
        // Small queues are full or wrap around all the time; the large one gives memory back.
        try KillingGame(queue: try Queue(capacityBytes: 4096), largest: 600, rounds: 120).play(&random)
        try KillingGame(queue: try Queue(maxSize: 3, capacityBytes: 1 << 16), largest: 5000, rounds: 120).play(&random)
        try KillingGame(queue: try Queue(capacityBytes: 1 << 22), largest: 400_000, rounds: 120).play(&random)
    }

    scenario("aKillBetweenAnyTwoInstructionsOfAPutPutsAllOrNothing") {
        var random = SeededGenerator(seed: printedSeed())
        let queue = try Queue<[UInt8]>(capacityBytes: 4096)
        let value = [UInt8](repeating: 5, count: 700)
        try killBetweenInstructions(&random) {
            try queue.put([1])
            try queue.put([2])
        } of: {
            try queue.put(value)
        } then: {
            let wasPut = queue.count == 3
            expect(queue.count == 2 || wasPut, "\(queue.count) values")
            expect(try queue.put([3], timeout: promptly), "the queue does not work any more")
            expectEqual(try queue.get(upTo: 9), wasPut ? [[1], [2], value, [3]] : [[1], [2], [3]])
        }
    }

    scenario("aKillBetweenAnyTwoInstructionsOfAGetTakesAllOrNothing") {
        var random = SeededGenerator(seed: printedSeed())
        let queue = try Queue<[UInt8]>(capacityBytes: 4096)
        let value = [UInt8](repeating: 5, count: 700)
        try killBetweenInstructions(&random) {
            try queue.put(value)
            try queue.put([2])
        } of: {
            _ = try queue.get()
        } then: {
            let isLeft = queue.count == 2
            expect(queue.count == 1 || isLeft, "\(queue.count) values")
            expect(try queue.put([3], timeout: promptly), "the queue does not work any more")
            expectEqual(try queue.get(upTo: 9), isLeft ? [value, [2], [3]] : [[2], [3]])
        }
    }

    scenario("aKillBetweenAnyTwoInstructionsOfAPutThatTurnsTheRingDoesNoHarm") {
        var random = SeededGenerator(seed: printedSeed())
        let queue = try Queue<[UInt8]>()
        let large = [UInt8](repeating: 1, count: 1 << 20 + 5000)
        try killBetweenInstructions(&random) {
            // Leaves the ring empty past the part that it keeps.
            try queue.put(large)
            _ = try queue.get()
        } of: {
            try queue.put([5])
        } then: {
            let wasPut = queue.count == 1
            expect(try queue.put(large, timeout: promptly), "the queue does not work any more")
            let got = try queue.get(upTo: 9)
            expect(got == (wasPut ? [[5], large] : [large]), "\(got.map(\.count)) bytes")
            expect(memoryOfFiles(called: queueFileName) < 3 << 20, "memory is not given back")
        }
    }

    scenario("aKillBetweenAnyTwoInstructionsOfAPutThatTurnsTheRingOfAWaitingConsumerDoesNoHarm") {
        var random = SeededGenerator(seed: printedSeed())
        let (queue, results) = (try Queue<[UInt8]>(), try Queue<[UInt8]>())
        let large = [UInt8](repeating: 1, count: 1 << 20 + 5000)
        var (consumer, turn) = (Process {}, 0)
        try killBetweenInstructions(&random, kills: 30) {
            try queue.put(large)
            _ = try queue.get()
            // In every other turn no other process puts anything, so it must finish by itself.
            turn += 1
            let timeout: Duration? = turn % 2 == 0 ? .milliseconds(100) : nil
            consumer = Process { try results.put(try queue.get(timeout: timeout) ?? [0]) }
            try consumer.start()
            expectSleeps(consumer)
        } of: {
            try queue.put([5])
        } then: {
            if turn % 2 == 0 { try expectEnds(consumer, within: .seconds(10)) }
            expect(try queue.put([9], timeout: promptly), "the queue does not work any more")
            try expectEnds(consumer, within: .seconds(10))
            let got = [try results.get()] + (try queue.get(upTo: 9, timeout: .zero))
            expect([[[5], [9]], [[9]], [[0], [9]], [[0], [5], [9]]].contains(got), "\(got)")
        }
    }

    scenario("aPutBetweenAnyTwoInstructionsOfAGetDoesNotDisturbIt") {
        var random = SeededGenerator(seed: printedSeed())
        let (queue, results) = (try Queue<[UInt8]>(), try Queue<Int>())
        // So large that it extends past the part that the ring keeps, once it is turned.
        let large = [UInt8](repeating: 1, count: 1 << 20 + 50_000)
        for consumerWasKilled in [false, true] {
            try stopBetweenInstructions(&random, .passed { try queue.put(large) }) {
                try queue.put(large)
                _ = try queue.get()
                if consumerWasKilled {
                    // It has declared that producers may use the consumers' part.
                    let victim = Process { _ = try queue.get() }
                    try victim.start()
                    expectSleeps(victim)
                    victim.kill()
                    try victim.join()
                }
                try queue.put([5])
            } of: {
                try results.put(try queue.get().count)
            } then: {
                expectEqual(try results.get(timeout: promptly), 1)
                expect(try queue.get(timeout: promptly) == large, "the value is damaged")
                expect(queue.isEmpty, "values are left")
            }
        }
    }

    scenario("aGetBetweenAnyTwoInstructionsOfAPutDoesNotDisturbIt") {
        var random = SeededGenerator(seed: printedSeed())
        let queue = try Queue<[UInt8]>()
        let large = [UInt8](repeating: 1, count: 1 << 20 + 50_000)
        var got: [[UInt8]] = []
        try stopBetweenInstructions(&random, .passed { got += try queue.get(upTo: 2, timeout: .zero) }) {
            got = []
            try queue.put(large)
            _ = try queue.get()
        } of: {
            try queue.put([5])
        } then: {
            got += try queue.get(upTo: 2, timeout: .zero)
            expectEqual(got, [[5]])
        }
    }

    scenario("aKillBetweenAnyTwoInstructionsOfTaskDoneCountsOnceOrNot") {
        var random = SeededGenerator(seed: printedSeed())
        let queue = try JoinableQueue<Int>()
        try killBetweenInstructions(&random) {
            try queue.put(contentsOf: [1, 2])
            _ = try queue.get(upTo: 2)
        } of: {
            try queue.taskDone()
        } then: {
            let left = queue.unfinishedCount
            expect(left == 1 || left == 2, "\(left) unfinished")
            for _ in 0..<left { try queue.taskDone() }
            expectThrows(.invalidState) { try queue.taskDone() }
            expect(try queue.join(timeout: .zero), "all is done")
        }
    }

    scenario("aProcessKilledWhileItWaitsLetsTheNextOneIn") {
        let (queue, full) = (try Queue<Int>(), try Queue<Int>(maxSize: 1))
        try full.put(0)
        for round in 0..<20 {
            let consumers = (0..<3).map { _ in Process { _ = try queue.get() } }
            let producers = (0..<3).map { _ in Process { try full.put(round + 1) } }
            for process in consumers + producers { try process.start() }
            for process in consumers + producers { expectSleeps(process) }
            for process in [consumers[round % 3], producers[round % 3]] {
                process.kill()
                try process.join()
            }
            try queue.put(contentsOf: [1, 2])
            for _ in 0..<2 { _ = try full.get() }
            for index in 0..<3 where index != round % 3 {
                try expectEnds(consumers[index])
                try expectEnds(producers[index])
            }
            expectEqual([queue.count, full.count], [0, 1])
        }
    }

    scenario("aValueWhoseDecodingEndsItsProcessEndsOnlyThatOne") {
        // Small values are decoded without the lock, large ones with it.
        for byteCount in [10, 20 << 20] {
            let queue = try Queue<DeadlyValue>()
            try queue.put(contentsOf: [
                DeadlyValue(isDeadly: true, bytes: [UInt8](repeating: 1, count: byteCount)),
                DeadlyValue(isDeadly: false, bytes: [2]),
            ])
            let victim = Process { _ = try queue.get() }
            try victim.start()
            expectEqual(try victim.join(timeout: .seconds(10)), .signaled(SIGKILL))
            expectEqual(try queue.get(timeout: promptly)?.bytes, [2])
            expectEqual(queue.count, 0)
        }
        let queue = try Queue<DeadlyValue>()
        try queue.put(contentsOf: [false, true, false].map { DeadlyValue(isDeadly: $0, bytes: [3]) })
        let victim = Process { _ = try queue.get(upTo: 3) }
        try victim.start()
        expectEqual(try victim.join(timeout: .seconds(10)), .signaled(SIGKILL))
        expectEqual(try queue.get(upTo: 3, timeout: promptly).count, 1)
    }
}

/// Ends the process that decodes it, on demand.
private struct DeadlyValue: Codable {
    let isDeadly: Bool
    let bytes: [UInt8]

    init(isDeadly: Bool, bytes: [UInt8]) {
        (self.isDeadly, self.bytes) = (isDeadly, bytes)
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        isDeadly = try container.decode(Bool.self, forKey: .isDeadly)
        if isDeadly { raise(SIGKILL) }
        bytes = try container.decode([UInt8].self, forKey: .bytes)
    }
}

/// Producers and consumers that are killed and replaced one after another.
private final class KillingGame {
    private static let valuesOfEach = 4800
    private static let wordBits = 60

    /// What one producer has sent, and what is known of its values.
    private struct Record {
        let begun = SharedCounter()
        let finished = SharedCounter()
        /// One bit for each value that was taken.
        let got = (0..<valuesOfEach / wordBits).map { _ in SharedCounter() }

        var gotCount: Int {
            got.reduce(0) { $0 + $1.value.nonzeroBitCount }
        }
    }

    private let queue: Queue<NumberedParcel>
    private let largest: Int
    private let rounds: Int
    private let isOver = SharedCounter()
    private var records: [Record] = []
    private var killedConsumers = 0

    init(queue: Queue<NumberedParcel>, largest: Int, rounds: Int) {
        (self.queue, self.largest, self.rounds) = (queue, largest, rounds)
        // Before the first fork, so that every consumer has all of them.
        records = (0..<rounds + 3).map { _ in Record() }
    }

    func play(_ random: inout SeededGenerator) throws {
        var producers = try (0..<3).map { try producer($0) }
        var consumers = try (0..<3).map { _ in try consumer() }
        for round in 0..<rounds {
            usleep(.random(in: 0...1500, using: &random))
            let index = Int.random(in: 0..<3, using: &random)
            if Bool.random(using: &random) {
                try end(producers[index])
                producers[index] = try producer(3 + round)
            } else {
                killedConsumers += 1
                try end(consumers[index])
                consumers[index] = try consumer()
            }
        }
        isOver.set(1)
        for process in producers { try expectEnds(process) }
        let stop = NumberedParcel(producer: -1, number: 0, byteCount: 0)
        for _ in consumers { expect(try queue.put(stop, timeout: .seconds(10)), "the queue does not work any more") }
        for process in consumers { try expectEnds(process) }
        expectEqual(queue.count, 0)
        check()
    }

    private func check() {
        var lost = 0
        for record in records {
            let (begun, finished, got) = (record.begun.value, record.finished.value, record.gotCount)
            // The last one may or may not have been put.
            expect(begun - finished <= 1 && got <= begun, "\(got) were got of \(finished), at most \(begun)")
            lost += max(0, finished - got)
        }
        let got = records.reduce(0) { $0 + $1.gotCount }
        expect(lost <= killedConsumers, "\(lost) are lost, by \(killedConsumers) killed consumers")
        expect(got > rounds, "only \(got) values in \(rounds) rounds")
    }

    private func end(_ process: Process) throws {
        process.kill()
        let status = try process.join(timeout: .seconds(10))
        // A producer may already have finished.
        expect(status == .signaled(SIGKILL) || status == .exited(0), "it ended with \(String(describing: status))")
    }

    private func producer(_ index: Int) throws -> Process {
        let record = records[index]
        let process = Process { [self] in
            var random = SeededGenerator(seed: UInt64(index))
            for number in 0..<KillingGame.valuesOfEach where isOver.value == 0 {
                let byteCount = Int.random(in: 0...largest, using: &random)
                record.begun.add(1)
                try queue.put(NumberedParcel(producer: index, number: number, byteCount: byteCount))
                record.finished.add(1)
            }
        }
        try process.start()
        return process
    }

    private func consumer() throws -> Process {
        let process = Process { [self] in
            while true {
                let parcel = try queue.get()
                guard parcel.producer >= 0 else { return }
                expect(parcel.isWhole, "damaged: \(parcel.producer) \(parcel.number)")
                let bit = 1 << (parcel.number % KillingGame.wordBits)
                let bits = records[parcel.producer].got[parcel.number / KillingGame.wordBits].add(bit)
                // If the bit was already set, adding it has cleared it.
                expect(bits & bit != 0, "got twice: \(parcel.producer) \(parcel.number)")
            }
        }
        try process.start()
        return process
    }
}
