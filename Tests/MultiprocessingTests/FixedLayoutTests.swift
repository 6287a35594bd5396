import Testing

@testable import Multiprocessing

private enum Colour: UInt8, Codable, CaseIterable {
    case red = 7
    case green = 9
    case blue = 200
}

private struct Reading: FixedLayout, Equatable {
    var level: UInt8
    var time: Int64
    var isValid: Bool
    var colour: Colour
    var share: Float
    var flag: Bool
}

private struct Pixel: FixedLayout, Equatable {
    var colour: Colour
    var x: Double
    var y: Double
}

private struct Choice: FixedLayout, Equatable {
    var number: Int?
    var kind: Kind

    enum Kind: Codable, Equatable {
        case one, two
    }
}

private struct Address: BitwiseCopyable {
    var start: UnsafeRawPointer?
    var count: Int
}

@Suite struct FixedLayoutTests {
    private let readings = [
        Reading(level: 1, time: -1, isValid: true, colour: .blue, share: 0.5, flag: false),
        Reading(level: 255, time: .max, isValid: false, colour: .red, share: -.infinity, flag: true),
    ]

    private func read<T>(_ bytes: [UInt8], by coder: MessageCoder<T>) throws -> T {
        try bytes.withUnsafeBytes { try coder.decode($0) }
    }

    @Test func aValueAndAnArrayTravelAsCopiesOfTheirMemory() throws {
        let coder = MessageCoder<Reading>.codable()
        for reading in readings {
            let bytes = try message(of: reading, by: coder)
            #expect(bytes.count == 2 + MemoryLayout<Reading>.size)
            #expect(try bytes == message(of: reading, by: .encodable()))
            #expect(try bytes == message(of: reading, by: .bitwise()))
            #expect(try read(bytes, by: coder) == reading)
            #expect(try read(bytes, by: .decodable()) == reading)
        }
        for values in [readings, [], Array(repeating: readings[1], count: 1000)] {
            let bytes = try message(of: values, by: .codable())
            #expect(bytes.count - values.count * MemoryLayout<Reading>.stride < 5)
            #expect(try read(bytes, by: MessageCoder<[Reading]>.codable()) == values)
        }
    }

    @Test func whatTheTypesOwnCodingHasWrittenIsReadAsWell() throws {
        #expect(try read(wireForm(of: readings[0]), by: MessageCoder<Reading>.codable()) == readings[0])
        #expect(try read(wireForm(of: readings), by: MessageCoder<[Reading]>.codable()) == readings)
    }

    @Test func bytesBetweenMembersAreSentAsZeros() throws {
        let (size, stride) = (MemoryLayout<Reading>.size, MemoryLayout<Reading>.stride)
        let memory = UnsafeMutableBufferPointer<Reading>.allocate(capacity: 2)
        defer { memory.deallocate() }
        UnsafeMutableRawBufferPointer(memory).initializeMemory(as: UInt8.self, repeating: 0xEE)
        for index in 0..<2 {
            // Member by member, which does not touch the bytes between them.
            memory[index].level = 1
            memory[index].time = 2
            memory[index].isValid = true
            memory[index].colour = .green
            memory[index].share = 0
            memory[index].flag = true
        }
        func isClean(_ bytes: some Sequence<UInt8>) -> Bool { !bytes.contains(0xEE) }
        let one = try message(of: memory[0], by: .codable())
        #expect(isClean(one) && one.count == size + 2)
        let both = [Reading](unsafeUninitializedCapacity: 2) { elements, count in
            UnsafeMutableRawBufferPointer(elements).copyMemory(from: UnsafeRawBufferPointer(memory))
            count = 2
        }
        #expect(!both.withUnsafeBytes { isClean($0) }, "the test's own memory has nothing between the members")
        let array = try message(of: both, by: .codable())
        #expect(isClean(array) && array.count == 2 * stride + 2)
        #expect(isClean(try wireForm(of: Bitwise(memory[0]))))
        #expect(isClean(try message(of: [Bitwise(memory[0]), Bitwise(memory[1])], by: .codable())))
    }

    @Test func patternsThatNoValueHasAreRefused() throws {
        let good = try message(of: readings[1], by: .codable())
        var refused: Set<Int> = []
        for place in 2..<good.count {
            var bytes = good
            bytes[place] = 3
            if (try? read(bytes, by: MessageCoder<Reading>.codable())) == nil { refused.insert(place) }
        }
        let places = [\Reading.isValid, \Reading.colour, \Reading.flag] as [PartialKeyPath<Reading>]
        #expect(refused == Set(places.compactMap { MemoryLayout<Reading>.offset(of: $0).map { $0 + 2 } }))

        let pixels = [Pixel(colour: .blue, x: 1, y: 2), Pixel(colour: .blue, x: 3, y: 4)]
        var bytes = try message(of: pixels, by: .codable())
        bytes[2 + MemoryLayout<Pixel>.stride] = 3
        #expect(throws: DecodingError.self) { try read(bytes, by: MessageCoder<[Pixel]>.codable()) }
    }

    @Test func messagesOfAnotherSizeAreRefused() throws {
        let coder = MessageCoder<Reading>.codable()
        for count in [0, 1, MemoryLayout<Reading>.size - 1, MemoryLayout<Reading>.stride, 100] {
            let bytes = try wireForm(of: [UInt8](repeating: 0, count: count))
            #expect(throws: DecodingError.self) { try read(bytes, by: coder) }
            if count % MemoryLayout<Reading>.stride != 0 {
                #expect(throws: DecodingError.self) { try read(bytes, by: MessageCoder<[Reading]>.codable()) }
            }
        }
        #expect(throws: DecodingError.self) { try read([], by: coder) }
        #expect(throws: DecodingError.self) { try read(wireForm(of: "text"), by: coder) }
    }

    @Test func aTypeWhosePatternsCannotBeCheckedTravelsByItsCoding() throws {
        for choice in [Choice(number: nil, kind: .two), Choice(number: 5, kind: .one)] {
            #expect(try message(of: choice, by: .codable()) == wireForm(of: choice))
            #expect(try message(of: [choice], by: .codable()) == wireForm(of: [choice]))
            #expect(try read(wireForm(of: choice), by: MessageCoder<Choice>.codable()) == choice)
        }
    }

    @Test func aPointerIsSentOnlyWhereItIsWrapped() throws {
        #expect(throws: EncodingError.self) { try message(of: Address(start: nil, count: 0), by: .bitwise()) }
        #expect(throws: EncodingError.self) {
            try message(of: UnsafeRawBufferPointer(start: nil, count: 0), by: .bitwise())
        }
        let address = Address(start: UnsafeRawPointer(bitPattern: 4096), count: 3)
        #expect(try travelled(Bitwise(address)).value.start == address.start)
    }
}
