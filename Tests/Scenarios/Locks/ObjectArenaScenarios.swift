@preconcurrency import Glibc
import Multiprocessing
import class Multiprocessing.Semaphore
import SystemPackage

/// Several of each kind of small object.
struct ManyObjects: ProcessTarget, Codable {
    var values: [SharedValue<Int>] = []
    var arrays: [SharedArray<UInt8>] = []
    var atomics: [SharedAtomic<Int>] = []
    var locks: [Lock] = []
    var events: [Event] = []
    var semaphores: [Semaphore] = []

    init(count: Int) throws {
        for number in 0..<count {
            values.append(try SharedValue(number))
            arrays.append(try SharedArray(repeating: UInt8(number % 200), count: number % 300 + 1))
            atomics.append(try SharedAtomic(number))
            locks.append(try Lock())
            events.append(try Event())
            semaphores.append(try Semaphore(1))
        }
    }

    /// Changes each one.
    func run() throws {
        for number in values.indices {
            try locks[number].withLock { values[number].value += 1 }
            arrays[number][number % 300] += 1
            atomics[number].add(1, ordering: .relaxed)
            events[number].set()
            semaphores[number].acquire()
        }
    }

    /// Expects that each was changed once, and nothing else.
    func expectChanged() {
        for number in values.indices {
            expectEqual(values[number].value, number + 1)
            var expected = [UInt8](repeating: UInt8(number % 200), count: number % 300 + 1)
            expected[number % 300] += 1
            expectEqual(arrays[number].values, expected)
            expectEqual(atomics[number].load(ordering: .relaxed), number + 1)
            expect(events[number].isSet, "event \(number) is not set")
            expect(semaphores[number].acquire(timeout: .zero) == false, "semaphore \(number) has a unit")
        }
    }
}

/// Receives objects and reports how many descriptors and mappings it has for them.
struct Receiver: ProcessTarget, Codable {
    let way: Connection

    func run() throws {
        for _ in 0..<2 {
            let (descriptors, mappings) = (openDescriptors().count, mappingCount())
            let objects = try way.receive(ManyObjects.self)
            try objects.run()
            try way.send([openDescriptors().count - descriptors, mappingCount() - mappings])
            // Both are held at once.
            let again = try way.receive(ManyObjects.self)
            try way.send([openDescriptors().count - descriptors, mappingCount() - mappings])
            expectEqual(again.values[0].value, objects.values[0].value)
        }
    }
}

/// Writes the fields of an object's message with invalid numbers.
private struct Forged: Encodable {
    let file: DuplicatedDescriptor
    let offset: Int
    let byteCount: Int

    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(file)
        try container.encode(offset)
        try container.encode(byteCount)
    }
}

func objectArenaScenarios() {
    scenario("thousandsOfLocksValuesAndEventsNeedFewDescriptors") {
        var limit = rlimit(rlim_cur: 64, rlim_max: 64)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let before = openDescriptors()
        var objects: ManyObjects? = try ManyObjects(count: 2000)
        let added = openDescriptors().count - before.count
        expect(added < 20, "12,000 objects have \(added) descriptors")
        try inChild { try objects?.run() }
        objects?.expectChanged()
        objects = nil
        expectEqual(openDescriptors(), before)
    }
    for method in StartMethod.allCases {
        scenario("hundredsOfObjectsAreArgumentsOfAChildStarted", by: method) {
            let objects = try ManyObjects(count: 300)
            let child = Process(startMethod: method, objects)
            try child.start()
            expectEqual(try child.join(), .exited(0))
            objects.expectChanged()
        }
        scenario("objectsOfAnArenaAreMappedOnceByAChildStarted", by: method) {
            let pipe = try Pipe()
            let child = Process(startMethod: method, Receiver(way: pipe.second))
            try child.start()
            for _ in 0..<2 {
                let objects = try ManyObjects(count: 100)
                try pipe.first.send(objects)
                let added = try pipe.first.receive([Int].self)
                expect(added[0] <= 2 && added[1] <= 20, "600 objects have descriptors and mappings: \(added)")
                objects.expectChanged()
                try pipe.first.send(objects)
                expectEqual(try pipe.first.receive([Int].self)[0], added[0])
            }
            expectEqual(try child.join(), .exited(0))
        }
    }
    scenario("objectsThatAChildMakesDoNotLieInItsParentsArena") {
        let first = try SharedValue(1)
        let pipe = try Pipe()
        let child = Process {
            let own = try (0..<1000).map { try SharedValue(-$0) }
            try pipe.second.send(0)
            _ = try pipe.second.receive(Int.self)
            for (number, value) in own.enumerated() { expectEqual(value.value, -number) }
            first.value += 1
        }
        try child.start()
        _ = try pipe.first.receive(Int.self)
        let own = try (0..<1000).map { try SharedValue($0) }
        try pipe.first.send(0)
        expectEqual(try child.join(), .exited(0))
        for (number, value) in own.enumerated() { expectEqual(value.value, number) }
        expectEqual(first.value, 2)
    }
    scenario("objectThatOnlyAnotherProcessHasIsNotMadeAgain") {
        let pipe = try Pipe()
        let neighbour = try Lock()
        var value: SharedValue<Int>? = try SharedValue(5)
        let child = Process {
            let received = try pipe.second.receive(SharedValue<Int>.self)
            try pipe.second.send(0)
            _ = try pipe.second.receive(Int.self)
            expectEqual(received.value, 5)
        }
        try child.start()
        try pipe.first.send(try require(value))
        _ = try pipe.first.receive(Int.self)
        value = nil
        for _ in 0..<10 {
            let others = try (0..<1000).map { _ in try SharedValue(9) }
            expectEqual(others[0].value, 9)
        }
        try pipe.first.send(0)
        expectEqual(try child.join(), .exited(0))
        try neighbour.withLock {}
    }
    scenario("arenasAreGivenBack") {
        let kept = try Lock()
        try expectNoGrowth(warmUp: 2, turns: 40) { _ in
            _ = try ManyObjects(count: 100)
        }
        try kept.withLock {}
    }
    scenario("messageOfAnObjectOutsideOfItsArenaIsAnError") {
        let file = try require(tmpfile())
        defer { fclose(file) }
        ftruncate(fileno(file), 8192)
        let pipe = try Pipe()
        let wrong = [
            (0, 8193), (8192, 64), (-64, 128), (1, 128), (32, 128), (Int.max - 63, 128), (64, Int.max), (0, -1), (0, 0),
            (64, 64), (0, 8192),
        ]
        for (offset, byteCount) in wrong {
            try pipe.first.send(
                Forged(
                    file: DuplicatedDescriptor(FileDescriptor(rawValue: fileno(file))), offset: offset,
                    byteCount: byteCount))
            expectThrows(.decodingFailed) { try pipe.second.receive(Lock.self) }
        }
    }
    scenario("aLimitOnTheSizeOfFilesLeavesSmallObjectsTheirDescriptors") {
        try inChild {
            // Any size below that of an arena; exceeding it would end the process by SIGXFSZ.
            var limit = rlimit(rlim_cur: 64 << 10, rlim_max: 64 << 10)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let (pipe, value) = (try Pipe(), try SharedValue(1))
            try pipe.first.send(value)
            try pipe.second.receive(SharedValue<Int>.self).value += 1
            expectEqual(value.value, 2)
        }
    }
}
