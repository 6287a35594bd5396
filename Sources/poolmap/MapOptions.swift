import ArgumentParser
import ArgumentSyntax
import Chunks
import Files
import Ground
import Operations

/// Where `map` cuts its inputs; one of these options is required.
struct CutOptions: ParsableArguments {
    @Flag(name: .long, help: "Cut after line ends.")
    var lines = false

    @Flag(name: [.customShort("0"), .customLong("null")], help: "Cut after NUL bytes.")
    var null = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Cut after these bytes; \\n, \\t, \\0 and \\xHH stand for bytes that cannot be typed.", valueName: "bytes"))
    var separator: EscapedBytes?

    @Flag(name: .long, help: "Cut after line ends that are not inside double quotes.")
    var csv = false

    @Option(
        name: .customLong("record-start"),
        help: ArgumentHelp("Cut before lines that match, such as '^>' for FASTA.", valueName: "regex"))
    var recordStart: RecordStart?

    @Option(
        name: .customLong("record-size"),
        help: ArgumentHelp("Cut between records of this many bytes.", valueName: "size")
    )
    var recordSize: ByteSize?

    @Option(
        name: .long,
        help: ArgumentHelp("Put n records into each chunk, whatever their size.", valueName: "n"))
    var records: Int?

    @Option(
        name: [.customLong("chunk-size"), .customLong("block")],
        help: ArgumentHelp(
            "Cut after this many bytes and the rest of the last record; without records, exactly there.",
            valueName: "size"))
    var chunkSize: ByteSize?

    @Option(
        name: .customLong("max-record"),
        help: ArgumentHelp("Extend a chunk by at most this much for its last record; default 64M.", valueName: "size"))
    var mostRecord: ByteSize?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Give the first n lines of an input to each of its chunks; expect as many in each output.", valueName: "n"))
    var header: Int?

    @Option(
        name: .customLong("output-header"),
        help: ArgumentHelp("Expect a header of n lines in each output, and keep it once.", valueName: "n"))
    var outputHeader: Int?

    func validate() throws {
        let given = [
            (lines, "--lines"), (null, "-0"), (separator != nil, "--separator"), (csv, "--csv"),
            (recordStart != nil, "--record-start"), (recordSize != nil, "--record-size"),
        ].filter(\.0)
        if given.count > 1 { throw ValidationError("\(given[0].1) cannot be combined with \(given[1].1)") }
        if given.isEmpty && chunkSize == nil {
            throw ValidationError(
                "missing cut option: --lines, -0, --separator, --csv, --record-start or --record-size; or --chunk-size "
                    + "alone, to cut anywhere")
        }
        for (size, option) in [
            (chunkSize, "--chunk-size"), (mostRecord, "--max-record"), (recordSize, "--record-size"),
        ] {
            guard let size, !CutOptions.sizes.contains(size.bytes) else { continue }
            throw ValidationError("\(option) must be between 1 and 1G (got \(size.bytes) bytes)")
        }
        for (count, option) in [(header, "--header"), (outputHeader, "--output-header")] {
            guard let count, !(0...1_000_000).contains(count) else { continue }
            throw ValidationError("\(option) must be between 0 and 1000000 (got \(count))")
        }
        if let records, !(1...1_000_000_000).contains(records) {
            throw ValidationError("--records must be between 1 and 1000000000 (got \(records))")
        }
        if given.isEmpty && records != nil {
            throw ValidationError("--records requires a record option, such as --lines")
        }
        if let recordSize, let records, recordSize.bytes * UInt64(records) > CutOptions.sizes.upperBound {
            throw ValidationError("--records times --record-size must be at most 1G")
        }
        if given.isEmpty && mostRecord != nil {
            throw ValidationError("--max-record requires a record option, such as --lines")
        }
    }

    private static let sizes: ClosedRange<UInt64> = 1...1 << 30

    var cut: ChunkCut {
        if let recordSize { return .recordBytes(Int(recordSize.bytes), count: records) }
        return kind.map { .records($0, count: records) } ?? .bytes
    }

    private var kind: RecordKind? {
        if lines { return .lines }
        if null { return .separator([0]) }
        if csv { return .csv }
        if let recordStart { return .start(recordStart.pattern) }
        return separator.map { .separator($0.bytes) }
    }

    /// Everything that decides where chunks end and which header lines are dropped; --resume compares it.
    var identity: [String] {
        [
            "\(lines) \(null) \(csv) \(separator?.bytes ?? []) \(recordStart?.text ?? "")",
            "\(recordSize?.bytes ?? 0) \(records ?? 0) \(mostRecord?.bytes ?? 0)",
            "\(header ?? 0) \(outputHeader ?? header ?? 0)",
        ]
    }

    /// The settings of the cut as `name=value`, in the words of the options; parts of one file must agree on them.
    var partSettings: [String] {
        let words = [
            (lines, "--lines"), (null, "-0"), (csv, "--csv"),
            (separator != nil, "--separator \(separator?.bytes ?? [])"),
            (recordStart != nil, "--record-start \((recordStart?.text ?? "").debugDescription)"),
            (recordSize != nil, "--record-size \(recordSize?.bytes ?? 0)"),
        ]
        return [
            "cut=\(words.first(where: \.0)?.1 ?? "--chunk-size")",
            "chunk-size=\(chunkSize?.bytes ?? UInt64(MapSettings.usualChunkBytes))", "records=\(records ?? 0)",
            "max-record=\(mostRecord?.bytes ?? UInt64(MapSettings.usualRecordBytes))", "header=\(header ?? 0)",
        ]
    }

    var settings: [(String, JSONText)] {
        let words = [
            (lines, "lines"), (null, "null"), (csv, "csv"), (separator != nil, "separator"),
            (recordStart != nil, "record-start"), (recordSize != nil, "record-size"),
        ]
        return [
            ("cut", .string(words.first(where: \.0)?.1 ?? "bytes")),
            ("chunkBytes", .number(chunkSize?.bytes ?? UInt64(MapSettings.usualChunkBytes))),
            ("records", .number(orNull: records.map { UInt64($0) })), ("header", .number(UInt64(header ?? 0))),
        ]
    }
}

/// An extended regular expression, as for `grep -E`.
struct RecordStart: ExpressibleByArgument {
    let text: String
    let pattern: LinePattern

    init?(argument: String) {
        guard let pattern = try? LinePattern(argument) else { return nil }
        (text, self.pattern) = (argument, pattern)
    }
}

/// How `map` deals with commands that fail.
struct FailureOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Run a failed command again on the same chunk, up to n times.", valueName: "n"))
    var retries = 0

    @Option(
        name: .customLong("success-codes"),
        help: ArgumentHelp("Accept these exit codes of the command as well as 0; grep needs 1.", valueName: "n,n"))
    var successCodes: ExitCodes?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "End a command that takes longer, and everything it started: 10, 1.5s, 5m.", valueName: "time"))
    var timeout: TimeSpan?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "When a chunk fails, end all commands (now), start no more (soon) or go on (never); or end all once n or n% of "
                + "the chunks have failed.",
            valueName: "now|soon|never|n|n%"))
    var halt: MapSettings.Halt?

    @Flag(
        name: .customLong("keep-going"),
        help: "Publish the output of the chunks that succeed, and by default do all chunks.")
    var keepsGoing = false

    func validate() throws {
        guard (0...1_000_000).contains(retries) else {
            throw ValidationError("--retries must be between 0 and 1000000 (got \(retries))")
        }
    }
}

/// Whether and how `map` compresses its output.
struct OutputCompressionOptions: ParsableArguments {
    @Flag(name: .customLong("compress"), help: "Compress the output, as compress does.")
    var isAsked = false

    @Option(
        name: .long, help: ArgumentHelp("Set the level of --compress; -1 to -19 for short.", valueName: "n"))
    var level: Int?

    @Flag(inversion: .prefixedNo, help: "Add checksums to what --compress writes.")
    var check = true

    func validate() throws {
        if let level {
            guard isAsked else { throw ValidationError("--level requires --compress") }
            guard (1...19).contains(level) else {
                throw ValidationError("level must be between 1 and 19 (got \(level))")
            }
        }
        if !check && !isAsked { throw ValidationError("--no-check requires --compress") }
    }

    /// nil if the output is not compressed.
    func options(_ environment: ZstdEnvironment) -> CompressionOptions? {
        guard isAsked else { return nil }
        return CompressionOptions(level: level ?? environment.level(isUltra: false) ?? 3, hasChecksums: check)
    }

    var settings: [(String, JSONText)] {
        [("compress", .bool(isAsked)), ("level", .number(orNull: level.map { UInt64($0) }))]
    }
}

/// Exit codes, separated by commas.
struct ExitCodes: ExpressibleByArgument {
    let codes: Set<Int32>

    init?(argument: String) {
        let words = argument.split(separator: ",", omittingEmptySubsequences: false)
        let codes = words.compactMap { UInt8($0) }
        guard codes.count == words.count else { return nil }
        self.codes = Set(codes.map { Int32($0) })
    }
}

extension MapSettings.Halt: ExpressibleByArgument {
    /// Parses a word, a count or a percentage; nil for anything else.
    public init?(argument: String) {
        switch argument {
        case "now": self = .now
        case "soon": self = .soon
        case "never": self = .never
        default:
            let isPercent = argument.hasSuffix("%")
            guard let number = UInt32(isPercent ? argument.dropLast() : argument[...]), number > 0 else { return nil }
            if isPercent && number > 100 { return nil }
            self = isPercent ? .afterPercent(Int(number)) : .afterCount(Int(number))
        }
    }
}

extension MapSettings.Join {
    /// The join that the argument of `--reduce` asks for.
    init(reducing line: String?) {
        switch line {
        case nil, "concat": self = .concatenation
        case "sum": self = .sum
        case let line?: self = .command(CommandTemplate(reducing: line))
        }
    }
}
