@preconcurrency import Glibc
import Multiprocessing

private let clock = ContinuousClock()

// MARK: Pool

private func withPool(_ body: (Pool<Int, Int>) throws -> Void) throws -> Duration {
    try Pool.with(processes: 2, { (number: Int) in number + 1 }) { pool in
        _ = try pool.map(0..<1000)
        return try clock.measure { try body(pool) }
    }
}

func poolMap(_ count: Int) throws -> Duration {
    try withPool { pool in
        let results = try pool.map(0..<count)
        precondition(results.count == count)
    }
}

func poolImap(_ count: Int) throws -> Duration {
    try withPool { pool in
        var (results, sum) = (pool.imap(0..<count), 0)
        while let result = try results.next() {
            sum += result
        }
        precondition(sum == count * (count + 1) / 2)
    }
}

func poolImapUnordered(_ count: Int) throws -> Duration {
    try withPool { pool in
        var (results, sum) = (pool.imapUnordered(0..<count), 0)
        while let result = try results.next() {
            sum += result
        }
        precondition(sum == count * (count + 1) / 2)
    }
}

// MARK: Structures of numbers

/// Is sent by its coding.
private struct CodedSample: Codable {
    var time: Int
    var x = 0.5
    var y = 0.25
    var z = 0.125
    var isValid = true
}

/// The same, but sent as a copy of its memory.
private struct CopiedSample: FixedLayout {
    var time: Int
    var x = 0.5
    var y = 0.25
    var z = 0.125
    var isValid = true
}

private func samples<Sample: Codable>(_ count: Int, _ make: (Int) -> Sample) throws -> Duration {
    let inputs = (0..<count).map(make)
    return try Pool.with(processes: 2, { (sample: Sample) in sample }) { pool in
        _ = try pool.map(inputs.prefix(1000))
        return try clock.measure {
            let outputs = try pool.map(inputs)
            precondition(outputs.count == count)
        }
    }
}

func codedSamples(_ count: Int) throws -> Duration { try samples(count) { CodedSample(time: $0) } }
func copiedSamples(_ count: Int) throws -> Duration { try samples(count) { CopiedSample(time: $0) } }

/// One at a time, in round trips.
private func sampleTrips<Sample: Codable>(_ count: Int, _ sample: Sample) throws -> Duration {
    try Pool.with(processes: 1, { (sample: Sample) in sample }) { pool in
        _ = try pool.apply(sample)
        return try clock.measure {
            for _ in 0..<count {
                _ = try pool.apply(sample)
            }
        }
    }
}

func codedTrips(_ count: Int) throws -> Duration { try sampleTrips(count, CodedSample(time: 1)) }
func copiedTrips(_ count: Int) throws -> Duration { try sampleTrips(count, CopiedSample(time: 1)) }

/// Arrays of 8 MB, in round trips.
private func sampleArrays<Sample: Codable>(_ count: Int, _ make: (Int) -> Sample) throws -> Duration {
    let samples = (0..<200_000).map(make)
    return try Pool.with(processes: 1, { (samples: [Sample]) in samples }) { pool in
        _ = try pool.apply(samples)
        return try clock.measure {
            for _ in 0..<count {
                let result = try pool.apply(samples)
                precondition(result.count == samples.count)
            }
        }
    }
}

func codedArrays(_ count: Int) throws -> Duration { try sampleArrays(count) { CodedSample(time: $0) } }
func copiedArrays(_ count: Int) throws -> Duration { try sampleArrays(count) { CopiedSample(time: $0) } }

// MARK: Serial time of the front and the manager process

/// Tasks of a given duration, submitted like the command does: some more than there are workers, in one lane.
///
/// The time is the processor time of this process and of the pool's manager process.
func serialTime(ofTasksOf microseconds: Int) -> (Int) throws -> Duration {
    { count in
        let input = [UInt8](repeating: 7, count: 64)
        let pool = try Pool(processes: 2) { (task: [UInt8]) -> [UInt8] in
            let end = ContinuousClock.now + .microseconds(microseconds)
            while ContinuousClock.now < end {}
            return task
        }
        defer { pool.terminate() }
        func transfer(_ count: Int) throws {
            var (submitted, done) = (0, 0)
            while done < count {
                while let completion = try pool.nextCompletion(timeout: .zero) {
                    let output = try completion.result.get()
                    precondition(output.count == input.count)
                    done += 1
                }
                while submitted < count, submitted - done < 32 {
                    try pool.submit(input, lane: 0, mayWait: true)
                    submitted += 1
                }
                if done < count {
                    _ = try wait(for: [pool])
                }
            }
        }
        try transfer(100)
        let before = serialNanoseconds(pool.managerPID)
        try transfer(count)
        return .nanoseconds(serialNanoseconds(pool.managerPID) - before)
    }
}

/// A trivial function for many inputs; the time is the processor time of the pool's manager process.
func poolManagerTime(_ workers: Int) -> (Int) throws -> Duration {
    { count in
        try Pool.with(processes: workers, { (number: Int) in number + 1 }) { pool in
            _ = try pool.map(0..<100 * workers)
            let before = processorNanoseconds("\(pool.managerPID)")
            _ = try pool.map(0..<count)
            return .nanoseconds(processorNanoseconds("\(pool.managerPID)") - before)
        }
    }
}

/// Tasks that sleep for half a millisecond, two at a time, whatever the number of workers.
///
/// So the pool's manager process handles each result separately. The time is its processor time.
func poolManagerTurns(_ workers: Int) -> (Int) throws -> Duration {
    { count in
        let pool = try Pool(processes: workers) { (number: Int) in
            usleep(500)
            return number
        }
        defer { pool.terminate() }
        func transfer(_ count: Int) throws {
            var (submitted, done) = (0, 0)
            while done < count {
                while submitted < count, submitted - done < 2 {
                    try pool.submit(submitted)
                    submitted += 1
                }
                _ = try pool.nextCompletion()
                done += 1
            }
        }
        try transfer(10 * workers)
        let before = processorNanoseconds("\(pool.managerPID)")
        try transfer(count)
        return .nanoseconds(processorNanoseconds("\(pool.managerPID)") - before)
    }
}

private func serialNanoseconds(_ manager: Int32) -> Int {
    processorNanoseconds("self") + processorNanoseconds("\(manager)")
}

private func processorNanoseconds(_ process: String) -> Int {
    guard let file = fopen("/proc/\(process)/schedstat", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 100)
    fgets(&line, 100, file)
    return Int(strtol(line, nil, 10))
}

// MARK: Pipe and process

/// Round trips of eight bytes.
func pipeRoundTrips(_ count: Int) throws -> Duration {
    let pipe = try Pipe()
    let child = Process {
        var bytes: UInt64 = 0
        for _ in 0...count {
            _ = try withUnsafeMutableBytes(of: &bytes) { try pipe.second.receive(into: $0) }
            try withUnsafeBytes(of: bytes) { try pipe.second.send(bytes: $0) }
        }
    }
    try child.start()
    var bytes: UInt64 = 7
    func trip() throws {
        try withUnsafeBytes(of: bytes) { try pipe.first.send(bytes: $0) }
        _ = try withUnsafeMutableBytes(of: &bytes) { try pipe.first.receive(into: $0) }
    }
    try trip()
    let time = try clock.measure {
        for _ in 0..<count {
            try trip()
        }
    }
    try child.join()
    return time
}

/// The same with system calls only: the kernel's part.
func barePipeRoundTrips(_ count: Int) throws -> Duration {
    var ends: [Int32] = [-1, -1]
    socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends)
    let (here, there) = (ends[0], ends[1])
    let child = Process {
        var bytes: UInt64 = 0
        for _ in 0...count {
            _ = read(there, &bytes, 8)
            _ = write(there, &bytes, 8)
        }
    }
    try child.start()
    var bytes: UInt64 = 7
    func trip() {
        _ = write(here, &bytes, 8)
        _ = read(here, &bytes, 8)
    }
    trip()
    let time = clock.measure {
        for _ in 0..<count {
            trip()
        }
    }
    try child.join()
    return time
}

func processes(_ count: Int) throws -> Duration {
    try clock.measure {
        for _ in 0..<count {
            let child = Process {}
            try child.start()
            try child.join()
        }
    }
}

// MARK: Queue and lock

/// Integers that one process puts and another gets.
func queueValues(_ count: Int) throws -> Duration {
    let queue = try Queue<Int>()
    let child = Process {
        for number in 0...count {
            try queue.put(number)
        }
    }
    try child.start()
    _ = try queue.get()
    let time = try clock.measure {
        for _ in 0..<count {
            _ = try queue.get()
        }
    }
    try child.join()
    return time
}

// MARK: Bytes by shared memory

private let pieceBytes = 1 << 20

/// A worker copies `count` pieces of 1 MiB into slots, and the parent reads one word of each page there.
func slots(_ count: Int) throws -> Duration {
    let arena = try SlotArena(slotCount: 8, slotBytes: pieceBytes)
    let source = filledMemory(count)
    let pool = try Pool(processes: 1) { (task: SlotTask) in
        arena[task.slot].copyMemory(from: piece(task.piece, of: source))
        return task
    }
    defer { pool.terminate() }
    func transfer(_ count: Int) throws {
        var (submitted, done) = (0, 0)
        while done < count {
            while submitted < count, let slot = arena.acquire() {
                try pool.submit(SlotTask(slot: slot, piece: submitted))
                submitted += 1
            }
            guard let task = try pool.nextCompletion()?.result.get() else { break }
            look(at: UnsafeRawBufferPointer(arena[task.slot]))
            arena.release(task.slot)
            done += 1
        }
    }
    // Both processes have touched all memory once, as in the other work.
    try transfer(count)
    return try clock.measure { try transfer(count) }
}

/// The same pieces, copied by one process from its memory to its memory.
func copies(_ count: Int) throws -> Duration {
    let (source, target) = (filledMemory(count), filledMemory(count))
    return clock.measure {
        for number in 0..<count {
            let part = UnsafeMutableRawBufferPointer(mutating: piece(number, of: target))
            part.copyMemory(from: piece(number, of: source))
            look(at: UnsafeRawBufferPointer(part))
        }
    }
}

private struct SlotTask: Codable {
    let slot: Int
    let piece: Int
}

private func look(at bytes: UnsafeRawBufferPointer) {
    var sum = 0
    for offset in stride(from: 0, to: bytes.count, by: 4096) {
        sum &+= bytes.load(fromByteOffset: offset, as: Int.self)
    }
    precondition(sum != 0)
}

private func piece(_ number: Int, of memory: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: memory[number * pieceBytes..<(number + 1) * pieceBytes])
}

private func filledMemory(_ pieces: Int) -> UnsafeMutableRawBufferPointer {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: pieces * pieceBytes, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 1)
    return memory
}

// MARK: Manager

private func withDictionary(_ body: (DictionaryProxy<Int, Int>) throws -> Void) throws -> Duration {
    try Manager.with { manager in
        let shared = try manager.dictionary(of: Int.self, Int.self)
        try shared.set(0, to: 0)
        return try clock.measure { try body(shared) }
    }
}

func managerSet(_ count: Int) throws -> Duration {
    try withDictionary { shared in
        for number in 0..<count {
            try shared.set(number % 1000, to: number)
        }
    }
}

func managerUpdate(_ count: Int) throws -> Duration {
    try withDictionary { shared in
        for first in stride(from: 0, to: count, by: 1000) {
            try shared.update((first..<min(first + 1000, count)).map { ($0, $0) })
        }
    }
}

func lockPairs(_ count: Int) throws -> Duration {
    let lock = try Lock()
    return try clock.measure {
        for _ in 0..<count {
            _ = try lock.acquire()
            try lock.release()
        }
    }
}
