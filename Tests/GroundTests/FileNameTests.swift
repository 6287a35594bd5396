import Testing

@testable import Ground

@Suite struct FileNameTests {
    @Test(
        arguments: [
            ("plain name", "plain name"),
            ("caf\u{E9} \u{65E5}\u{672C} \u{1F600}", "caf\u{E9} \u{65E5}\u{672C} \u{1F600}"),
            ("a\nb\rc\td", #"a\nb\rc\td"#), ("\u{1B}[0m\u{7}\u{7F}", #"\x1B[0m\x07\x7F"#), ("\u{9B}", #"\xC2\x9B"#),
            ("\u{202E}\u{2066}\u{61C}", #"\xE2\x80\xAE\xE2\x81\xA6\xD8\x9C"#),
            ("\u{2028}\u{200B}\u{FEFF}", #"\xE2\x80\xA8\xE2\x80\x8B\xEF\xBB\xBF"#), ("\u{E0041}", #"\xF3\xA0\x81\x81"#),
        ])
    func controlCharactersAreEscaped(name: String, shown: String) {
        #expect(FileName.printable(name) == shown)
    }

    @Test func bytesThatAreNotTextAreEscapedAndLinesKeepTheirEnds() {
        #expect(FileName.printable(FileName.text(of: [0x61, 0xFF, 0x9B])) == #"a\xFF\x9B"#)
        let lines: [UInt8] = Array("a\u{7}\n".utf8) + [0x9B, 0] + Array("b".utf8)
        #expect(FileName.printableLines(lines) == Array("a\\x07\n\\x9B\0b".utf8))
        #expect(FileName.printableLines([]) == [])
    }

    @Test func JSONEscapesTheSameCharactersWithoutLoss() {
        let text = JSONText.string("\u{1B}\u{9B}\u{202E}\u{E0041}\u{E9}\"").text
        #expect(text == #""\u001b\u009b\u202e\udb40\udc41é\"""#)
    }
}
