import ArgumentParser
import ArgumentSyntax
import Files
import Ground
import Operations

/// What subcommands take that decompress.
struct WindowOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Allow windows of up to 2^n bytes in a large frame; 27 without.", valueName: "n"))
    var long: Int?

    @Option(
        name: [.customLong("memory"), .customShort("M"), .customLong("memlimit"), .customLong("memlimit-decompress")],
        help: ArgumentHelp(
            "Allow any frame's window this much memory, as 512M, and half as much for all else; counts before --long.",
            valueName: "size"))
    var memory: ByteSize?

    func validate() throws {
        try validateWindowLog(long)
    }

    /// The limit; 0 is none, as zstd has it.
    var memoryBytes: UInt64? {
        memory.flatMap { $0.bytes > 0 ? $0.bytes : nil }
    }

    /// What the report says of these options.
    var settings: [(String, JSONText)] {
        [("long", .number(orNull: long.map { UInt64($0) })), ("memory", .number(orNull: memoryBytes))]
    }
}

/// What subcommands take that may leave holes in what they write.
struct SparseOptions: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help:
            "Leave holes for zeros: by default in files that are made; with --sparse on standard output too, if it is a file."
    )
    var sparse: Bool?

    var output: SparseOutput {
        switch sparse {
        case nil: .files
        case true?: .filesAndStandardOutput
        case false?: .never
        }
    }

    /// What the report says of these options.
    var settings: [(String, JSONText)] { [("sparse", sparse.map { .bool($0) } ?? .null)] }
}

/// What subcommands take that restore what may be meant to fill the disk.
struct LimitOptions: ParsableArguments {
    @Option(
        name: .customLong("max-output"),
        help: ArgumentHelp("Refuse a file that has more content than this, as 10G.", valueName: "size"))
    var mostBytes: ByteSize?

    @Option(
        name: .customLong("max-ratio"),
        help: ArgumentHelp("Refuse a file that has more than n times as much content as it is long.", valueName: "n"))
    var mostTimes: UInt64?

    func validate() throws {
        if mostTimes == 0 {
            throw ValidationError("--max-ratio must be at least 1")
        }
    }

    var limit: OutputLimit {
        var limit = OutputLimit()
        limit.bytes = mostBytes?.bytes
        limit.ratio = mostTimes
        return limit
    }

    /// What the report says of these options.
    var settings: [(String, JSONText)] {
        [("maxOutput", .number(orNull: mostBytes?.bytes)), ("maxRatio", .number(orNull: mostTimes))]
    }
}

/// Throws if --long has a value that no window can have.
func validateWindowLog(_ long: Int?) throws {
    let range = CompressionOptions.longWindowLogs
    if let long, !range.contains(long) {
        throw ValidationError("--long must be from \(range.lowerBound) to \(range.upperBound), and is \(long)")
    }
}
