import Testing

@testable import Multiprocessing

@Suite struct MessageCoderTests {
    /// Trivially copyable and not `Codable`.
    private struct Reading: BitwiseCopyable, Equatable {
        var time: Int64
        var level: UInt8
        var share: Float
    }

    /// Trivially copyable and `Codable`.
    private struct Point: BitwiseCopyable, Codable, Equatable {
        var x: Int32
        var y: Int32
    }

    private func read<T>(_ bytes: [UInt8], by coder: MessageCoder<T>) throws -> T {
        try bytes.withUnsafeBytes { try coder.decode($0) }
    }

    @Test func theFastPathAndTheGeneralCoderMakeTheSameBytes() throws {
        func check<T: Codable & Equatable>(_ values: T...) throws {
            let coder = MessageCoder<T>.codable()
            for value in values {
                let bytes = try message(of: value, by: coder)
                #expect(try bytes == wireForm(of: value))
                #expect(try bytes == message(of: value, by: .encodable()))
                #expect(try read(bytes, by: coder) == value)
                #expect(try read(bytes, by: .decodable()) == value)
                #expect(try decoded(T.self, from: bytes) == value)
                // The output of a type's own `encode(to:)`, called by a wrapper, for example, can be read as well.
                #expect(try decoded(T.self, from: wireForm(of: Script { try value.encode(to: $0) })) == value)
                #expect(try read(wireForm(of: Script { try value.encode(to: $0) }), by: coder) == value)
            }
        }
        try check(true, false)
        try check(Int.min, 0, .max)
        try check(Int8.min)
        try check(Int16.min)
        try check(Int32.min)
        try check(Int64.min)
        try check(Int128.min)
        try check(UInt.max)
        try check(UInt8.max)
        try check(UInt16.max)
        try check(UInt32.max)
        try check(UInt64.max)
        try check(UInt128.max)
        try check(1.5 as Float)
        try check(-0.0, 1e300)
        try check("", "sixteen letters!", "é")
        try check([UInt8](0...255), [])
        try check([Int](0..<1000), [])
        try check([1.5, .infinity] as [Double])
        try check([Int128.min, .max])
        try check([true, false], [])
        try check(["", "a", String(repeating: "é", count: 100)], [])
        try check([[1.5], [], [2, 3]] as [[Double]], [])
        try check([["a"], []], [[]])
        try check(["a": 1, "": -1, "sixteen letters!": 0], [:])
        try check(["a": [true], "b": []])
        try check(["a": ["b": "c"], "d": [:]])
        try check((0..<2000).map { "line \($0)" })
        try check(Dictionary(uniqueKeysWithValues: (0..<2000).map { ("key \($0)", $0) }))
        try check(Bitwise(7 as UInt32))
        try check(Point(x: 1, y: -1))
        try check(Sample.rich, .poor)
        try check(Int?.some(1), nil)
    }

    @Test func theWireFormOfSimpleValuesIsAsDescribed() throws {
        #expect(try message(of: -2, by: .codable()) == [0x13, 0xFE, 255, 255, 255, 255, 255, 255, 255])
        #expect(try message(of: true, by: .codable()) == [0x40, 1])
        #expect(try message(of: "hé", by: .codable()) == [0x03, 3, 0x68, 0xC3, 0xA9])
        #expect(try message(of: [1, 256] as [UInt16], by: .codable()) == [0xA1, 4, 1, 0, 0, 1])
        #expect(try message(of: Int?.none, by: .codable()) == [0x00])
        #expect(try message(of: Int??.some(nil), by: .codable()) == [0x01, 1])
        #expect(
            try message(of: Point(x: 1, y: 2), by: .codable())
                == [0x04, 14, 1, 0x78, 0x12, 1, 0, 0, 0, 1, 0x79, 0x12, 2, 0, 0, 0])
        #expect(try message(of: ["a", "b"], by: .codable()) == [0x05, 6, 0x03, 1, 0x61, 0x03, 1, 0x62])
        #expect(try message(of: [UInt8](repeating: 9, count: 200), by: .codable())[..<4] == [0xA0, 0xC8, 0x01, 9])
    }

    @Test func repeatedMembersOfADictionaryAreReadByTheGeneralCoder() throws {
        let bytes: [UInt8] = [0x04, 10, 1, 0x61, 0x40, 1, 1, 0x61, 0x40, 0, 0, 0x00]
        let coder = MessageCoder<[String: Bool]>.codable()
        #expect(throws: DecodingError.self) { try read(bytes, by: coder) }
        let twice: [UInt8] = [0x04, 8, 1, 0x61, 0x40, 1, 1, 0x61, 0x40, 0]
        #expect(try read(twice, by: coder) == decoded([String: Bool].self, from: twice))
        #expect(try read(twice, by: coder).count == 1)
        let notText: [UInt8] = [0x04, 4, 1, 0xFF, 0x40, 1]
        #expect(throws: DecodingError.self) { try read(notText, by: coder) }
        let cut: [UInt8] = [0x05, 3, 0x03, 2, 0x61]
        #expect(throws: DecodingError.self) { try read(cut, by: MessageCoder<[String]>.codable()) }
    }

    @Test func aTriviallyCopyableTypeTravelsAsItsMemory() throws {
        let coder = MessageCoder<Reading>.bitwise()
        let reading = Reading(time: -1, level: 200, share: 0.5)
        let bytes = try message(of: reading, by: coder)
        #expect(bytes.count == MemoryLayout<Reading>.size)
        #expect(try read(bytes, by: coder) == reading)
        #expect(throws: DecodingError.self) { try read(bytes + [0], by: coder) }
        #expect(throws: DecodingError.self) { try read(bytes.dropLast(), by: coder) }
        #expect(throws: DecodingError.self) { try read([], by: coder) }
    }

    @Test func theWireFormDoesNotDependOnTheFactory() throws {
        #expect(try message(of: 5, by: .bitwise()) == message(of: 5, by: .codable()))
        #expect(try message(of: Int?.none, by: .bitwise()) == message(of: Int?.none, by: .codable()))
        let point = Point(x: 3, y: 4)
        let bytes = try message(of: point, by: .bitwise())
        #expect(try bytes == message(of: point, by: .codable()))
        #expect(try read(bytes, by: .bitwise()) == point)
    }

    @Test func wrappedMemoryIsCodable() throws {
        let reading = Bitwise(Reading(time: 1, level: 2, share: 3))
        #expect(try travelled(reading) == reading)
        #expect(try travelled([reading, reading]) == [reading, reading])
        #expect(try travelled(["a": reading]) == ["a": reading])
        struct Nothing: BitwiseCopyable, Equatable {}
        #expect(try travelled(Bitwise(Nothing())) == Bitwise(Nothing()))
        let short = try wireForm(of: [1, 2] as [UInt8])
        #expect(throws: DecodingError.self) { try decoded(Bitwise<Reading>.self, from: short) }
    }

    @Test func aCoderForOneDirectionRefusesTheOther() throws {
        #expect(throws: DecodingError.self) { try read([0x02], by: MessageCoder<Script>.encodable()) }
        struct Received: Decodable {}
        #expect(throws: EncodingError.self) { try message(of: Received(), by: .decodable()) }
    }

    @Test func aFailedMessageLeavesTheBufferAndTheCoderFit() throws {
        struct Fragile: Codable, Equatable {
            var number: Int
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                if number < 0 { throw CancellationError() }
                try container.encode(number)
            }
            init(number: Int) { self.number = number }
            init(from decoder: any Decoder) throws {
                number = try decoder.singleValueContainer().decode(Int.self)
            }
        }
        let coder = MessageCoder<[Fragile]>.codable()
        var buffer = ByteBuffer()
        for _ in 0..<10 {
            #expect(throws: CancellationError.self) {
                try coder.encode([Fragile(number: 1), Fragile(number: -1)], into: &buffer)
            }
            let isEmpty = buffer.isEmpty
            #expect(isEmpty)
            #expect(throws: DecodingError.self) { try read([], by: coder) }
            try coder.encode([Fragile(number: 1)], into: &buffer)
            let copy = try coder.decode(buffer.readable)
            #expect(copy == [Fragile(number: 1)])
            buffer.removeAll()
        }
    }

    @Test func aCoderMayCodeInsideItsOwnCoding() throws {
        struct Inner: Codable, Equatable {
            static let coder = MessageCoder<Inner>.codable()
            var depth: Int
            init(depth: Int) { self.depth = depth }
            init(from decoder: any Decoder) throws {
                let bytes = try decoder.singleValueContainer().decode([UInt8].self)
                depth = bytes.isEmpty ? 0 : try bytes.withUnsafeBytes { try Self.coder.decode($0) }.depth + 1
            }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(depth == 0 ? [] : message(of: Inner(depth: depth - 1), by: Self.coder))
            }
        }
        let bytes = try message(of: Inner(depth: 5), by: Inner.coder)
        #expect(try read(bytes, by: Inner.coder) == Inner(depth: 5))
    }

    @Test func oneCoderServesManyTasksAtATime() async throws {
        let coder = MessageCoder<Sample>.codable()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    var sample = Sample.rich
                    for round in 0..<500 {
                        sample.id = number * 1000 + round
                        let bytes = try message(of: sample, by: coder)
                        let copy = try bytes.withUnsafeBytes { try coder.decode($0) }
                        #expect(copy == sample)
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
