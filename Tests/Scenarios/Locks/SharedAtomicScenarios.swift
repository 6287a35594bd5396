@preconcurrency import Glibc
import Multiprocessing
import Synchronization

private enum Light: UInt8, AtomicRepresentable {
    case red, green
}

func sharedAtomicScenarios() {
    scenario("processesAddToAnAtomicAndNothingIsLost") {
        let (total, small) = (try SharedAtomic(0), try SharedAtomic<UInt8>())
        try expectAllEndWell(
            startProcesses(8) { _ in
                for turn in 0..<5000 {
                    if turn % 2 == 0 { total.add(1) } else { total.wrappingAdd(1, ordering: .relaxed) }
                    small.wrappingAdd(1)
                }
            })
        expectEqual(total.load(), 40_000)
        expectEqual(small.load(), UInt8(truncatingIfNeeded: 40_000))
    }
    scenario("atomicsOfAllWidthsDoAllOperations") {
        try tryAll(Int8.self)
        try tryAll(Int16.self)
        try tryAll(Int32.self)
        try tryAll(Int64.self)
        try tryAll(Int.self)
        try tryAll(UInt8.self)
        try tryAll(UInt16.self)
        try tryAll(UInt32.self)
        try tryAll(UInt64.self)
        try tryAll(UInt.self)
    }
    scenario("atomicsAreNotOnlyNumbers") {
        let (flag, light) = (try SharedAtomic(false), try SharedAtomic(Light.red))
        try inChild {
            expectEqual(flag.exchange(true), false)
            light.store(.green)
        }
        expectEqual(flag.load(), true)
        expectEqual(light.load(), .green)
        expectEqual(light.compareExchange(expected: .red, desired: .red).exchanged, false)
        expectEqual(light.compareExchange(expected: .green, desired: .red).exchanged, true)
        expectEqual(light.load(), .red)
        let pointer = try SharedAtomic<UnsafeRawPointer?>(nil)
        expectEqual(pointer.load(), nil)
        pointer.store(UnsafeRawPointer(bitPattern: 4096))
        expectEqual(pointer.load(), UnsafeRawPointer(bitPattern: 4096))
        expectThrows(.invalidState) { try SharedAtomic(WordPair(first: 1, second: 2)) }
    }
    scenario("overflowEndsTheProgramAndIsNotStored") {
        let small = try SharedAtomic<Int8>(127)
        _ = try textOfEnd { small.add(1) }
        expectEqual(small.load(), 127)
        expectEqual(small.wrappingAdd(1).newValue, -128)
        _ = try textOfEnd { small.subtract(1) }
        expectEqual(small.wrappingSubtract(1).newValue, 127)
    }
    scenario("storesAndLoadsOfAtomicsArePairedAcrossProcesses") {
        let (cell, ready) = (try RawSharedValue(0), try SharedAtomic(0))
        let child = Process {
            for turn in 1...2000 {
                while ready.load(ordering: .acquiring) != 2 * turn - 1 { sched_yield() }
                expectEqual(cell.value, turn)
                cell.value = -turn
                ready.store(2 * turn, ordering: .releasing)
            }
        }
        try child.start()
        for turn in 1...2000 {
            cell.value = turn
            ready.store(2 * turn - 1, ordering: .releasing)
            while ready.load(ordering: .acquiring) != 2 * turn { sched_yield() }
            expectEqual(cell.value, -turn)
        }
        try expectAllEndWell([child])
    }
}

private func tryAll<Number: FixedWidthInteger & AtomicRepresentable>(_ type: Number.Type) throws {
    let atomic = try SharedAtomic(Number.max)
    expectEqual(atomic.load(), .max, "\(type)")
    expectEqual(atomic.load(ordering: .relaxed), .max, "\(type)")
    atomic.store(.min)
    expectEqual(atomic.load(ordering: .acquiring), .min, "\(type)")
    atomic.store(5, ordering: .relaxed)
    atomic.store(6, ordering: .releasing)
    expectEqual(atomic.exchange(7), 6, "\(type)")
    for ordering in [
        AtomicUpdateOrdering.relaxed, .acquiring, .releasing, .acquiringAndReleasing, .sequentiallyConsistent,
    ] {
        expectEqual(atomic.exchange(7, ordering: ordering), 7, "\(type)")
        let failed = atomic.compareExchange(expected: 8, desired: 9, ordering: ordering)
        expect(!failed.exchanged && failed.original == 7, "\(type): \(failed)")
        let done = atomic.compareExchange(expected: 7, desired: .max, ordering: ordering)
        expect(done.exchanged && done.original == 7, "\(type): \(done)")
        let wrapped = atomic.wrappingAdd(2, ordering: ordering)
        expect(wrapped.oldValue == Number.max && wrapped.newValue == Number.min + 1, "\(type): \(wrapped)")
        expectEqual(atomic.wrappingSubtract(2, ordering: ordering).newValue, .max, "\(type)")
        atomic.store(10)
        expectEqual(atomic.add(3, ordering: ordering).oldValue, 10, "\(type)")
        expectEqual(atomic.subtract(6, ordering: ordering).newValue, 7, "\(type)")
    }
    try inChild { atomic.add(1) }
    expectEqual(atomic.load(), 8, "\(type)")
    expectEqual(try SharedAtomic<Number>().load(), 0, "\(type)")
}
