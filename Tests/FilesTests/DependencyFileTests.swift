import Glibc
import TestSupport
import Testing

@testable import Files
@testable import Ground

/// Make rules as text; the cases of `targets` check them with make itself.
@Suite struct DependencyFileTests {
    private func text(_ body: (inout DependencyFile) throws -> Void, common: [String] = []) throws -> String {
        var file = DependencyFile(common: common)
        try body(&file)
        var text = ""
        try withTemporaryFolder { folder in
            try file.write(to: folder + "/rules")
            let stream = try #require(fopen(folder + "/rules", "r"))
            defer { fclose(stream) }
            let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { $1 = fread($0.baseAddress, 1, 1 << 16, stream) }
            text = FileName.text(of: bytes)
        }
        return text
    }

    @Test func eachInputHasAnEmptyRuleAndACommonInputOnlyOne() throws {
        let text = try text(
            { file in
                try file.add(target: "a.zst", inputs: ["a"])
                try file.add(target: "b.zst", inputs: ["b"])
            }, common: ["dict"])
        #expect(
            text == """
                a.zst : \\
                  a \\
                  dict
                b.zst : \\
                  b \\
                  dict
                a :
                dict :
                b :

                """)
    }

    @Test(arguments: [
        ("a b", #"a\ b"#, #"a\ b"#), ("a#b", "a\\#b", "a\\#b"), ("a:b", #"a\:b"#, #"a\:b"#),
        ("a$b", "a$$b", "a$$b"), ("a=b", "a$(if ,,=)b", "a$(if ,,=)b"),
        ("a*?[", #"a\*\?\["#, #"a\*\?\["#),
        // % is a pattern only in a target, and | marks order-only prerequisites only among prerequisites.
        ("a%b", #"a\%b"#, "a%b"), ("a|b", "a|b", #"a\|b"#),
        // Backslashes matter only before an escaped character.
        (#"a\b"#, #"a\b"#, #"a\b"#), (#"a\ b"#, #"a\\\ b"#, #"a\\\ b"#), ("a\\\\#", "a\\\\\\\\\\#", "a\\\\\\\\\\#"),
        ("caf\u{E9}", "caf\u{E9}", "caf\u{E9}"),
    ])
    func aNameIsSpelledAsMakeReadsIt(name: String, target: String, prerequisite: String) throws {
        let text = try text { try $0.add(target: name, inputs: [name]) }
        #expect(text == "\(target) : \\\n  \(prerequisite)\n\(target) :\n")
    }

    @Test func bytesThatAreNotTextAreKept() throws {
        let name = FileName.text(of: [0xFF, 0x20, 0x80])
        let text = try text { try $0.add(target: "t", inputs: [name]) }
        #expect(
            FileName.bytes(of: text) == Array("t : \\\n  ".utf8) + [
                0xFF, 0x5C, 0x20, 0x80, 0x0A, 0xFF, 0x5C, 0x20, 0x80,
            ] + Array(" :\n".utf8))
    }

    @Test(arguments: ["a\nb", "a\rb", "a\tb", "a;b", "a ", "a\\", "lib(a)", "()", "\u{301}\n"])
    func aNameThatMakeCannotReadIsAnErrorAndAddsNoRule(name: String) throws {
        let text = try text { file in
            #expect(throws: PoolmapError.self) { try file.add(target: "t", inputs: [name]) }
            #expect(throws: PoolmapError.self) { try file.add(target: name, inputs: ["i"]) }
            try file.add(target: "t", inputs: ["(a)b", ")"])
        }
        #expect(text == "t : \\\n  (a)b \\\n  )\n(a)b :\n) :\n")
    }
}
