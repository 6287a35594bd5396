import ArgumentParser
import Multiprocessing
import PoolmapCore

/// What every subcommand takes that runs a batch.
struct RunOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: "Worker processes; 0 or none given: the cores that this process may use.")
    var jobs: Int?

    @Option(name: .long, help: "The same, as zstd has it: also -T N, -TN.")
    var threads: Int?

    @Flag(name: [.short, .long], help: "Say nothing but errors.")
    var quiet = false

    @Flag(name: [.short, .long], help: "Say a line about each file.")
    var verbose = false

    @Flag(inversion: .prefixedNo, help: "Show progress; by default on a terminal, after half a second.")
    var progress: Bool?

    func validate() throws {
        for count in [jobs, threads].compactMap({ $0 }) where !(0...Self.mostJobs).contains(count) {
            throw ValidationError("--jobs must be from 0 to \(Self.mostJobs), and is \(count)")
        }
    }

    private static let mostJobs = 1024

    var jobCount: Int {
        let given = jobs ?? threads ?? 0
        return given == 0 ? processCPUCount() : given
    }
}

/// What subcommands take that write a file for each file that they read.
struct TargetOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("Write to this file.", valueName: "file"))
    var output: String?

    @Flag(name: [.customShort("c"), .customLong("stdout")], help: "Write to standard output.")
    var standardOutput = false

    @Flag(name: [.short, .long], help: "Keep the input (default).")
    var keep = false

    @Flag(name: .customLong("rm"), help: "Remove the input when its output is complete.")
    var remove = false

    @Flag(name: [.short, .long], help: "Overwrite existing files; write compressed data to a terminal.")
    var force = false

    func validate() throws {
        if output != nil && standardOutput {
            throw ValidationError("-o and -c exclude each other")
        }
        if remove && (keep || standardOutput) {
            throw ValidationError("--rm and \(keep ? "--keep" : "-c") exclude each other")
        }
    }
}

/// Sizes as people write them: 4096, 512K, 8M, 1MiB, 2GB (all in powers of 1024, as zstd has it).
struct ByteSize: ExpressibleByArgument {
    let bytes: UInt64

    var defaultValueDescription: String { "\(bytes)" }

    init(bytes: UInt64) {
        self.bytes = bytes
    }

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let shifts: [String: UInt64] = [
            "": 0, "K": 10, "KB": 10, "KIB": 10, "M": 20, "MB": 20, "MIB": 20, "G": 30, "GB": 30, "GIB": 30, "T": 40,
            "TB": 40, "TIB": 40,
        ]
        guard let number = UInt64(digits), let shift = shifts[argument.dropFirst(digits.count).uppercased()] else {
            return nil
        }
        let (bytes, overflowed) = number.multipliedReportingOverflow(by: 1 << shift)
        if overflowed { return nil }
        self.bytes = bytes
    }
}

/// Throws if --long has a value that no window can have.
func validateWindowLog(_ long: Int?) throws {
    let range = CompressionOptions.longWindowLogs
    if let long, !range.contains(long) {
        throw ValidationError("--long must be from \(range.lowerBound) to \(range.upperBound), and is \(long)")
    }
}
