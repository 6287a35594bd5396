import ArgumentParser
import Testing

@testable import ArgumentSyntax

/// The arguments that users of b3sum and sha256sum type, rewritten for the parser.
@Suite struct HashSyntaxTests {
    private func words(_ line: String) throws -> [String] {
        let syntax = try HashSyntax(line.split(separator: " ").map(String.init)[...])
        return syntax.options.flatMap(\.words) + syntax.operands
    }

    @Test func combinedShortOptionsAreSplit() throws {
        #expect(try words("-cw list") == ["-c", "-w", "list"])
        #expect(try words("-asha256 -l64 big") == ["-a", "sha256", "-l", "64", "big"])
        #expect(try words("-za md5 big") == ["-z", "-a", "md5", "big"])
        #expect(try words("-T4 big") == ["--threads=4", "big"])
    }

    @Test func aValueIsNotTakenAsAName() throws {
        #expect(try words("--algorithm sha256 big") == ["--algorithm=sha256", "big"])
        #expect(throws: ValidationError.self) { try words("--output --tag") }
    }

    @Test func theLastOptionDecidesHowMuchACheckPrints() throws {
        #expect(try words("-c --status -w list") == ["-c", "-w", "list"])
        #expect(try words("-c -w --quiet list") == ["-c", "--quiet", "list"])
        // Without --check, each option has its general meaning.
        #expect(try words("-q -q big") == ["-q", "-q", "big"])
    }

    @Test func onlyAKeyContextAndASaltMayBeEmpty() throws {
        #expect(try words("--derive-key= big") == ["--derive-key", "", "big"])
        #expect(throws: ValidationError.self) { try words("--output= big") }
    }
}
