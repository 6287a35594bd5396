@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

func queueMemoryScenarios() {
    scenario("aProcessMayPut500MiBAndBeJoinedBeforeAnythingIsTaken") {
        let (queue, byteCount) = (try Queue<[UInt8]>(), 50 << 20)
        let producer = Process {
            for number in 0..<10 { try queue.put([UInt8](repeating: UInt8(number), count: byteCount)) }
        }
        try producer.start()
        try expectEnds(producer)
        expectEqual(queue.count, 10)
        expect(memoryOfFiles(called: queueFileName) > 500 << 20, "where is it?")
        for number in 0..<10 {
            let bytes = try queue.get()
            expect(bytes.count == byteCount && bytes.first == bytes.last, "not what was put")
            expectEqual(bytes.first, UInt8(number))
            expect(memoryOfFiles(called: queueFileName) < (10 - number) * byteCount, "memory is not given back")
        }
        expect(memoryOfFiles(called: queueFileName) < 3 << 20, "memory is not given back")
    }

    scenario("manySmallValuesGiveTheirMemoryBackToo") {
        let queue = try Queue<Int>()
        // A number takes 24 bytes: this is several times what a queue keeps.
        for round in 0..<3 {
            for _ in 0..<4 { try queue.put(contentsOf: 0..<60_000) }
            expect(memoryOfFiles(called: queueFileName) > 4 << 20, "where is it?")
            for _ in 0..<4 { expectEqual(try queue.get(upTo: 60_000), Array(0..<60_000)) }
            let left = memoryOfFiles(called: queueFileName)
            expect(left < 3 << 20, "\(left) bytes are left after round \(round)")
        }
    }

    scenario("aQueueThatIsNeverEmptyDoesNotGrow") {
        let queue = try Queue<[UInt8]>()
        let value = [UInt8](repeating: 1, count: 10_000)
        for _ in 0..<20 { try queue.put(value) }
        for _ in 0..<3000 {
            try queue.put(value)
            _ = try queue.get()
        }
        let left = memoryOfFiles(called: queueFileName)
        expect(left < 4 << 20, "\(left) bytes")
        expectEqual(queue.count, 20)
    }

    scenario("aQueueThatIsEmptiedAtOnceStaysInItsFirstPages") {
        let queue = try Queue<[UInt8]>()
        let value = [UInt8](repeating: 1, count: 10_000)
        let consumer = Process {
            for _ in 0..<3000 { _ = try queue.get() }
        }
        try consumer.start()
        for _ in 0..<3000 {
            try queue.put(value)
            while !queue.isEmpty { sched_yield() }
        }
        try expectEnds(consumer)
        let left = memoryOfFiles(called: queueFileName)
        expect(left < 3 << 19, "\(left) bytes")
    }

    scenario("aThousandQueuesLeaveNothing") {
        try expectNoGrowth(warmUp: 10, turns: 1000) { turn in
            let (queue, joinable, simple) = (try Queue<Int>(), try JoinableQueue<Int>(), try SimpleQueue<String>())
            try queue.put(turn)
            try joinable.put(turn)
            try simple.put("turn")
            expectEqual(try queue.get(), turn)
        }
    }

    scenario("hundredsOfQueuesLiveAtATime") {
        let queues = try (0..<300).map { _ in try Queue<Int>() }
        for (number, queue) in queues.enumerated() { try queue.put(number) }
        try inChild {
            for (number, queue) in queues.enumerated() { expectEqual(try queue.get(), number) }
        }
    }

    scenario("aLimitOnAddressSpaceStillLeavesRoomForQueues") {
        try inChild {
            try limitAddressSpace(to: 2 << 30) {
                let queues = try (0..<4).map { _ in try Queue<[UInt8]>() }
                for queue in queues {
                    try queue.put([UInt8](repeating: 1, count: 10 << 20))
                    expectEqual(try queue.get().count, 10 << 20)
                }
            }
        }
    }

    scenario("aLimitOnTheSizeOfFilesStillLeavesRoomForAQueue") {
        try inChild {
            var limit = rlimit(rlim_cur: 64 << 20, rlim_max: 64 << 20)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let (queue, way) = (try Queue<[UInt8]>(), try Pipe())
            try queue.put([UInt8](repeating: 1, count: 10 << 20))
            try way.first.send(queue)
            expectEqual(try way.second.receive(Queue<[UInt8]>.self).get().count, 10 << 20)
            expectThrows(.encodingFailed) { try queue.put([UInt8](repeating: 1, count: 64 << 20)) }
        }
    }

    scenario("aValueForWhichThereIsNoMemoryIsAnErrorAndNotASignal") {
        let queue = try Queue<[UInt8]>()
        try queue.put([1])
        let number = try require(openDescriptors().first { $0.value.contains(queueFileName) }?.key)
        // The kernel returns the same error when the machine has no memory left.
        expectEqual(ftruncate(number, 2 << 20), 0)
        let error = expectThrows(.systemCallFailed) { try queue.put([UInt8](repeating: 1, count: 4 << 20)) }
        expectEqual(error?.errno, .noMemory)
        try queue.put([2])
        expectEqual(try queue.get(upTo: 5), [[1], [2]])
    }

    scenario("coreFilesDoNotContainQueues") {
        let queue = try Queue<Int>()
        try queue.put(1)
        let maps = try require(textOf("/proc/self/smaps"))
        let lines = maps.split(separator: "\n")
        let start = try require(lines.firstIndex { $0.contains(queueFileName) })
        let flags = lines[start...].first { $0.hasPrefix("VmFlags:") }
        expect(flags?.contains(" dd") == true, "flags are \(flags ?? "none")")
    }
}

private func limitAddressSpace(to byteCount: UInt, _ body: () throws -> Void) throws {
    let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
    var before = rlimit()
    getrlimit(resource, &before)
    var limit = rlimit(rlim_cur: byteCount, rlim_max: before.rlim_max)
    setrlimit(resource, &limit)
    defer { setrlimit(resource, &before) }
    try body()
}
