import ArgumentParser
import Testing

@testable import ArgumentSyntax

/// Which command is meant, and its arguments.
@Suite struct ArgumentsTests {
    private func read(_ line: String, calledAs name: String = "poolmap") throws -> Arguments {
        try Arguments(line.split(separator: " ").map(String.init), calledAs: ProgramName(argument: name))
    }

    @Test func theFirstWordMayBeACommand() throws {
        let list = try read("list big.zst")
        #expect(list.word == .list)
        #expect(list.operands == ["big.zst"])
        #expect(try read("big list").word == nil)
        #expect(try read("big list").operands == ["big", "list"])
    }

    @Test func aFirstOptionCanNameTheCommand() throws {
        #expect(try read("--hash big").word == .hash)
        #expect(try read("--cat --offset 5 big.zst").optionWords == ["--offset=5"])
        #expect(throws: ValidationError.self) { try read("big --hash") }
        #expect(try read("-- --hash").operands == ["--hash"])
    }

    @Test func aLinkWithAnotherNameHasNoCommandWords() throws {
        let arguments = try read("test", calledAs: "/usr/bin/unzstd")
        #expect(arguments.word == .decompress)
        #expect(arguments.operands == ["test"])
        #expect(try read("big.zst", calledAs: "zstdcat").optionWords == ["-c", "-f", "--pass-through", "-q"])
        #expect(ProgramName(argument: "bin/zstd.exe") == .zstd)
    }

    @Test func aMisspeltOptionIsGuessed() {
        #expect(UnknownOption.nearest(to: "--forse", in: ["--force", "--fast"]) == "--force")
        #expect(UnknownOption.nearest(to: "--qiuet", in: ["--quiet"]) == "--quiet")
        #expect(UnknownOption.nearest(to: "--decom", in: ["--decompress", "--depfile"]) == "--decompress")
        #expect(UnknownOption.nearest(to: "--unlike", in: ["--quiet", "--force"]) == nil)
    }

    @Test func sizesHaveUnitsOfPowersOf1024AndNoOverflow() {
        #expect(ByteSize(argument: "4096")?.bytes == 4096)
        #expect(ByteSize(argument: "8m")?.bytes == 8 << 20)
        #expect(ByteSize(argument: "1GiB")?.bytes == 1 << 30)
        #expect(ByteSize(argument: "17000000T") == nil)
        #expect(ByteSize(argument: "M") == nil)
        #expect(ByteSize(argument: "1 M") == nil)
    }
}
