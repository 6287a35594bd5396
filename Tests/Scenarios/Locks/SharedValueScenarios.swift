@preconcurrency import Glibc
import Multiprocessing

private struct Point: BitwiseCopyable, Equatable {
    var x: Int
    var y: Double
    var isSet: Bool
}

private struct Nothing: BitwiseCopyable, Equatable {}

func sharedValueScenarios() {
    scenario("processesIncrementASharedValueAndNoIncrementIsLost") {
        let total = try SharedValue(0)
        try expectAllEndWell(
            startProcesses(8) { _ in
                for _ in 0..<5000 { total.withLock { $0 += 1 } }
            })
        expectEqual(total.value, 40_000)
    }
    scenario("sharedValueHasItsInitialValueAndIsSetFromAChild") {
        let (number, point) = (try SharedValue<Int32>(-7), try SharedValue(Point(x: 1, y: 2.5, isSet: false)))
        expectEqual(number.value, -7)
        expectEqual(point.value, Point(x: 1, y: 2.5, isSet: false))
        try inChild {
            number.value = 5
            point.withLock { $0.isSet = true }
            expectEqual(point.withLock { $0.x }, 1)
        }
        expectEqual(number.value, 5)
        expectEqual(point.value, Point(x: 1, y: 2.5, isSet: true))
        let (nothing, wide) = (try SharedValue(Nothing()), try SharedValue(SIMD16<Double>(repeating: 3)))
        nothing.value = Nothing()
        expectEqual(nothing.value, Nothing())
        wide.withLock { $0[15] = 4 }
        expectEqual(wide.value.sum(), 49)
    }
    scenario("lockOfASharedValueProtectsSeveralSteps") {
        let value = try SharedValue(0)
        try expectAllEndWell(
            startProcesses(4) { _ in
                for _ in 0..<2000 {
                    try value.lock.withLock { value.value += 1 }
                }
            })
        expectEqual(value.value, 8000)
        try value.lock.withLock {
            try inChild { expectEqual(try value.lock.acquire(timeout: .zero), nil) }
        }
    }
    scenario("whatABodyThatThrowsHasChangedIsStored") {
        let value = try SharedValue(1)
        do {
            try value.withLock {
                $0 = 2
                throw Mishap()
            }
            expect(false, "nothing was thrown")
        } catch {
            expect(error is Mishap, "thrown was \(error)")
        }
        expectEqual(value.value, 2)
        try inChild { expectEqual(try value.lock.acquire(timeout: .zero), .acquired) }
    }
    scenario("processKilledInTheMiddleOfAChangeLeavesTheOldValueAndTheNextIsTold") {
        let value = try SharedValue(Point(x: 1, y: 1, isSet: true))
        let child = Process {
            value.withLock {
                $0.x = 2
                $0.y = 2
                raise(SIGKILL)
                $0.isSet = false
            }
        }
        try child.start()
        expectEqual(try child.join(), .signaled(SIGKILL))
        expectEqual(value.withLock { value, acquisition in acquisition }, .recovered)
        expectEqual(value.withLock { value, acquisition in acquisition }, .acquired)
        expectEqual(value.value, Point(x: 1, y: 1, isSet: true))
    }
    scenario("overlappingAccessesToASharedValueEndTheProgram") {
        let value = try SharedValue(1)
        let ways: [() -> Void] = [
            { value.withLock { $0 += value.value } }, { value.withLock { _ in value.value = 3 } },
            { value.withLock { _ in value.withLock { $0 += 1 } } },
        ]
        for way in ways {
            expectText(of: Mishap(description: try textOfEnd(way)), contains: "overlapping accesses")
        }
        // The same through another object of the value.
        let way = try Pipe()
        try way.first.send(value)
        let alias = try way.second.receive(SharedValue<Int>.self)
        expectText(
            of: Mishap(description: try textOfEnd { value.withLock { _ in alias.value = 3 } }),
            contains: "overlapping accesses")
        // A child that was forked meanwhile may access it later.
        let child = try value.withLock {
            $0 = 4
            let child = Process { value.withLock { $0 += 1 } }
            try child.start()
            return child
        }
        try expectAllEndWell([child])
        expectEqual(value.value, 5)
        // Other threads wait their turn.
        value.withLock {
            $0 = 5
            let reader = BodyThread { expectEqual(value.value, 6) }
            usleep(1000)
            $0 = 6
            withExtendedLifetime(reader) {}
        }
        expect(eventually { namesIn("/proc/self/task").count == 1 }, "the thread has not ended")
    }
    scenario("rawValueIsReadAndWrittenInPlace") {
        let value = try RawSharedValue(Point(x: 1, y: 2, isSet: true))
        try inChild {
            value.value.x = 8
            value.withUnsafeMutablePointer { $0.pointee.y = 9 }
        }
        expectEqual(value.value, Point(x: 8, y: 9, isSet: true))
        expectEqual(try RawSharedValue(Nothing()).value, Nothing())
    }
}

func sharedArrayScenarios() {
    scenario("sharedArrayHasItsInitialElementsAndIsSetFromAChild") {
        let (numbers, zeros) = (try SharedArray([3, 1, 2]), try SharedArray<Double>(count: 5))
        let stars = try SharedArray(repeating: UInt8(ascii: "*"), count: 3)
        expectEqual(numbers.count, 3)
        expectEqual(numbers.values, [3, 1, 2])
        expectEqual(zeros.values, [0, 0, 0, 0, 0])
        expectEqual(String(decoding: stars.values, as: UTF8.self), "***")
        try inChild {
            numbers.withLock { $0.sort() }
            zeros[4] = 0.5
            stars[1] -= 1
        }
        expectEqual(numbers.values, [1, 2, 3])
        expectEqual(zeros[4], 0.5)
        expectEqual(String(decoding: stars.values, as: UTF8.self), "*)*")
        expectEqual(try SharedArray((0..<10).lazy.map { $0 * $0 }).values.last, 81)
    }
    scenario("processesIncrementElementsUnderTheArraysLock") {
        let counts = try SharedArray<Int>(count: 3)
        try expectAllEndWell(
            startProcesses(4) { _ in
                for turn in 0..<3000 {
                    try counts.lock.withLock { counts[turn % 3] += 1 }
                }
            })
        expectEqual(counts.values, [4000, 4000, 4000])
    }
    scenario("arraysMayBeEmptyAndInvalidSizesAreRefused") {
        for array in [try SharedArray<Int>(count: 0), try SharedArray([]), try SharedArray(repeating: 1, count: 0)] {
            expectEqual(array.count, 0)
            expectEqual(array.values, [])
            expectEqual(array.withLock { $0.count }, 0)
        }
        let raw = try RawSharedArray<Double>(count: 0)
        expectEqual(Array(raw), [])
        expect(raw.isEmpty, "\(raw.count) elements")
        expectEqual(try SharedArray(repeating: Nothing(), count: 4).count, 4)
        for count in [-1, Int.min, Int.max, Int.max / 8, Int.max / 8 - 100] {
            expectThrows(.invalidState) { try SharedArray<Int>(count: count < 0 ? count : max(count, Int.max / 8)) }
            expectThrows(.invalidState) { try RawSharedArray(repeating: 1, count: count < 0 ? count : Int.max / 8) }
        }
        // These sizes do not overflow, but the kernel refuses them.
        expectThrows(.systemCallFailed) { try SharedArray<Int>(count: Int.max / 16) }
        expectThrows(.systemCallFailed) { try RawSharedArray<UInt8>(count: Int.max / 2) }
    }
    scenario("indexOutOfRangeEndsTheProgramAndSaysWhich") {
        let (array, raw) = (try SharedArray([1, 2, 3]), try RawSharedArray<Int>(count: 0))
        expectText(of: Mishap(description: try textOfEnd { _ = array[3] }), contains: "index 3 is out of range")
        expectText(of: Mishap(description: try textOfEnd { array[-1] = 0 }), contains: "of 3 elements")
        expectText(of: Mishap(description: try textOfEnd { raw[0] = 1 }), contains: "of 0 elements")
        // The process that ended this way held no lock.
        expectEqual(try array.lock.acquire(timeout: .zero), .acquired)
        try array.lock.release()
    }
    scenario("processKilledInTheMiddleOfAnArrayLeavesWhatItHasWrittenAndTheNextIsTold") {
        let array = try SharedArray<Int>(count: 4)
        let child = Process {
            array.withLock {
                $0[0] = 1
                raise(SIGKILL)
            }
        }
        try child.start()
        try child.join()
        let (values, acquisition) = array.withLock { (Array($0), $1) }
        expectEqual(values, [1, 0, 0, 0])
        expectEqual(acquisition, .recovered)
        expectEqual(array.withLock { $1 }, .acquired)
    }
    scenario("rawArrayIsACollection") {
        let squares = try RawSharedArray((0..<100).map { $0 * $0 })
        expectEqual(squares.count, 100)
        expectEqual(squares.reduce(0, +), 328_350)
        expectEqual(squares.firstIndex(of: 49), 7)
        expectEqual(Array(squares[10..<13]), [100, 121, 144])
        expectEqual(squares.reversed().first, 9801)
        expectEqual(squares.last, 9801)
        try inChild {
            squares[0] = 7
            squares.withUnsafeMutableBufferPointer { $0[1...].reverse() }
        }
        expectEqual(Array(squares.prefix(3)), [7, 9801, 9604])
        expectEqual(squares.withContiguousStorageIfAvailable { $0.count }, 100)
    }
    scenario("zerosOfALargeArrayTakeNoMemoryUntilTheyAreWritten") {
        let before = try require(kibibytes("VmRSS"))
        let large = try RawSharedArray<Int>(count: 1 << 30)
        let locked = try SharedArray(repeating: UInt8(0), count: 4 << 30)
        large[1 << 29] = 1
        locked[3 << 30] = 1
        expectEqual(large[1 << 29 - 1], 0)
        let grown = try require(kibibytes("VmRSS")) - before
        expect(grown < 20_000, "grown by \(grown) KiB")
    }
}
