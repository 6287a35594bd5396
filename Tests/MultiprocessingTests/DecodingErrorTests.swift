import Testing

@testable import Multiprocessing

/// Bytes that do not match the type, and the resulting errors.
@Suite struct DecodingErrorTests {
    private struct Outer: Codable {
        var list: [Inner]
    }

    private struct Inner: Codable {
        var number: Int
        var extra: Int?
    }

    private func error(from body: () throws -> Void) -> DecodingError? {
        do {
            try body()
            return nil
        } catch {
            return error as? DecodingError
        }
    }

    @Test func aMissingKeyIsNamedWithItsPath() throws {
        let bytes = try wireForm(of: ["list": [["number": 1], ["other": 2]]])
        guard case .keyNotFound(let key, let context) = error(from: { _ = try decoded(Outer.self, from: bytes) }) else {
            Issue.record("no keyNotFound")
            return
        }
        #expect(key.stringValue == "number")
        #expect(context.codingPath.map(\.stringValue) == ["list", "Index 1"])
        #expect(context.codingPath[1].intValue == 1)
    }

    @Test func nilForAValueIsNamedWithItsPath() throws {
        let bytes = try wireForm(of: ["list": [["number": Int?.none]]])
        guard case .valueNotFound(let type, let context) = error(from: { _ = try decoded(Outer.self, from: bytes) })
        else {
            Issue.record("no valueNotFound")
            return
        }
        #expect(ObjectIdentifier(type) == ObjectIdentifier(Int.self))
        #expect(context.codingPath.map(\.stringValue) == ["list", "Index 0", "number"])
    }

    @Test func anotherTypeIsNamedWithItsPath() throws {
        let bytes = try wireForm(of: ["list": [["number": "one"]]])
        guard case .typeMismatch(let type, let context) = error(from: { _ = try decoded(Outer.self, from: bytes) })
        else {
            Issue.record("no typeMismatch")
            return
        }
        #expect(ObjectIdentifier(type) == ObjectIdentifier(Int.self))
        #expect(context.codingPath.map(\.stringValue) == ["list", "Index 0", "number"])
        #expect(context.debugDescription == "expected Int, found a string")
    }

    @Test func unknownMembersAreSkipped() throws {
        let bytes = try wireForm(of: Sample.rich)
        struct Part: Decodable, Equatable {
            var id: Int
            var tag: UInt16
            var absent: String?
        }
        #expect(try decoded(Part.self, from: bytes) == Part(id: 7, tag: 65535))
    }

    @Test func aTypeMayTryOneKindOfValueAfterAnother() throws {
        indirect enum Guess: Decodable, Equatable {
            case number(Int)
            case text(String)
            case list([Guess])
            case members([String: Guess])

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Int.self) {
                    self = .number(number)
                } else if let text = try? container.decode(String.self) {
                    self = .text(text)
                } else if let list = try? container.decode([Guess].self) {
                    self = .list(list)
                } else {
                    self = .members(try container.decode([String: Guess].self))
                }
            }
        }
        let bytes = try wireForm(of: ["a": ["b": [1, 2]], "c": ["d": []]] as [String: [String: [Int]]])
        let expected = Guess.members([
            "a": .members(["b": .list([.number(1), .number(2)])]), "c": .members(["d": .list([])]),
        ])
        #expect(try decoded(Guess.self, from: bytes) == expected)
    }

    @Test func readingPastTheLastElementIsAnError() throws {
        try inspect(wireForm(of: [1, 2])) { decoder in
            var list = try decoder.unkeyedContainer()
            #expect(list.count == 2)
            _ = try list.decode(Int.self)
            #expect(throws: DecodingError.self) { try list.decode(String.self) }
            #expect(list.currentIndex == 1)
            #expect(try list.decode(Int8.self) == 2)
            #expect(list.isAtEnd)
            #expect(throws: DecodingError.self) { try list.decode(Int.self) }
            #expect(throws: DecodingError.self) { try list.decodeNil() }
            #expect(throws: DecodingError.self) { try list.nestedUnkeyedContainer() }
            let absent = try list.decodeIfPresent(Int.self)
            #expect(absent == nil)
        }
    }

    @Test func aMissingSuperclassPartIsAMissingKey() throws {
        let bytes = try wireForm(of: ["lives": 9])
        guard case .keyNotFound(let key, _) = error(from: { _ = try decoded(SeparateCat.self, from: bytes) }) else {
            Issue.record("no keyNotFound")
            return
        }
        #expect(key.stringValue == "super")
    }

    @Test func aDecoderThatOutlivesItsMessageFindsNothing() throws {
        let kept = Kept()
        defer { kept.forget() }
        try inspect(wireForm(of: ["a": [1, 2, 3]])) { decoder in
            kept.container = try decoder.container(keyedBy: AnyKey.self)
            kept.list = try kept.container?.nestedUnkeyedContainer(forKey: "a")
            kept.decoder = decoder
        }
        #expect(throws: DecodingError.self) { try kept.container?.decode([Int].self, forKey: "a") }
        #expect(throws: DecodingError.self) { try kept.list?.decode(Int.self) }
        #expect(throws: DecodingError.self) { try kept.decoder.map { try [String: [Int]](from: $0) } }
        #expect(kept.container?.allKeys.isEmpty == true)
    }

    private final class Kept: @unchecked Sendable {
        var container: KeyedDecodingContainer<AnyKey>?
        var list: (any UnkeyedDecodingContainer)?
        var decoder: (any Decoder)?

        /// The decoder's user information holds the test's closure, and so this object.
        func forget() {
            container = nil
            list = nil
            decoder = nil
        }
    }
}
