import Testing

@testable import Multiprocessing

/// Everything that `Codable` allows a type to do with its encoder and decoder.
@Suite struct CodableShapesTests {
    @Test func everyPrimitiveComesBackFromEveryKindOfContainer() throws {
        func check<T: Codable & Equatable>(_ values: T...) throws {
            for value in values {
                #expect(try travelled(value) == value)
                #expect(try travelled([value, value]) == [value, value])
                #expect(try travelled(["key": value]) == ["key": value])
                #expect(try travelled(Optional(value)) == value)
            }
        }
        try check(true, false)
        try check(Int.min, -1, 0, .max)
        try check(Int8.min, .max)
        try check(Int16.min, .max)
        try check(Int32.min, .max)
        try check(Int64.min, .max)
        try check(Int128.min, .max)
        try check(UInt.max)
        try check(UInt8.max)
        try check(UInt16.max)
        try check(UInt32.max)
        try check(UInt64.max)
        try check(UInt128.max)
        try check(Float.infinity, -0.0, .leastNonzeroMagnitude, 1.5)
        try check(Double.infinity, .pi, .leastNonzeroMagnitude)
        #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
            try check(Float16.pi, .greatestFiniteMagnitude)
        #endif
        try check("", "a", "fifteen letters", "sixteen letters!", "héllo 👩‍👩‍👧 e\u{301}", "\0")
        try check(1...5)
        try check(Duration.seconds(-3))
        try check(SIMD4<Float>(1, 2, 3, 4))
    }

    @Test func notANumberStaysNotANumber() throws {
        #expect(try travelled(Double.nan).isNaN)
        #expect(try travelled(Float.nan).isNaN)
    }

    @Test func synthesizedTypesComeBackEqual() throws {
        let sample = Sample.rich
        #expect(try travelled(sample) == sample)
        #expect(try travelled([sample, Sample.poor]) == [sample, .poor])
        #expect(try travelled(["a": sample]) == ["a": sample])
    }

    @Test func enumerationsKeepTheirAssociatedValues() throws {
        let shapes: [Shape] = [.point, .circle(radius: 2), .polygon([1, 2], name: nil), .group([.point, .group([])])]
        #expect(try travelled(shapes) == shapes)
    }

    @Test func dictionariesAndSetsComeBackEqual() throws {
        #expect(try travelled([1: "a", -2: "b"]) == [1: "a", -2: "b"])
        #expect(try travelled(["é": 1, "": 2]) == ["é": 1, "": 2])
        #expect(try travelled([Shape.point: [1], .circle(radius: 1): []]) == [.point: [1], .circle(radius: 1): []])
        #expect(try travelled(Set(0..<100)) == Set(0..<100))
        let large = Dictionary(uniqueKeysWithValues: (0..<5000).map { ("key \($0)", $0) })
        #expect(try travelled(large) == large)
    }

    @Test func anOptionalAroundNilIsNotNil() throws {
        let none: Int?? = nil
        let someNone: Int?? = .some(nil)
        #expect(try travelled(none) == none)
        #expect(try travelled(someNone) == someNone)
        #expect(try travelled([none, someNone, 7]) == [none, someNone, 7])
        let deep: [Int???] = [nil, .some(nil), .some(.some(nil)), 1]
        #expect(try travelled(deep) == deep)
        for value in [none, someNone, .some(3)] {
            #expect(try travelled(Holder(value: value)) == Holder(value: value))
            #expect(try travelled(Holder(value: Optional(value))) == Holder(value: Optional(value)))
            #expect(try travelled(Transparent(value: value)) == Transparent(value: value))
            #expect(try travelled(Optional(Transparent(value: value))) == Transparent(value: value))
        }
    }

    @Test func aTypeMayWriteAnOptionalAndLookForNilItself() throws {
        #expect(try travelled(NilSeeker(number: nil)) == NilSeeker(number: nil))
        #expect(try travelled(NilSeeker(number: 4)) == NilSeeker(number: 4))
        #expect(try travelled([NilSeeker(number: nil)]) == [NilSeeker(number: nil)])
    }

    @Test func aSubclassComesBackWhicheverWayItCallsItsSuperclass() throws {
        let separate = try travelled(SeparateCat(name: "Tom", lives: 9))
        #expect(separate.name == "Tom" && separate.lives == 9)
        let shared = try travelled(SharedCat(name: "Tom", lives: 9))
        #expect(shared.name == "Tom" && shared.lives == 9)
        let named = try travelled(NamedSuperCat(name: "Tom", lives: 9))
        #expect(named.name == "Tom" && named.lives == 9 && named.copy?.name == "Tom")
    }

    @Test func recursiveTypesComeBackToTheDepthLimit() throws {
        let chain = Chain(length: 500)
        #expect(try travelled(chain).length == 500)
        #expect(throws: EncodingError.self) { try wireForm(of: Chain(length: maximumCodingDepth + 2)) }
    }

    @Test func aTypeThatWritesNothingComesBack() throws {
        _ = try travelled(Empty())
        #expect(try travelled([Empty(), Empty()]).count == 2)
        #expect(try decoded([Int].self, from: wireForm(of: Script { _ in })) == [])
    }

    @Test func keysAreFoundInAnyOrder() throws {
        var bytes: [UInt8] = [WireTag.keyed, 0]
        for (name, number) in [("c", 3), ("extra", 9), ("a", 1), ("b", 2)] as [(String, UInt8)] {
            bytes += [UInt8(name.utf8.count)] + Array(name.utf8) + [WireTag.int8, number]
        }
        bytes[1] = UInt8(bytes.count - 2)
        #expect(try decoded(Letters.self, from: bytes) == Letters(a: 1, b: 2, c: 3))
    }

    @Test func aLargeContainerReadInReverseIsFoundWhole() throws {
        let count = 3000
        let bytes = try wireForm(
            of: Script { encoder in
                var container = encoder.container(keyedBy: AnyKey.self)
                for number in 0..<count { try container.encode(number, forKey: AnyKey("key \(number)")) }
            })
        let sum = try decoded(ReverseSum.self, from: bytes)
        #expect(sum.sum == count * (count - 1) / 2)
    }

    @Test func integersMayBeReadAtAnotherWidthIfTheyFit() throws {
        #expect(try decoded(UInt8.self, from: wireForm(of: 200)) == 200)
        #expect(try decoded([Int].self, from: wireForm(of: [1, 2] as [UInt8])) == [1, 2])
        #expect(try decoded(Double.self, from: wireForm(of: 1.5 as Float)) == 1.5)
        #expect(throws: DecodingError.self) { try decoded(UInt8.self, from: wireForm(of: 256)) }
        #expect(throws: DecodingError.self) { try decoded(Int.self, from: wireForm(of: UInt64.max)) }
        #expect(throws: DecodingError.self) { try decoded(Int.self, from: wireForm(of: 1.0)) }
    }

    @Test func userInformationReachesTypesInBothDirections() throws {
        let key = try #require(CodingUserInfoKey(rawValue: "factor"))
        var buffer = ByteBuffer()
        try BinaryEncoder(userInfo: [key: 3]).encode(Scaled(number: 5), into: &buffer)
        #expect(try BinaryDecoder(userInfo: [key: 5]).decode(Scaled.self, from: buffer.readable).number == 3)
    }
}
