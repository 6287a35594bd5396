import ArgumentParser
import Testing

@testable import ArgumentSyntax

/// zstd's command-line syntax, rewritten for the parser.
@Suite struct ZstdSyntaxTests {
    /// The subcommand, and the words after it.
    private func read(_ line: String, _ word: CommandWord? = nil) throws -> (word: CommandWord?, words: [String]) {
        let arguments = line.split(separator: " ").map(String.init)
        let syntax = try ZstdSyntax(arguments, word)
        return (syntax.word, syntax.options.flatMap(\.words) + syntax.operands)
    }

    private func complaint(_ line: String, _ word: CommandWord? = nil) -> String? {
        do {
            _ = try read(line, word)
            return nil
        } catch {
            return (error as? ValidationError)?.message ?? "\(error)"
        }
    }

    @Test func combinedShortOptionsAreSplit() throws {
        let (word, words) = try read("-dcfT2 big.zst")
        #expect(word == .decompress)
        #expect(words == ["-c", "-f", "--threads=2", "big.zst"])
    }

    @Test func numbersAreLevelsAndEndWhereTheirDigitsDo() throws {
        #expect(try read("-19k big").words == ["--level=19", "-k", "big"])
        #expect(try read("-3 -7 big").words == ["--level=7", "big"])
        #expect(try read("--fast=4 -5 big").words == ["--level=5", "big"])
    }

    @Test func zeroIsALevelOrWithAListTheNullOption() throws {
        #expect(try read("-0 big").words == ["--level=0", "big"])
        #expect(try read("-0 --files-from list").words == ["--null", "--files-from=list"])
    }

    @Test func withoutASubcommandTheLastModeCounts() throws {
        #expect(try read("-d -t big.zst").word == .test)
        #expect(try read("-dz big").word == .compress)
        #expect(try read("big").word == nil)
    }

    @Test func aNamedSubcommandKeepsItsMode() throws {
        #expect(try read("--decompress big.zst", .decompress).word == .decompress)
        // Left to the parser, which reports an unknown option.
        #expect(try read("-t big", .compress).words == ["-t", "big"])
    }

    @Test func aNameMayFollowTheLettersOrBeAmongThem() throws {
        #expect(try read("-of out big").words == ["-o", "out", "-f", "big"])
        #expect(try read("-o=out big").words == ["-o", "out", "big"])
        #expect(complaint("-o -f") == "-o requires a value, and -f is an option")
        #expect(complaint("-o") == "-o requires a value")
    }

    @Test func sizesOfLettersKeepTheirUnits() throws {
        #expect(try read("-B1MiB big").words == ["--block-size=1MiB", "big"])
        #expect(try read("-dM64Mi big.zst").words == ["--memory=64MiB", "big.zst"])
        #expect(try read("-B big").words == ["--block-size=0", "big"])
    }

    @Test func afterTwoHyphensThereAreOnlyNames() throws {
        #expect(try read("-k -- -d --rm").words == ["-k", "-d", "--rm"])
        #expect(try read("-k -- -d").word == nil)
    }

    @Test func theLastOfSeveralAlternativesCounts() throws {
        #expect(try read("-c -o out big").words == ["-o", "out", "big"])
        #expect(try read("-o out -c big").words == ["-c", "big"])
        #expect(try read("--rm -k big").words == ["-k", "big"])
        #expect(try read("-k --rm big").words == ["--rm", "big"])
    }

    @Test func outputToAPipeRemovesNoInput() throws {
        #expect(try read("--rm -c big").words == ["-c", "big"])
        #expect(try read("--rm -o - big").words == ["-o", "-", "big"])
        #expect(try read("--rm -o out big").words == ["--rm", "-o", "out", "big"])
    }

    @Test func eachVerboseCancelsOneQuiet() throws {
        #expect(try read("-qqv big").words == ["-q", "big"])
        #expect(try read("-vv -q big").words == ["-v", "big"])
        #expect(try read("-q -v big").words == ["big"])
    }

    @Test func anOptionOfAnotherModeIsDroppedIfItsValueIsValid() throws {
        #expect(try read("-d --max-output=1G big.zst").words == ["--max-output=1G", "big.zst"])
        #expect(try read("--max-output=1G big").words == ["big"])
        #expect(complaint("--max-output=much big") == "--max-output must be a size such as 64K (got much)")
        #expect(complaint("--adapt=min=a big") == "--adapt must have the form min=1,max=9 (got min=a)")
        #expect(complaint("--format=gzip big") == "--format must be zstd (got gzip)")
    }

    @Test func droppedCompressionOptionsAreLeftForTheirParser() throws {
        let syntax = try ZstdSyntax(["-d", "-19", "--chunk-size=1M", "--rm", "big.zst"], nil)
        #expect(syntax.options.flatMap(\.words) == ["--rm"])
        // Levels 20 to 22 are valid values, so --ultra is added for the check.
        #expect(syntax.unusedWords == ["--ultra", "--level=19", "--chunk-size=1M"])
        #expect(try ZstdSyntax(["-19", "big"], nil).unusedWords.isEmpty)
    }

    @Test func valuesAreRequiredAndMayNotBeEmpty() {
        #expect(complaint("--level= big") == "the value of --level is empty")
        #expect(complaint("--unknown= big") == "the value of --unknown is empty")
        #expect(complaint("--keep=yes big") == "--keep takes no value")
        #expect(complaint("--zstd wlog=20 big") == "--zstd requires a value: --zstd=…")
        #expect(complaint("--files-from") == "--files-from requires a value")
    }

    @Test func optionsLeftToZstdAreNamed() {
        #expect(complaint("--train big") == "--train is not supported; use zstd --train to make dictionaries")
        #expect(complaint("-kb big") == "-b in -kb is not supported; use zstd -b for benchmarks")
    }

    @Test func anOptionWithASingleValidValueAcceptsOnlyThat() throws {
        #expect(try read("--long big").words == ["--long=27", "big"])
        #expect(try read("--long=24 big").words == ["--long=24", "big"])
        #expect(try read("--single-thread big").words == ["--threads=1", "big"])
    }
}
