import Testing

@testable import Ground

@Suite struct JSONReaderTests {
    private func read(_ text: String) throws(PoolmapError) -> JSONText {
        var reader = JSONReader(Array(text.utf8))
        let value = try reader.value()
        try reader.requireEnd()
        return value
    }

    @Test(
        arguments: [
            "null", "true", "false", "0", "18446744073709551615", "18446744073709551616", "-1", "-0.5", "1.25e-7",
            "1E+3",
            #""""#, #""a\u0000\u001b\"\\""#, #""no\udcff\udc80""#, "[]", "[1, [2, []], {}]",
            #"{"a": {"b": [null, "c"]}, "a": 2}"#,
        ])
    func whatJSONTextWritesIsReadAsItWas(text: String) throws {
        #expect(try read(text).text == text)
    }

    @Test func escapesAndWhiteSpaceMeanWhatTheyDoElsewhere() throws {
        #expect(try read(" \n\t\r[ 1 ,\n2 ] ").text == "[1, 2]")
        #expect(try read(#""\/\b\f\n\r\t\u00e9\ud83d\ude00""#).text == JSONText.string("/\u{8}\u{C}\n\r\té😀").text)
    }

    @Test(
        arguments: [
            (#""\ud83d""#, "\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"), (#""\ud83d\n""#, "\u{FFFD}\n"),
            (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\udc00""#, "\u{FFFD}"), (#""\ud83d\udcff""#, "\u{1F4FF}"),
        ])
    func halvesOfCharactersBecomeReplacements(text: String, value: String) throws {
        guard case .string(let read) = try read(text) else { throw PoolmapError.damaged("is no string") }
        #expect(read == value)
    }

    @Test(
        arguments: [
            "", " ", "tru", "nul", "01", "1.", ".5", "-", "1e", "+1", "\"", "\"a", #""\q""#, #""\u12g4""#, "\"\n\"",
            "[", "[1",
            "[1,", "[1,]", "[1 2]", "{", "{1}", #"{"a"}"#, #"{"a" 1}"#, #"{"a":1,}"#, "1 2", "\u{1}", "[1}",
        ])
    func whatIsNotJSONIsAnError(text: String) {
        #expect(throws: PoolmapError.self) { try read(text) }
    }

    @Test func whatWouldTakeAllStackOrMemoryIsAnError() {
        #expect(throws: PoolmapError.self) { try read(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: PoolmapError.self) { try read("\"" + String(repeating: "x", count: 2_000_000) + "\"") }
        #expect(throws: PoolmapError.self) { try read(String(repeating: "1", count: 5000)) }
        #expect(throws: Never.self) { try read(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) }
    }

    @Test func bytesMayComeInPiecesOfAnySize() throws {
        let text = #"{"name": "no\udcff\ud83d\ude00é", "numbers": [1, -2.5, 300], "rest": [true, false, null]}"#
        for size in 1...7 {
            var rest = Array(text.utf8)[...]
            var reader = JSONReader { space in
                let part = rest.prefix(size)
                space.copyBytes(from: part)
                rest = rest.dropFirst(part.count)
                return part.count
            }
            #expect(
                try reader.value().text
                    == #"{"name": "no\udcff😀é", "numbers": [1, -2.5, 300], "rest": [true, false, null]}"#)
        }
    }
}
