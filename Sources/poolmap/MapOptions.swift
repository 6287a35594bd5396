import ArgumentParser
import ArgumentSyntax
import Chunks
import Files
import Ground
import Operations

/// Where `map` cuts its inputs: one of these is always said.
struct CutOptions: ParsableArguments {
    @Flag(name: .long, help: "Cut at the ends of lines.")
    var lines = false

    @Flag(name: [.customShort("0"), .customLong("null")], help: "Cut behind NUL bytes.")
    var null = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Cut behind these bytes, with \\n, \\t, \\0, \\xHH for those that cannot be typed.", valueName: "bytes"))
    var separator: EscapedBytes?

    @Flag(name: .long, help: "Cut at the ends of lines that are not within double quotes.")
    var csv = false

    @Option(
        name: .customLong("record-start"),
        help: ArgumentHelp("Cut in front of lines that match, as '^>' of FASTA.", valueName: "regex"))
    var recordStart: RecordStart?

    @Option(
        name: .customLong("record-size"), help: ArgumentHelp("Cut between records of so many bytes.", valueName: "size")
    )
    var recordSize: ByteSize?

    @Option(
        name: .long,
        help: ArgumentHelp("Give each chunk so many records, whatever their size.", valueName: "n"))
    var records: Int?

    @Option(
        name: [.customLong("chunk-size"), .customLong("block")],
        help: ArgumentHelp(
            "The bytes of each chunk, up to the end of its last record; alone, cut there.", valueName: "size"))
    var chunkSize: ByteSize?

    @Option(
        name: .customLong("max-record"),
        help: ArgumentHelp("How much longer a chunk may become for its last record (64M).", valueName: "size"))
    var mostRecord: ByteSize?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Give the first lines of an input to each of its chunks; the outputs have as many.", valueName: "n"))
    var header: Int?

    @Option(
        name: .customLong("output-header"),
        help: ArgumentHelp("How many lines of each output are its header, which is kept once.", valueName: "n"))
    var outputHeader: Int?

    func validate() throws {
        let given = [
            (lines, "--lines"), (null, "-0"), (separator != nil, "--separator"), (csv, "--csv"),
            (recordStart != nil, "--record-start"), (recordSize != nil, "--record-size"),
        ].filter(\.0)
        if given.count > 1 { throw ValidationError("\(given[0].1) and \(given[1].1) exclude each other") }
        if given.isEmpty && chunkSize == nil {
            throw ValidationError(
                "say where to cut: --lines, -0, --separator, --csv, --record-start, --record-size, or --chunk-size "
                    + "alone for anywhere")
        }
        for (size, option) in [
            (chunkSize, "--chunk-size"), (mostRecord, "--max-record"), (recordSize, "--record-size"),
        ] {
            guard let size, !CutOptions.sizes.contains(size.bytes) else { continue }
            throw ValidationError("\(option) must be from 1 to 1G, and is \(size.bytes) bytes")
        }
        for (count, option) in [(header, "--header"), (outputHeader, "--output-header")] {
            guard let count, !(0...1_000_000).contains(count) else { continue }
            throw ValidationError("\(option) must be from 0 to 1000000, and is \(count)")
        }
        if let records, !(1...1_000_000_000).contains(records) {
            throw ValidationError("--records must be from 1 to 1000000000, and is \(records)")
        }
        if given.isEmpty && records != nil { throw ValidationError("--records needs records, as --lines") }
        if let recordSize, let records, recordSize.bytes * UInt64(records) > CutOptions.sizes.upperBound {
            throw ValidationError("--records of --record-size may have 1G together")
        }
        if given.isEmpty && mostRecord != nil { throw ValidationError("--max-record needs records, as --lines") }
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

    /// All that says where chunks end, and what of an output is written.
    var identity: [String] {
        [
            "\(lines) \(null) \(csv) \(separator?.bytes ?? []) \(recordStart?.text ?? "")",
            "\(recordSize?.bytes ?? 0) \(records ?? 0) \(mostRecord?.bytes ?? 0)",
            "\(header ?? 0) \(outputHeader ?? header ?? 0)",
        ]
    }

    /// The same as `name=value`, in the words of the options.
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

/// A regular expression, as `grep -E` has it.
struct RecordStart: ExpressibleByArgument {
    let text: String
    let pattern: LinePattern

    init?(argument: String) {
        guard let pattern = try? LinePattern(argument) else { return nil }
        (text, self.pattern) = (argument, pattern)
    }
}

/// What becomes of a run of `map` whose commands fail.
struct FailureOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Run a command that failed again over the same chunk, so often.", valueName: "n"))
    var retries = 0

    @Option(
        name: .customLong("success-codes"),
        help: ArgumentHelp("Exit codes of the command that are no failure, beside 0: 1 for grep.", valueName: "n,n"))
    var successCodes: ExitCodes?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "End a command that takes longer, with all that it has started: 10, 1.5s, 5m.", valueName: "time"))
    var timeout: TimeSpan?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "When a chunk has failed: end all commands now, begin no more soon, or never; or now, once n or n% have.",
            valueName: "now|soon|never|n|n%"))
    var halt: MapSettings.Halt?

    @Flag(
        name: .customLong("keep-going"),
        help: "Publish the output of the other chunks, and by default do all of them.")
    var keepsGoing = false

    func validate() throws {
        guard (0...1_000_000).contains(retries) else {
            throw ValidationError("--retries must be from 0 to 1000000, and is \(retries)")
        }
    }
}

/// How `map` compresses what comes of it, if it is to.
struct OutputCompressionOptions: ParsableArguments {
    @Flag(name: .customLong("compress"), help: "Compress the output, as compress does.")
    var isAsked = false

    @Option(
        name: .long, help: ArgumentHelp("The level of --compress; -1 to -19 are short for it.", valueName: "n"))
    var level: Int?

    @Flag(inversion: .prefixedNo, help: "Put checksums into what --compress writes.")
    var check = true

    func validate() throws {
        if let level {
            guard isAsked else { throw ValidationError("--level needs --compress") }
            guard (1...19).contains(level) else {
                throw ValidationError("the level must be from 1 to 19, and is \(level)")
            }
        }
        if !check && !isAsked { throw ValidationError("--no-check needs --compress") }
    }

    /// nil where the output stays as it is.
    func options(_ environment: ZstdEnvironment) -> CompressionOptions? {
        guard isAsked else { return nil }
        return CompressionOptions(level: level ?? environment.level(isUltra: false) ?? 3, hasChecksums: check)
    }

    var settings: [(String, JSONText)] {
        [("compress", .bool(isAsked)), ("level", .number(orNull: level.map { UInt64($0) }))]
    }
}

/// Exit codes, with commas between them.
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
    /// As it is typed: a word, a count or a percentage.
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
    /// What `--reduce` says.
    init(reducing line: String?) {
        switch line {
        case nil, "concat": self = .concatenation
        case "sum": self = .sum
        case let line?: self = .command(CommandTemplate(reducing: line))
        }
    }
}
