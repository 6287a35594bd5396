import Testing

@testable import Multiprocessing

/// Writing to several containers in turn, twice under one key, and in incorrect ways.
@Suite struct EncodingOrderTests {
    @Test func valuesInterleavedInTwoNestedContainersKeepTheirOrder() throws {
        let bytes = try wireForm(
            of: Script { encoder in
                var outer = encoder.container(keyedBy: AnyKey.self)
                var odd = outer.nestedUnkeyedContainer(forKey: "odd")
                var even = outer.nestedUnkeyedContainer(forKey: "even")
                for number in 0..<20 {
                    if number % 2 == 0 { try even.encode(number) } else { try odd.encode(number) }
                    try outer.encode(number, forKey: AnyKey("plain \(number)"))
                }
            })
        try inspect(bytes) { decoder in
            let outer = try decoder.container(keyedBy: AnyKey.self)
            #expect(try outer.decode([Int].self, forKey: "odd") == Array(stride(from: 1, to: 20, by: 2)))
            #expect(try outer.decode([Int].self, forKey: "even") == Array(stride(from: 0, to: 20, by: 2)))
            for number in 0..<20 {
                #expect(try outer.decode(Int.self, forKey: AnyKey("plain \(number)")) == number)
            }
        }
    }

    @Test func elementsNestedInAnUnkeyedContainerKeepTheirPlaces() throws {
        let bytes = try wireForm(
            of: Script { encoder in
                var list = encoder.unkeyedContainer()
                try list.encode("first")
                var second = list.nestedUnkeyedContainer()
                try list.encode("third")
                var fourth = list.nestedContainer(keyedBy: AnyKey.self)
                let fifth = list.superEncoder()
                #expect(list.count == 5)
                try list.encodeNil()
                try [8, 9].encode(to: fifth)
                try fourth.encode(2, forKey: "two")
                try second.encode(1)
                var deep = second.nestedUnkeyedContainer()
                try second.encode(3)
                try deep.encode(2)
            })
        _ = try decoded(MixedList.self, from: bytes)
    }

    /// The coder expects a value to have the members of the previous one in the same order; here it does not.
    @Test func elementsWithOtherMembersThanTheOneBefore() throws {
        let long = String(repeating: "long", count: 5)
        let orders = [
            ["a", "b", long], ["a", "b", long], ["a", long, "b"], ["a", "b"], ["a", "b", long, "c"], ["b", "a"],
            ["a", "b", "a", "c"], ["a", "b", "c"], ["a", "b", "c", "b"], ["a", "b", "c"], [], ["a", "B", "c"],
            (0..<100).map { "name \($0)" }, (0..<100).map { "name \($0)" }, ["a\u{301}", "á"], ["á", "a\u{301}"],
        ]
        for nested in [false, true] {
            let bytes = try wireForm(
                of: orders.map { order in
                    Script { encoder in
                        var container = encoder.container(keyedBy: AnyKey.self)
                        for (place, name) in order.enumerated() {
                            if nested, place == 1 {
                                var list = container.nestedUnkeyedContainer(forKey: "list")
                                try list.encode(place)
                            }
                            try container.encode(place, forKey: AnyKey(name))
                        }
                    }
                })
            try inspect(bytes) { decoder in
                var list = try decoder.unkeyedContainer()
                for order in orders {
                    let container = try list.nestedContainer(keyedBy: AnyKey.self)
                    let hasList = nested && order.count > 1
                    #expect(container.allKeys.count == Set(order.map { Array($0.utf8) }).count + (hasList ? 1 : 0))
                    for name in order {
                        let last = order.lastIndex { Array($0.utf8) == Array(name.utf8) }
                        #expect(try container.decode(Int.self, forKey: AnyKey(name)) == last)
                    }
                    #expect(container.contains("list") == hasList)
                }
                #expect(list.isAtEnd)
            }
        }
    }

    @Test func bytesHandedOverAtOnceAreElementsLikeOthers() throws {
        func form(_ write: @escaping (inout any UnkeyedEncodingContainer) throws -> Void) throws -> [UInt8] {
            try wireForm(
                of: Script { encoder in
                    var list = encoder.unkeyedContainer()
                    try write(&list)
                })
        }
        let bytes: [UInt8] = [1, 2, 255]
        #expect(try form { try $0.encode(contentsOf: bytes) } == wireForm(of: bytes))
        #expect(try form { try $0.encode(contentsOf: bytes.lazy.map { $0 }) } == wireForm(of: bytes))
        let twice = try form {
            try $0.encode(contentsOf: bytes[..<1])
            try $0.encode(contentsOf: bytes[1...])
            #expect($0.count == 3)
        }
        #expect(try twice == wireForm(of: bytes))
        #expect(try form { try $0.encode(contentsOf: [] as [UInt8]) } == wireForm(of: [] as [String]))
        func mixed(_ next: @escaping (inout any UnkeyedEncodingContainer) throws -> Void) throws -> [UInt8] {
            try form {
                try $0.encode(contentsOf: bytes)
                try next(&$0)
            }
        }
        let tagged: [UInt8] = [0x20, 1, 0x20, 2, 0x20, 255]
        #expect(try mixed { try $0.encode(true) } == [0x05, 8] + tagged + [0x40, 1])
        #expect(try mixed { try $0.encodeNil() } == [0x05, 7] + tagged + [0x00])
        #expect(try mixed { try $0.encode([true]) } == [0x05, 10] + tagged + [0x05, 2, 0x40, 1])
        #expect(try mixed { _ = $0.nestedUnkeyedContainer() } == [0x05, 8] + tagged + [0x05, 0])
        #expect(
            try mixed {
                try $0.encode(7 as Int8)
                try $0.encode(contentsOf: bytes[..<1])
            } == [0x05, 10] + tagged + [0x10, 7, 0x20, 1])
    }

    @Test func aValueWrittenTwiceUnderOneKeyIsTheLastOne() throws {
        for padding in [0, 40] {
            let bytes = try wireForm(
                of: Script { encoder in
                    var container = encoder.container(keyedBy: AnyKey.self)
                    for number in 0..<padding { try container.encode(number, forKey: AnyKey("padding \(number)")) }
                    try container.encode("first", forKey: "a")
                    var list = container.nestedUnkeyedContainer(forKey: "list")
                    var doomed = container.nestedUnkeyedContainer(forKey: "b")
                    var later = container.nestedUnkeyedContainer(forKey: "later")
                    try container.encode([Shape.point], forKey: "a")
                    try container.encode(2, forKey: "b")
                    try doomed.encode("lost")
                    try later.encode(5)
                    try container.encode(1, forKey: "a")
                    try list.encode(1)
                    var again = container.nestedUnkeyedContainer(forKey: "list")
                    try again.encode(2)
                })
            try inspect(bytes) { decoder in
                let container = try decoder.container(keyedBy: AnyKey.self)
                #expect(container.allKeys.count == 4 + padding)
                #expect(try container.decode(Int.self, forKey: "a") == 1)
                #expect(try container.decode(Int.self, forKey: "b") == 2)
                #expect(try container.decode([Int].self, forKey: "list") == [1, 2])
                #expect(try container.decode([Int].self, forKey: "later") == [5])
            }
        }
    }

    @Test func misuseIsAnErrorAndLeavesTheBufferAsItWas() throws {
        let misuses: [(any Encoder) throws -> Void] = [
            { encoder in
                _ = encoder.container(keyedBy: AnyKey.self)
                _ = encoder.unkeyedContainer()
            },
            { encoder in
                var container = encoder.singleValueContainer()
                try container.encode(1)
                try container.encode(2)
            },
            { encoder in
                var list = encoder.unkeyedContainer()
                for _ in 0..<1000 { list = list.nestedUnkeyedContainer() }
            },
            { encoder in
                var container = encoder.container(keyedBy: AnyKey.self)
                var list = container.nestedUnkeyedContainer(forKey: "list")
                try list.encode(1)
                throw CancellationError()
            },
        ]
        for misuse in misuses {
            var buffer = ByteBuffer()
            buffer.append(7 as UInt8)
            var thrown: (any Error)?
            do { try BinaryEncoder().encode([Script(run: misuse)], into: &buffer) } catch { thrown = error }
            #expect(thrown is EncodingError || thrown is CancellationError)
            #expect([UInt8](buffer.readable) == [7])
        }
    }

    @Test func codingPathsLeadToTheValueBeingEncoded() throws {
        var seen: [String] = []
        let script = Script { encoder in
            seen = encoder.codingPath.map(\.stringValue)
            var list = encoder.unkeyedContainer()
            var nested = list.nestedContainer(keyedBy: AnyKey.self)
            #expect(nested.codingPath.map(\.stringValue) == seen + ["Index 0"])
            let base = nested.superEncoder()
            #expect(base.codingPath.map(\.stringValue) == seen + ["Index 0", "super"])
        }
        _ = try wireForm(of: ["a": ["b": [script]]])
        #expect(seen == ["a", "b", "Index 0"])
    }

    @Test func nothingIsLeftOfAMessageOnceItIsEncodedOrHasFailed() throws {
        final class Witness: Encodable {
            let fails: Bool
            init(fails: Bool) { self.fails = fails }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: AnyKey.self)
                var list = container.nestedUnkeyedContainer(forKey: "list")
                _ = list.superEncoder()
                if fails { throw CancellationError() }
            }
        }
        for fails in [false, true] {
            weak var session: EncodingSession?
            do {
                let fresh = EncodingSession()
                session = fresh
                var buffer = ByteBuffer()
                try? fresh.encode([[Witness(fails: fails)]], into: &buffer)
                #expect(fresh.isReusable)
                fresh.close()
            }
            #expect(session == nil)
        }
    }

    @Test func anEncoderThatIsKeptCannotReachALaterMessage() throws {
        let coder = MessageCoder<Keeper>.encodable()
        let keeper = Keeper()
        var buffer = ByteBuffer()
        try coder.encode(keeper, into: &buffer)
        let first = buffer.count
        try coder.encode(keeper, into: &buffer)
        let count = buffer.count
        #expect(count == 2 * first)
        #expect(keeper.containers.count == 2)
        try keeper.containers[0].encode(String(repeating: "late", count: 100))
        try coder.encode(keeper, into: &buffer)
        let later = buffer.count
        #expect(later == 3 * first)
    }
}

/// Keeps its containers, which is not allowed.
private final class Keeper: Encodable {
    var containers: [any UnkeyedEncodingContainer] = []

    func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try list.encode(1)
        containers.append(list)
    }
}

/// Reads what the test of element positions wrote.
private struct MixedList: Decodable {
    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        #expect(list.count == 6)
        #expect(try list.decode(String.self) == "first")
        var second = try list.nestedUnkeyedContainer()
        #expect(try second.decode(Int.self) == 1)
        #expect(try second.decode([Int].self) == [2])
        #expect(try second.decode(Int.self) == 3)
        #expect(try !list.decodeNil())
        #expect(try list.decode(String.self) == "third")
        #expect(try list.nestedContainer(keyedBy: AnyKey.self).decode(Int.self, forKey: "two") == 2)
        #expect(try [Int](from: list.superDecoder()) == [8, 9])
        #expect(try list.decodeNil())
        #expect(list.isAtEnd && list.currentIndex == 6)
    }
}
