@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

/// A task that reads one byte of a file.
private struct Reading: Codable {
    var file: SharedDescriptor
    var offset: Int
}

private struct ByteRead: Codable, Equatable {
    var byte: UInt8
    var worker: Int32
    /// How many descriptors the worker had open.
    var descriptorCount: Int
}

private func read(_ task: Reading) throws -> ByteRead {
    var byte: UInt8 = 0
    guard pread(task.file.fileDescriptor.rawValue, &byte, 1, task.offset) == 1 else { throw Mishap() }
    return ByteRead(byte: byte, worker: getpid(), descriptorCount: openDescriptors().count)
}

/// The same as a type, for managers that are not forked.
struct ReadByte: PoolFunction, Codable {
    func callAsFunction(_ file: SharedDescriptor) throws -> UInt8 {
        var byte: UInt8 = 0
        guard pread(file.fileDescriptor.rawValue, &byte, 1, 7) == 1 else { throw Mishap() }
        return byte
    }
}

/// A nameless file, with the bytes 0 to 99, which cannot be opened again by name.
private func namelessFile() throws -> SharedDescriptor {
    var path = Array("/tmp/scenario-XXXXXX".utf8CString)
    let number = mkstemp(&path)
    unlink(path)
    let bytes = Array(UInt8(0)..<100)
    guard number >= 0, write(number, bytes, bytes.count) == bytes.count else { throw Mishap() }
    return SharedDescriptor(owning: FileDescriptor(rawValue: number))
}

func sharedDescriptorScenarios() {
    scenario("tasksReadANamelessFile") {
        let pool = try Pool(processes: 2, read)
        let file = try namelessFile()
        expectEqual(try pool.map((0..<100).map { Reading(file: file, offset: $0) }).map(\.byte), Array(0..<100))
    }
    scenario("eachWorkerIsSentADescriptorOnce") {
        let pool = try Pool(processes: 1, read)
        let (one, other) = (try namelessFile(), try namelessFile())
        let first = try pool.apply(Reading(file: one, offset: 0)).descriptorCount
        let counts = try pool.map((0..<50).map { Reading(file: one, offset: $0) }).map(\.descriptorCount)
        expectEqual(Set(counts), [first])
        expectEqual(try pool.apply(Reading(file: other, offset: 0)).descriptorCount, first + 1)
    }
    scenario("workersCloseADescriptorThatIsGone") {
        let pool = try Pool(processes: 1, read)
        let kept = try namelessFile()
        let before = try pool.apply(Reading(file: kept, offset: 0)).descriptorCount
        for _ in 0..<200 {
            expectEqual(try pool.apply(Reading(file: try namelessFile(), offset: 9)).byte, 9)
        }
        expect(
            eventually { (try? pool.apply(Reading(file: kept, offset: 0)).descriptorCount) == before },
            "descriptors stay open in the worker")
        let manager = "/proc/\(pool.managerPID)/fd"
        expect(eventually { namesIn(manager).count < 20 }, "the manager has \(namesIn(manager).count) open")
    }
    scenario("tasksMayOutliveTheObjectThatTheyWereMadeWith") {
        let go = Doorbell()
        let pool = try Pool(processes: 1) { (task: Reading) -> UInt8 in
            if task.offset == 0 { expect(go.wait(), "no ring came") }
            return try read(task).byte
        }
        let later = try pool.mapAsync((0..<10).map { [file = try namelessFile()] in Reading(file: file, offset: $0) })
        go.ring()
        expectEqual(try later.get(), Array(0..<10))
    }
    scenario("theWorkerThatTakesADeadOnesTaskIsHandedItsDescriptors") {
        let runs = SharedCounter()
        let pool = try Pool(processes: 2) { (task: Reading) -> UInt8 in
            if task.offset == 5 {
                runs.add(1)
                if runs.value < 3 { raise(SIGKILL) }
            }
            return try read(task).byte
        }
        let file = try namelessFile()
        expectEqual(try pool.map((0..<20).map { Reading(file: file, offset: $0) }), Array(0..<20))
        expectEqual(runs.value, 3)
    }
    for method in StartMethod.allCases {
        scenario("descriptorsReachTheWorkersOfAManagerThatIsStarted", by: method) {
            let pool = try Pool(startMethod: method, processes: 2, ReadByte())
            let file = try namelessFile()
            expectEqual(try pool.map(Array(repeating: file, count: 30)), Array(repeating: 7, count: 30))
            pool.terminate()
            Process.stopForkServer()
        }
    }
    scenario("aDescriptorThatAWorkerHasNoRoomForFailsItsTask") {
        let pool = try Pool(
            processes: 1,
            initializer: {
                // The limit leaves no number for the next descriptor.
                var limit = rlimit(rlim_cur: rlim_t(openDescriptors().count), rlim_max: 100)
                let highest = openDescriptors().keys.max() ?? 0
                for number in 0..<highest where fcntl(number, F_GETFD) < 0 { dup2(0, number) }
                limit.rlim_cur = rlim_t(highest + 1)
                guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { throw Mishap() }
            }, { (task: Reading) in task.offset })
        let error = expectThrows(.taskFailed) { try pool.apply(Reading(file: try namelessFile(), offset: 1)) }
        expectText(of: error, contains: "too many files open")
    }
    scenario("tasksOfBytesNameTheirDescriptorsByKey") {
        let pool = try Pool(processes: 2) { (task: [UInt8]) -> [UInt8] in
            let key = task.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
            let file = try SharedDescriptor(key: key)
            return [try read(Reading(file: file, offset: Int(task[8]))).byte]
        }
        let files = try (0..<3).map { _ in try namelessFile() }
        for offset in 0..<60 {
            let file = files[offset % 3]
            try pool.submit(
                withUnsafeBytes(of: file.key) { Array($0) } + [UInt8(offset)], lane: 0, descriptors: [file, file])
        }
        for offset in 0..<60 { expectEqual(try pool.nextCompletion()?.result.get(), [UInt8(offset)]) }
        // A worker is not sent a descriptor that no task uses.
        let stranger = try namelessFile()
        let error = expectThrows(.taskFailed) { try pool.apply(withUnsafeBytes(of: stranger.key) { Array($0) } + [0]) }
        expectText(of: error, contains: "no descriptor")
    }
    scenario("sharedDescriptorsAreForInputsOfPools") {
        let pool = try Pool(processes: 1) { (task: Reading) in task }
        expectThrows(.taskFailed) { try pool.apply(Reading(file: try namelessFile(), offset: 1)) }
        let pipe = try Pipe()
        expectThrows(.encodingFailed) { try pipe.first.send(try namelessFile()) }
        let file = try namelessFile()
        let many = try Pool(processes: 1) { (files: [SharedDescriptor]) in
            files.map(\.fileDescriptor.rawValue).count
        }
        // One descriptor, however often a task contains it.
        expectEqual(try many.apply(Array(repeating: file, count: 5000)), 5000)
    }
}
