import TestSupport
import Testing

@testable import Files
@testable import Ground

/// What an input's name says of its target's, also where it is no text, or no name that anyone would give.
@Suite struct TargetNamingTests {
    private static let added = TargetNaming.appending(".zst")
    private static let taken = TargetNaming.replacing([(".zst", ""), (".tzst", ".tar"), (".zstd", "")])

    @Test func bytesThatAreNoTextStayInTheName() {
        let name = FileName.text(of: [0x64, 0x2F, 0xFF, 0xC3, 0x80, 0xE9])
        let target = TargetNamingTests.added.target(of: name)
        #expect(target.map { FileName.bytes(of: $0) } == [0x64, 0x2F, 0xFF, 0xC3, 0x80, 0xE9] + Array(".zst".utf8))
        #expect(
            target.flatMap { TargetNamingTests.taken.target(of: $0) }.map { FileName.bytes(of: $0) }
                == FileName.bytes(of: name))
    }

    /// To Swift an accent behind a letter, or a line feed behind a carriage return, is one character with it.
    @Test func suffixesAreBytesAndNoCharacters() {
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

    @Test func theFirstSuffixThatFitsHolds() {
        let naming = TargetNaming.replacing([(".b", "1"), (".a.b", "2")])
        #expect(naming.target(of: "x.a.b") == "x.a1")
        #expect(naming.inputs(of: "x2").isEmpty)
        // ".b" leaves nothing of this one, and the other suffix is longer.
        #expect(naming.target(of: ".a.b") == ".a1")
        #expect(TargetNaming.replacing([(".a.b", "2"), (".b", "1")]).target(of: ".a.b") == ".a1")
    }

    @Test func whoseTargetANameIsFollowsFromTheTargets() {
        var random = SeededGenerator(for: "whoseTargetANameIsFollowsFromTheTargets")
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
