import Testing

@testable import Multiprocessing

/// Bytes that no encoder has made.
///
/// Each input must be decoded to a value or refused; none may crash, hang or take much memory.
@Suite struct HostileBytesTests {
    private let corrupted: [(String, [UInt8])] = [
        ("empty", []),
        ("unknown tag", [0x7F]),
        ("packed unknown tag", [0x80, 0]),
        ("number without bytes", [WireTag.int64, 1, 2, 3]),
        ("trailing byte", [WireTag.int8, 1, 0]),
        ("length without end", [WireTag.string, 0x80, 0x80, 0x80]),
        ("length of 63 bits", [WireTag.string] + [UInt8](repeating: 0xFF, count: 8) + [0x7F]),
        ("length of 70 bits", [WireTag.string] + [UInt8](repeating: 0xFF, count: 9) + [0x7F]),
        ("length past the end", [WireTag.packed | WireTag.uint8, 5, 1, 2, 3, 4]),
        ("array that ends within a number", [WireTag.packed | WireTag.int16, 3, 1, 2, 3]),
        ("string that is not UTF-8", [WireTag.string, 2, 0xC3, 0x28]),
        ("string with half a character", [WireTag.string, 1, 0xE2]),
        ("string with a surrogate", [WireTag.string, 3, 0xED, 0xA0, 0x80]),
        ("Bool of 2", [WireTag.bool, 2]),
        ("nil outside an optional", [WireTag.presentNull, 0]),
        ("member without value", [WireTag.keyed, 2, 1, 0x61]),
        ("member name past the end", [WireTag.keyed, 2, 9, 0x61]),
        ("member name that is not UTF-8", [WireTag.keyed, 4, 1, 0xFF, WireTag.int8, 1]),
        ("element past the end of its container", [WireTag.unkeyed, 2, WireTag.int64, 0, 0, 0, 0, 0, 0, 0, 0]),
    ]

    @Test func malformedBytesAreRefusedByAllTypes() {
        func check<T: Decodable>(_ type: T.Type) {
            for (name, bytes) in corrupted {
                #expect(throws: DecodingError.self, "\(name) as \(type)") { try decoded(type, from: bytes) }
            }
        }
        check(Int.self)
        check(Bool.self)
        check(String.self)
        check([UInt8].self)
        check([Int16].self)
        check([Bool].self)
        check([String: Int].self)
        check(Sample.self)
        check(Shape.self)
        check(Bitwise<UInt32>.self)
        check(Set<Int>.self)
    }

    @Test func theReasonForRefusalIsCorruption() {
        for (type, bytes) in [
            (Bool.self, [WireTag.bool, 2]),
            (String.self, [WireTag.string, 2, 0xC3, 0x28]),
            (Int8.self, [WireTag.uint8, 200]),
        ] as [(any Decodable.Type, [UInt8])] {
            do {
                _ = try decoded(type, from: bytes)
                Issue.record("\(type) was decoded")
            } catch DecodingError.dataCorrupted {
            } catch {
                Issue.record("\(type): \(error)")
            }
        }
    }

    @Test func nestingDepthIsLimitedInAllContainers() throws {
        var chain: [UInt8] = [WireTag.nothing]
        for _ in 0..<2000 {
            chain = prefixed(WireTag.keyed, [4] + Array("next".utf8) + chain)
        }
        #expect(throws: DecodingError.self) { try decoded(Chain.self, from: chain) }
        struct Loop: Decodable {
            init(from decoder: any Decoder) throws {
                self = try decoder.singleValueContainer().decode(Loop.self)
            }
        }
        #expect(throws: DecodingError.self) { try decoded(Loop.self, from: [WireTag.null]) }
        #expect(throws: DecodingError.self) { try decoded(Loop?.self, from: [WireTag.presentNull, 255]) }
        struct Dive: Decodable {
            init(from decoder: any Decoder) throws {
                var list = try decoder.unkeyedContainer()
                while true { list = try list.nestedUnkeyedContainer() }
            }
        }
        var nest: [UInt8] = [WireTag.unkeyed, 0]
        for _ in 0..<2000 {
            nest = prefixed(WireTag.unkeyed, nest)
        }
        #expect(throws: DecodingError.self) { try decoded(Dive.self, from: nest) }
    }

    private func prefixed(_ tag: UInt8, _ payload: [UInt8]) -> [UInt8] {
        var prefix = ByteBuffer()
        prefix.append(tag)
        prefix.appendLength(payload.count)
        return [UInt8](prefix.readable) + payload
    }

    @Test func everyProperPrefixOfAMessageIsRefused() throws {
        func check<T: Codable>(_ value: T) throws {
            let bytes = try wireForm(of: value)
            for count in 0..<bytes.count {
                #expect(throws: DecodingError.self) { try decoded(T.self, from: Array(bytes[..<count])) }
            }
        }
        try check(Sample.rich)
        try check([Shape.group([.polygon([1, 2], name: "n"), .circle(radius: 1)])])
        try check([1: "one", 2: "two"])
        try check("sixteen letters!")
        try check([1, 2, 3])
        try check(SharedCat(name: "Tom", lives: 9))
        try check([Int???](arrayLiteral: nil, .some(nil), .some(.some(nil)), 1))
    }

    @Test func everyMutationOfAMessageIsAValueOrAnError() throws {
        let seed = printedSeed()
        var generator = SeededGenerator(seed: seed)
        func check<T: Codable>(_ value: T) throws {
            let original = try wireForm(of: value)
            for position in original.indices {
                for replacement in [0, 1, 0x7F, 0x80, 0xFF, original[position] &+ 1, original[position] ^ 0x80] {
                    var bytes = original
                    bytes[position] = replacement
                    _ = try? decoded(T.self, from: bytes)
                }
            }
            for _ in 0..<2000 {
                _ = try? decoded(T.self, from: mutated(original, using: &generator))
            }
        }
        try check(Sample.rich)
        try check([Shape.group([.polygon([1, 2], name: "n"), .circle(radius: 1), .point])])
        try check([1: "one", 2: "two"])
        try check(["a": [1, 2], "b": []])
        try check([Shape.point: [1]])
        try check("héllo wörld")
        try check([true, false])
        try check(Chain(length: 10))
        try check(NamedSuperCat(name: "Tom", lives: 9))
        try check([Int???](arrayLiteral: nil, .some(nil), .some(.some(nil)), 1))
        try check(Set(["a", "b"]))
        try check(Holder(value: Transparent(value: Int?.none)))
        try check(1...9)
    }

    private func mutated(_ original: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let position = Int.random(in: bytes.indices, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[position] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.remove(at: position)
            default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
            }
        }
        return bytes
    }
}
