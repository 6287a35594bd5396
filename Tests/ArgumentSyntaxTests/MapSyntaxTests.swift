import ArgumentParser
import Testing

@testable import ArgumentSyntax

/// The arguments of `poolmap map`, rewritten for the parser, and the command separate from them.
@Suite struct MapSyntaxTests {
    private func syntax(_ line: String) throws -> MapSyntax {
        try MapSyntax(line.split(separator: " ").map(String.init)[...])
    }

    private func words(_ line: String) throws -> [String] {
        let syntax = try syntax(line)
        return syntax.options.flatMap(\.words) + syntax.operands
    }

    @Test func optionsMayStandAnywhereBeforeTheCommand() throws {
        #expect(try words("big --lines -j2 small -- cat -n") == ["--lines", "-j", "2", "big", "small"])
        #expect(try words("-0fr -o out big") == ["-0", "-f", "-r", "-o", "out", "big"])
        #expect(try words("- --lines") == ["--lines", "-"])
    }

    @Test func theCommandIsLeftUnchanged() throws {
        #expect(try syntax("--lines big -- sort -k2 -o - -- x").command == ["sort", "-k2", "-o", "-", "--", "x"])
        #expect(try syntax("--lines big --").command.isEmpty)
        #expect(try syntax("--lines big cat").command.isEmpty)
    }

    @Test func aReductionMayFollowTheCommand() throws {
        let behind = try MapSyntax(["--lines", "big", "--", "sort", "-n", "--reduce", "sort -n -m {}"])
        #expect(behind.command == ["sort", "-n"])
        #expect(behind.options.flatMap(\.words) == ["--lines", "--reduce=sort -n -m {}"])
        // Not if it belongs to the command.
        #expect(try syntax("--lines big -- tool --reduce sum").command == ["tool", "--reduce", "sum"])
        #expect(try syntax("--lines big -- --reduce {}").command == ["--reduce", "{}"])
        let own = try syntax("--lines --reduce concat big -- tool --reduce {}")
        #expect(own.command == ["tool", "--reduce", "{}"])
    }

    @Test func aValueIsNotTakenAsAName() throws {
        #expect(try words("--chunk-size 8M --header 1 big") == ["--chunk-size=8M", "--header=1", "big"])
        #expect(try words("--halt now --retries 3") == ["--halt=now", "--retries=3"])
        #expect(throws: ValidationError.self) { try words("--timeout --lines") }
        #expect(throws: ValidationError.self) { try words("--halt=") }
    }

    @Test func aValueAfterAnEqualsSignMayBeginWithAHyphen() throws {
        #expect(try words("--separator=-- big") == ["--separator=--", "big"])
    }

    @Test(
        arguments: [
            ("a", [0x61]), ("\\n", [10]), ("\\t\\r\\0", [9, 13, 0]), ("\\\\n", [0x5c, 0x6e]),
            ("a\\x00b", [0x61, 0, 0x62]),
            ("\\xfF", [255]), ("ä", [0xc3, 0xa4]), ("\\x41\\x4a", [0x41, 0x4a]),
        ] as [(String, [UInt8])])
    func escapedBytesAreRead(text: String, bytes: [UInt8]) {
        #expect(EscapedBytes(argument: text)?.bytes == bytes)
    }

    @Test(arguments: ["", "\\", "\\q", "\\x", "\\x4", "\\xg0", "\\x-1", "\\x+1", "a\\"])
    func otherEscapesAreInvalid(text: String) {
        #expect(EscapedBytes(argument: text) == nil)
    }

    @Test(
        arguments: [
            ("1", 1_000_000_000), ("1.5s", 1_500_000_000), ("2m", 120_000_000_000), ("0.001", 1_000_000),
            ("1h", 3_600_000_000_000), ("1d", 86_400_000_000_000), (".5", 500_000_000), ("10.", 10_000_000_000),
        ] as [(String, UInt64)])
    func spansOfTimeAreRead(text: String, nanoseconds: UInt64) {
        #expect(TimeSpan(argument: text)?.nanoseconds == nanoseconds)
    }

    @Test(arguments: [
        "", "0", "0s", "s", "-1", "+1", "1x", "1e3", "1.2.3", "1 s", "1S", "inf", "nan", "99999999999d", ".",
    ])
    func otherSpansAreInvalid(text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }
}
