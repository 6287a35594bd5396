import Glibc
import Multiprocessing
import Testing

@testable import Files
@testable import Ground
@testable import Run

/// Slots, notes and bundles, and the tasks that the front does itself: everything that needs no other process.
@Suite struct WorkforceTests {
    private func workforce(jobs: Int) -> Workforce {
        Workforce(jobs: jobs, [Halving()], SlotLayout(inputBytes: 4096, outputBytes: 8192), .nothing)
    }

    private func task(_ number: Int, byteCount: UInt64 = 1) -> TaskMessage {
        Halving.task(Halving.Work(number: number), [], byteCount: byteCount)
    }

    private func results(of workforce: Workforce) throws -> [Int?] {
        try workforce.collect().map { try? Halving.done($0.result.get()).number }
    }

    @Test(arguments: [(1, 2), (2, 4), (3, 5), (8, 12), (1024, 1536)])
    func slotsAreThoseOfTheWorkersAndSomeToGoOnWith(jobs: Int, count: Int) {
        #expect(Workforce.slotCount(jobs: jobs) == count)
    }

    @Test(arguments: [1, 3]) func everySlotIsGivenToOneAtATime(jobs: Int) throws {
        let workforce = workforce(jobs: jobs)
        #expect(workforce.hasEverySlot && workforce.hasFreeSlot)
        var slots: [Int] = []
        while let slot = try workforce.acquireSlot() { slots.append(slot) }
        #expect(Set(slots).count == Workforce.slotCount(jobs: jobs) && slots.count == Set(slots).count)
        #expect(!workforce.hasFreeSlot && !workforce.hasEverySlot)
        workforce.releaseSlot(slots[1])
        #expect(workforce.hasFreeSlot && !workforce.hasEverySlot)
        #expect(try workforce.acquireSlot() == slots[1])
        slots.forEach { workforce.releaseSlot($0) }
        #expect(workforce.hasEverySlot)
    }

    @Test func slotsShareNoMemoryAndInputsAreApartFromOutputs() throws {
        let workforce = workforce(jobs: 2)
        var areas: [Range<UInt>] = []
        while let slot = try workforce.acquireSlot() {
            let input = try workforce.inputArea(slot, 4096)
            let output = try workforce.output(slot, 8192)
            for area in [UnsafeRawBufferPointer(input), output] {
                let start = UInt(bitPattern: area.baseAddress)
                areas.append(start..<start + UInt(area.count))
            }
            input.initializeMemory(as: UInt8.self, repeating: UInt8(slot + 1))
        }
        for (place, area) in areas.enumerated() {
            #expect(!areas[..<place].contains { $0.overlaps(area) })
        }
        for slot in 0..<Workforce.slotCount(jobs: 2) {
            #expect(try workforce.inputArea(slot, 4096).allSatisfy { $0 == UInt8(slot + 1) })
            #expect(try workforce.output(slot, 8192).allSatisfy { $0 == 0 })
        }
    }

    @Test func aNoteAndABundleComeBackWithTheirLastReference() throws {
        let workforce = workforce(jobs: 2)
        var notes: [NoteTicket] = []
        while let note = try workforce.acquireNote() { notes.append(note) }
        #expect(Set(notes.map(\.index)).count == workforce.entryLimit)
        notes.removeLast(2)
        #expect(try workforce.acquireNote() != nil)
        var bundles: [BundleTicket] = []
        while let bundle = try workforce.acquireBundle(writes: true) { bundles.append(bundle) }
        #expect(bundles.count == 8)
        #expect(Set(bundles.map(\.firstNote)).count == 8)
        bundles.removeLast()
        // The same place with another generation, which ignores notes of the earlier one.
        #expect(try workforce.acquireBundle(writes: true).map { $0.generation } == 9)
    }

    @Test func tasksGetSmallerAsLessIsLeft() {
        let workforce = workforce(jobs: 4)
        #expect(workforce.taskBytes(of: 1 << 40, most: 1 << 20) == 1 << 20)
        #expect(workforce.taskBytes(of: 160, most: 1 << 20) == 10)
        #expect(workforce.taskBytes(of: 15, most: 1 << 20) == 0)
        #expect(self.workforce(jobs: 1).taskBytes(of: 1 << 40, most: 1 << 20) == 0)
    }

    @Test func oneProcessDoesEachTaskAtOnceInItsOrder() throws {
        let workforce = workforce(jobs: 1)
        for (place, number) in [8, 7, 2].enumerated() {
            let task = try workforce.submit(task(number, byteCount: 1 << 40), lane: 0, isOnlyOne: false)
            #expect(task == UInt64(place + 1))
        }
        #expect(workforce.hasFinished)
        // The odd number failed, and the others did not.
        #expect(try results(of: workforce) == [4, nil, 1])
        #expect(!workforce.hasFinished)
        #expect(try results(of: workforce).isEmpty)
    }

    @Test func theFirstBytesAndAnOnlyTaskNeedNoOtherProcess() throws {
        let workforce = workforce(jobs: 4)
        _ = try workforce.submit(task(2, byteCount: 100 << 10), lane: nil, isOnlyOne: false)
        _ = try workforce.submit(task(4, byteCount: 100 << 10), lane: nil, isOnlyOne: false)
        _ = try workforce.submit(task(6, byteCount: 1 << 40), lane: nil, isOnlyOne: true)
        let done = try workforce.collect()
        #expect(try done.map { try Halving.done($0.result.get()).number } == [1, 2, 3])
        #expect(done.allSatisfy { $0.worker == getpid() && $0.attempts == 1 })
        #expect(workforce.hasHands)
    }

    @Test func namesThatTakeLongAreForOthersHoweverLittleIsInThem() throws {
        let names = NameWork(Sleeping(), NoFiles())
        let workforce = Workforce(jobs: 2, [names], SlotLayout(inputBytes: 4096, outputBytes: 8192), .nothing)
        var bundle = NameBundle(NameBundle.Origin())
        for name in 0..<50 {
            Array("\(name)".utf8).withUnsafeBytes { bundle.append($0) }
        }
        _ = try workforce.submit(NameWork.task(bundle, [], byteCount: 0), lane: nil, isOnlyOne: false)
        let done = try workforce.collect()
        #expect(try done.map { try NameWork.done($0.result.get()).count }.allSatisfy { (1...3).contains($0) })
        #expect(done.count == 1 && done[0].worker == getpid())
    }

    // MARK: Line

    @Test func aLineGivesBackWhatItWasGivenInOrder() {
        var line = Line<Int>()
        var expected: [Int] = []
        for round in 0..<400 {
            line.append(round)
            expected.append(round)
            if round % 7 == 0 {
                line.prepend([-round, -round - 1])
                expected = [-round, -round - 1] + expected
            }
            if round % 3 > 0 {
                #expect(line.first == expected.removeFirst())
                line.removeFirst()
            }
            #expect(line.count == expected.count)
        }
        while let first = line.first {
            #expect(first == expected.removeFirst())
            line.removeFirst()
        }
        #expect(expected.isEmpty && line.isEmpty)
    }
}

/// Halves an even number; fails for an odd one.
private final class Halving: Operation {
    struct Work: Message, BitwiseCopyable {
        var number: Int
    }

    struct Done: Message, BitwiseCopyable {
        var number: Int
    }

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        guard work.number % 2 == 0 else { throw PoolmapError(.failed, "odd") }
        return Done(number: work.number / 2)
    }

    static func results(of done: Done) -> [PieceResult] { [] }
}

/// Takes a millisecond for each name, which has no content.
private final class Sleeping: BundleOperation {
    func perform(
        _ name: UnsafeRawBufferPointer, _ index: Int, of bundle: NameBundle, _ note: CommitNote?,
        _ files: any WholeFilePerformer, into outcome: inout BundleOutcome
    ) {
        usleep(1000)
    }

    func byteCount(of name: UnsafeRawBufferPointer) -> UInt64 { 0 }
}

private final class NoFiles: WholeFilePerformer {
    func begin() {}
    func end() {}

    func run(_ work: FileWork, _ note: CommitNote?) -> FileDone {
        FileDone(outcome: .isForFront, startedNanoseconds: 0, durationNanoseconds: 0)
    }
}
