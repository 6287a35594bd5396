import TestSupport
import Testing

@testable import Files
@testable import Ground

/// How a target's name follows from its input's, including names that are not text and unusual names.
@Suite struct TargetNamingTests {
    private static let added = TargetNaming.appending(".zst")
    private static let taken = TargetNaming.replacing([(".zst", ""), (".tzst", ".tar"), (".zstd", "")])

    @Test func bytesThatAreNotTextStayInTheName() {
        let name = FileName.text(of: [0x64, 0x2F, 0xFF, 0xC3, 0x80, 0xE9])
        let target = TargetNamingTests.added.target(of: name)
        #expect(target.map { FileName.bytes(of: $0) } == [0x64, 0x2F, 0xFF, 0xC3, 0x80, 0xE9] + Array(".zst".utf8))
        #expect(
            target.flatMap { TargetNamingTests.taken.target(of: $0) }.map { FileName.bytes(of: $0) }
                == FileName.bytes(of: name))
    }

    /// To Swift, a letter followed by an accent is one character, and so is a carriage return followed by a line feed.
    @Test func suffixesAreComparedAsBytes() {
        #expect(TargetNamingTests.taken.target(of: "a.zst\u{301}") == nil)
        #expect(TargetNamingTests.taken.target(of: "e\u{301}.zst")?.utf8.elementsEqual("e\u{301}".utf8) == true)
        let joined = TargetNaming.replacing([("\n", "")])
        #expect(joined.target(of: "a\r\n") == "a\r")
        #expect(joined.inputs(of: "a\r") == ["a\r\n"])
    }

    @Test(arguments: ["", "/", "d/", ".zst", "/.zst", "d/.zst", ".tzst", "a.ZST", "a.zst/", "zst", "a.zst.gz"])
    func aNameWithNothingBeforeTheSuffixHasNoTarget(name: String) {
        #expect(TargetNamingTests.taken.target(of: name) == nil)
    }

    @Test func theFirstMatchingSuffixCounts() {
        let naming = TargetNaming.replacing([(".b", "1"), (".a.b", "2")])
        #expect(naming.target(of: "x.a.b") == "x.a1")
        #expect(naming.inputs(of: "x2").isEmpty)
        // ".b" would leave nothing of this name, and the other suffix is longer.
        #expect(naming.target(of: ".a.b") == ".a1")
        #expect(TargetNaming.replacing([(".a.b", "2"), (".b", "1")]).target(of: ".a.b") == ".a1")
    }

    @Test func theInputsOfATargetAreThoseThatHaveIt() {
        var random = SeededGenerator(for: "theInputsOfATargetAreThoseThatHaveIt")
        let parts = ["a", ".zst", ".tzst", ".tar", ".zstd", "/", ".", "\u{10FFFF}", "\u{301}"]
        var count = 0
        for _ in 0..<2000 {
            let name = (0..<Int.random(in: 1...5, using: &random)).compactMap { _ in parts.randomElement(using: &random)
            }
            .joined()
            for naming in [TargetNamingTests.added, TargetNamingTests.taken] {
                for input in naming.inputs(of: name) {
                    #expect(naming.target(of: input)?.utf8.elementsEqual(name.utf8) == true, "\(input) of \(name)")
                }
                guard let target = naming.target(of: name) else { continue }
                count += 1
                #expect(naming.inputs(of: target).contains { $0.utf8.elementsEqual(name.utf8) }, "\(name) to \(target)")
            }
        }
        #expect(count > 1000)
    }
}
