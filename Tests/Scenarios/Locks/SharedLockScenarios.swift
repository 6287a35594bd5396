@preconcurrency import Glibc
import Multiprocessing

/// Values and arrays with a lock from the caller.
func sharedLockScenarios() {
    scenario("valuesAndArraysThatHaveOneLockChangeTogether") {
        let lock = try RLock()
        let (sum, cells) = (try SharedValue(0, lock: lock), try SharedArray(repeating: 0, count: 4, lock: lock))
        let parts = try SharedArray<Int>(count: 2, lock: lock)
        expect(sum.lock === lock && cells.lock === lock && parts.lock === lock, "another lock")
        let before = openDescriptors().count
        try expectAllEndWell(
            startProcesses(4) { number in
                for _ in 0..<500 {
                    try lock.withLock {
                        sum.value += 1
                        cells[number] += 1
                        parts.withLock { $0[number % 2] += 1 }
                        expectEqual(cells.reduce(0, +), sum.value)
                        // Nested, which are accesses to two different values.
                        sum.withLock { sum in cells.withLock { sum += $0[number] - cells[number] } }
                    }
                }
            })
        expectEqual(sum.value, 2000)
        expectEqual(cells.values, [500, 500, 500, 500])
        expectEqual(parts.values, [1000, 1000])
        expectEqual(openDescriptors().count, before)
    }
    scenario("lockOfTheCallerKeepsOthersFromTheValue") {
        let lock = try RLock()
        let value = try SharedValue(1, lock: lock)
        let other = try SharedValue(1)
        try lock.withLock {
            try inChild {
                expectEqual(try value.lock.acquire(timeout: .zero), nil)
                expectEqual(other.value, 1)
            }
        }
        // Overlapping accesses to one value are still detected, even through another object.
        let way = try Pipe()
        try way.first.send(value)
        let alias = try way.second.receive(SharedValue<Int>.self)
        for access in [{ value.value = 2 }, { alias.value = 2 }] {
            let text = try textOfEnd { value.withLock { _ in access() } }
            expectText(of: Mishap(description: text), contains: "overlapping accesses")
        }
        value.withLock { _ in other.withLock { $0 += 1 } }
        expectEqual(other.value, 2)
    }
    scenario("lockOfTheCallerTravelsWithTheValue") {
        let way = try Pipe()
        let child = Process {
            let (value, array) = try way.second.receive(Arguments<SharedValue<Int>, SharedArray<Int>>.self).values
            expect(value.lock !== array.lock, "objects of their own")
            try value.lock.withLock {
                // Both objects use one lock, which its holder may acquire again.
                array[1] += 1
                try way.second.send(0)
                _ = try way.second.receive(Int.self)
            }
            _ = try value.lock.acquire()
            raise(SIGKILL)
        }
        try child.start()
        let lock = try RLock()
        let (value, array) = (try SharedValue(7, lock: lock), try SharedArray(0..<3, lock: lock))
        try way.first.send(Arguments(value, array))
        _ = try way.first.receive(Int.self)
        expectEqual(try lock.acquire(timeout: .zero), nil)
        try way.first.send(0)
        expectEqual(try child.join(timeout: promptly), .signaled(SIGKILL))
        expectEqual(array.withLock { _, acquisition in acquisition }, .recovered)
        expectEqual(value.withLock { _, acquisition in acquisition }, .acquired)
        expectEqual(array.values, [0, 2, 2])
    }
    scenario("conditionWaitsForAValueUnderOneLock") {
        let lock = try RLock()
        let (value, condition) = (try SharedValue(0, lock: lock), try Condition(lock: lock))
        let child = Process {
            try condition.withLock {
                value.value = 5
                try condition.notify()
            }
        }
        try condition.withLock {
            try child.start()
            expect(try condition.wait(for: { value.value == 5 }, timeout: .seconds(20)), "nothing came")
        }
        try expectAllEndWell([child])
    }
    scenario("sharedArrayIsASequenceOfWhatItIsAtOneMoment") {
        let array = try SharedArray(0..<5)
        expect(!array.isEmpty && array.indices == 0..<5, "the indices are \(array.indices)")
        var seen: [Int] = []
        for element in array {
            // Changes to the array meanwhile do not matter.
            array[4] = 100
            seen.append(element)
        }
        expectEqual(seen, [0, 1, 2, 3, 4])
        expectEqual(array.max(), 100)
        expectEqual(array.map { $0 * 2 }, [0, 2, 4, 6, 200])
        expectEqual(Array(array), array.values)
        expect(array.contains(3) && !array.contains(4), "the wrong elements")
        let empty = try SharedArray([] as [Int])
        expect(empty.isEmpty && Array(empty).isEmpty && empty[0...].isEmpty, "it has elements")
        // No process sees half of what another writes under the lock.
        let halves = try SharedArray(repeating: 0, count: 1000)
        let writer = try startProcesses(1) { _ in
            for turn in 1...200 { halves[0...] = Array(repeating: turn, count: 1000) }
        }
        while halves[0] < 200 { expectEqual(Set(halves).count, 1) }
        try expectAllEndWell(writer)
    }
    scenario("rangesOfASharedArrayAreReadAndSetAtOnce") {
        let array = try SharedArray(0..<6)
        expectEqual(array[1..<3], [1, 2])
        expectEqual(array[4...], [4, 5])
        expectEqual(array[...1], [0, 1])
        expectEqual(array[..<6], [0, 1, 2, 3, 4, 5])
        expectEqual(array[6..<6], [])
        array[1..<3] = [10, 20]
        array[5...] = [50]
        array[0...1].reverse()
        expectEqual(array.values, [10, 0, 20, 3, 4, 50])
        for (misuse, text) in [
            ({ _ = array[4..<7] }, "4..<7"), ({ _ = array[(-1)...] }, "-1"), ({ _ = array[7...] }, "7..<7"),
            ({ array[0..<2] = [1] }, "1 elements cannot"), ({ array[0..<2] = [1, 2, 3] }, "3 elements cannot"),
        ] as [(() -> Void, String)] {
            expectText(of: Mishap(description: try textOfEnd(misuse)), contains: text)
        }
    }
}
