import Testing

@testable import ArgumentSyntax

/// The table of zstd's options, and the checks of values that have no effect.
@Suite struct OptionRuleTests {
    private func complaint(_ option: String, _ value: String) -> String? {
        OptionRule.named(option)?.complaint(value)
    }

    @Test func everyNameLeadsToItsRuleAndToNoOther() throws {
        for name in OptionRule.longNames {
            let rule = try #require(OptionRule.named(name))
            #expect(rule.names.contains(name))
            #expect(OptionRule.named(rule.names[0])?.names == rule.names)
        }
        #expect(Set(OptionRule.longNames).count == OptionRule.longNames.count)
        for name in ["", "-", "--", "--leve", "--LEVEL", "--level=3", "-x", "--list"] {
            #expect(OptionRule.named(name) == nil, "\(name)")
        }
    }

    @Test func allNamesOfAnOptionShareOneRule() {
        for (name, first) in [
            ("-M", "--memory"), ("--memlimit", "--memory"), ("--jobs", "--threads"), ("-j", "--threads"),
            ("--quiet", "-q"), ("--stdout", "-c"), ("--output", "-o"), ("--filelist", "--files-from"),
        ] {
            #expect(OptionRule.named(name)?.names.first == first)
        }
    }

    @Test func anOptionWithoutEffectIsAcceptedInAllModes() throws {
        for name in ["--adapt", "--asyncio", "--priority", "--size-hint", "-n"] {
            let rule = try #require(OptionRule.named(name))
            #expect(rule.modes.isEmpty && rule.isTakenElsewhere)
        }
        // An option that only poolmap has is not accepted in other modes.
        for name in ["--files-from", "--depfile", "--report", "--trace", "--offset", "--length"] {
            #expect(OptionRule.named(name)?.isTakenElsewhere == false)
        }
    }

    @Test(arguments: [
        ("--max-output", "1G", nil), ("--max-output", "", "must be a size such as 64K (got )"),
        ("--max-ratio", "-1", "must be a size such as 64K (got -1)"),
        ("--memory", "1.5M", "must be a size such as 64K (got 1.5M)"), ("--maxdict", "112640", nil),
        ("--format", "zstd", nil), ("--format", "ZSTD", "must be zstd (got ZSTD)"),
        ("--priority", "rt", nil), ("--priority", "", "must be rt (got )"),
        ("--auto-threads", "logical", nil), ("--auto-threads", "both", "must be physical or logical (got both)"),
        ("--adapt", "min=1,max=9", nil), ("--adapt", "max=-3", nil),
        ("--adapt", "", "must have the form min=1,max=9 (got )"),
        ("--adapt", "min=1,", "must have the form min=1,max=9 (got min=1,)"),
        ("--adapt", "min=1=2", "must have the form min=1,max=9 (got min=1=2)"),
        ("--adapt", "mid=1", "must have the form min=1,max=9 (got mid=1)"),
        ("--keep", "anything", nil),
    ])
    func anInvalidValueIsReported(option: String, value: String, expected: String?) {
        #expect(complaint(option, value) == expected)
    }

    @Test(
        arguments: [
            ("0", 0), ("007", 7), ("1kib", 1 << 10), ("2KB", 2 << 10), ("3k", 3 << 10), ("4mB", 4 << 20),
            ("5GiB", 5 << 30),
            ("6TiB", 6 << 40), ("18446744073709551615", .max), ("16777215T", 16_777_215 << 40),
            ("18446744073709551616", nil), ("16777216T", nil), ("18014398509481984K", nil), ("", nil), ("K", nil),
            ("-1", nil),
            ("+1", nil), ("1 K", nil), ("1Ki", nil), ("1P", nil), ("1KK", nil), ("0x10", nil), ("\u{661}", nil),
            ("1e3", nil),
        ] as [(String, UInt64?)])
    func aSizeIsDigitsAndAUnitAndFits(text: String, bytes: UInt64?) {
        #expect(ByteSize(argument: text)?.bytes == bytes)
    }

    @Test(arguments: [
        ("zstd", ProgramName.zstd, true), ("/usr/bin/zstdmt", .zstdmt, true), ("./unzstd.exe", .unzstd, false),
        ("zstdcat.1.5", .zstdcat, false), ("", .poolmap, true), ("/", .poolmap, true), ("zstd/", .poolmap, true),
        (".zstd", .poolmap, true), ("ZSTD", .poolmap, true), ("poolmap", .poolmap, true),
    ])
    func aProgramsNameIsTheLastPartUpToADot(argument: String, name: ProgramName, compresses: Bool) {
        #expect(ProgramName(argument: argument) == name)
        #expect(name.arguments.isEmpty == compresses)
        #expect(name.hasCommandWords == (name == .poolmap))
    }

    @Test func aTypingErrorIsCorrectedOnlyIfItIsClose() {
        let known = ["--force", "--fast", "--quiet", "--rm", "--no-check", "--check"]
        #expect(UnknownOption.nearest(to: "--rn", in: known) == "--rm")
        #expect(UnknownOption.nearest(to: "--xy", in: known) == nil)
        #expect(UnknownOption.nearest(to: "--chekc", in: known) == "--check")
        #expect(UnknownOption.nearest(to: "--", in: known) == nil)
        #expect(UnknownOption.nearest(to: "-force", in: known) == nil)
        #expect(UnknownOption.nearest(to: "--f", in: known) == nil)
        // Two options begin like this: the closer one counts, if it is close enough.
        #expect(UnknownOption.nearest(to: "--force", in: ["--forced", "--forceful"]) == "--forced")
        #expect(UnknownOption.nearest(to: "--forc", in: ["--forced", "--forceful"]) == nil)
        #expect(UnknownOption.nearest(to: "--anything", in: []) == nil)
    }
}
