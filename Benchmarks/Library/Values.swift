import FoundationEssentials
@preconcurrency import Glibc
import Multiprocessing

// Round trips of values of many kinds: tasks of a pool whose only worker returns its input.

private let clock = ContinuousClock()

private func trips<Value: Codable>(_ count: Int, _ value: Value) throws -> Duration {
    try Pool.with(processes: 1, { (value: Value) in value }) { pool in
        for _ in 0..<3 {
            _ = try pool.apply(value)
        }
        return try clock.measure {
            for _ in 0..<count {
                _ = try pool.apply(value)
            }
        }
    }
}

// MARK: Bytes

private let manyBytes = [UInt8](repeating: 7, count: 16 << 20)

func byteTrips(_ count: Int) throws -> Duration { try trips(count, manyBytes) }
func dataTrips(_ count: Int) throws -> Duration { try trips(count, Data(manyBytes)) }

/// The minimum work of a round trip: one copy of the bytes there, and one back.
func byteCopies(_ count: Int) throws -> Duration { copies(count, of: manyBytes) }

// MARK: Structures that are copied

/// Like a C structure: trivially copyable, and not `Codable`.
private struct Flat: BitwiseCopyable {
    var time: Int64
    var x = 0.5
    var y = 0.25
    var z = 0.125
    var level: Int32 = 3
    var isValid = true
}

private let flats = (0..<200_000).map { Bitwise(Flat(time: $0)) }

/// Arrays of 8 MB.
func flatTrips(_ count: Int) throws -> Duration { try trips(count, flats) }
func flatCopies(_ count: Int) throws -> Duration { copies(count, of: flats) }

private func copies<Element>(_ count: Int, of values: [Element]) -> Duration {
    func copied(_ values: [Element]) -> [Element] {
        [Element](unsafeUninitializedCapacity: values.count) { room, initialized in
            values.withUnsafeBytes { UnsafeMutableRawBufferPointer(room).copyMemory(from: $0) }
            initialized = values.count
        }
    }
    for _ in 0..<3 {
        precondition(copied(copied(values)).count == values.count)
    }
    return clock.measure {
        for _ in 0..<count {
            precondition(copied(copied(values)).count == values.count)
        }
    }
}

// MARK: What is coded

func dictionaryTrips(_ count: Int) throws -> Duration {
    try trips(count, Dictionary(uniqueKeysWithValues: (0..<100_000).map { ("key \($0)", $0) }))
}

func stringTrips(_ count: Int) throws -> Duration {
    try trips(count, (0..<200_000).map { "this is the line \($0)" })
}

private struct Row: Codable {
    var number: Int
    var name: String
    var score: Double
    var isActive = true
}

func rowTrips(_ count: Int) throws -> Duration {
    try trips(count, (0..<200_000).map { Row(number: $0, name: "row \($0)", score: Double($0) / 3) })
}

/// Structures of five numbers, a thousand in each message of a pipe whose two ends are both in this process.
func codedValues(_ count: Int) throws -> Duration {
    struct Five: Codable {
        var time: Int
        var x = 0.5
        var y = 0.25
        var z = 0.125
        var isValid = true
    }
    let values = (0..<1000).map { Five(time: $0) }
    let pipe = try Pipe()
    func trip() throws {
        try pipe.first.send(values)
        let received: [Five] = try pipe.second.receive()
        precondition(received.count == values.count)
    }
    try trip()
    return try clock.measure {
        for _ in 0..<count / values.count {
            try trip()
        }
    }
}

// MARK: Shared memory

private let wordCount = 8 << 20

/// 64 MiB to a worker and 64 MiB back, without copies: this process writes the former and reads the latter.
func spanTrips(_ count: Int) throws -> Duration {
    let (input, output) = try (
        SharedMemory(anonymousOf: 8 * wordCount), SharedMemory(anonymousOf: 8 * wordCount)
    )
    let work = { (seed: UInt64) in
        input.withSpan(of: UInt64.self) { input in
            output.withMutableSpan(of: UInt64.self) { mix(input, &$0, seed) }
        }
        return true
    }
    return try Pool.with(processes: 1, work) { pool in
        try spanWork(count) { seed in
            input.withMutableSpan(of: UInt64.self) { fill(&$0, seed) }
            _ = try pool.apply(seed)
            return output.withSpan(of: UInt64.self) { sum($0) }
        }
    }
}

/// The same work in this process alone, in its own memory.
func spanWorkAlone(_ count: Int) throws -> Duration {
    var (input, output) = ([UInt64](repeating: 0, count: wordCount), [UInt64](repeating: 0, count: wordCount))
    return try spanWork(count) { seed in
        var inputs = input.mutableSpan
        fill(&inputs, seed)
        var outputs = output.mutableSpan
        mix(inputs.span, &outputs, seed)
        return sum(outputs.span)
    }
}

private func spanWork(_ count: Int, _ work: (UInt64) throws -> UInt64) throws -> Duration {
    _ = try work(0)
    return try clock.measure {
        for number in 0..<count {
            let sum = try work(UInt64(number))
            precondition(sum != 0)
        }
    }
}

private func fill(_ words: inout MutableSpan<UInt64>, _ seed: UInt64) {
    for index in words.indices {
        words[index] = seed &+ UInt64(index)
    }
}

private func mix(_ input: Span<UInt64>, _ output: inout MutableSpan<UInt64>, _ seed: UInt64) {
    for index in input.indices {
        var word = input[index] &+ seed
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        output[index] = word ^ (word >> 31)
    }
}

private func sum(_ words: Span<UInt64>) -> UInt64 {
    var sum: UInt64 = 0
    for index in words.indices {
        sum &+= words[index]
    }
    return sum
}
