import ArgumentParser
import ArgumentSyntax
import Files
import Ground
import Operations

/// The memory limits of subcommands that decompress.
struct WindowOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Allow windows of up to 2^n bytes in a large frame; default 27.", valueName: "n"))
    var long: Int?

    @Option(
        name: [.customLong("memory"), .customShort("M"), .customLong("memlimit"), .customLong("memlimit-decompress")],
        help: ArgumentHelp(
            "Limit a frame's window to this much memory, such as 512M, and all else to half as much; overrides --long.",
            valueName: "size"))
    var memory: ByteSize?

    func validate() throws {
        try validateWindowLog(long)
    }

    /// The limit; as with zstd, 0 means none.
    var memoryBytes: UInt64? {
        memory.flatMap { $0.bytes > 0 ? $0.bytes : nil }
    }

    /// These options in the report.
    var settings: [(String, JSONText)] {
        [("long", .number(orNull: long.map { UInt64($0) })), ("memory", .number(orNull: memoryBytes))]
    }
}

/// Whether a subcommand leaves holes in the files it writes.
struct SparseOptions: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help:
            "Leave holes for runs of zeros; default in new files. With --sparse also in standard output, if it is a file."
    )
    var sparse: Bool?

    var output: SparseOutput {
        switch sparse {
        case nil: .files
        case true?: .filesAndStandardOutput
        case false?: .never
        }
    }

    /// This option in the report.
    var settings: [(String, JSONText)] { [("sparse", sparse.map { .bool($0) } ?? .null)] }
}

/// Limits against files that are made to fill the disk when decompressed.
struct LimitOptions: ParsableArguments {
    @Option(
        name: .customLong("max-output"),
        help: ArgumentHelp("Refuse a file with more content than this, such as 10G.", valueName: "size"))
    var mostBytes: ByteSize?

    @Option(
        name: .customLong("max-ratio"),
        help: ArgumentHelp("Refuse a file whose content is more than n times its size.", valueName: "n"))
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

    /// These options in the report.
    var settings: [(String, JSONText)] {
        [("maxOutput", .number(orNull: mostBytes?.bytes)), ("maxRatio", .number(orNull: mostTimes))]
    }
}

/// Throws if --long has a value outside libzstd's range.
func validateWindowLog(_ long: Int?) throws {
    let range = CompressionOptions.longWindowLogs
    if let long, !range.contains(long) {
        throw ValidationError("--long must be between \(range.lowerBound) and \(range.upperBound) (got \(long))")
    }
}
