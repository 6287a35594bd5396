import ArgumentParser
import ArgumentSyntax
import Files
import Glibc
import Ground
import JobServer
import Multiprocessing
import Operations

/// The options of every subcommand that runs a batch.
struct RunOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Run n worker processes; 0 (default): one per core this process may use, or as many as make allows.",
            valueName: "n"))
    var jobs: Int?

    @Option(
        name: .long, help: ArgumentHelp("Run n worker processes, like --jobs; -Tn for short.", valueName: "n"))
    var threads: Int?

    @Flag(
        name: [.customShort("q"), .customLong("quiet")],
        help: "Print errors only; if given twice, not even those. Each -v cancels one -q.")
    var quietness: Int

    var quiet: Bool { quietness > 0 }

    @Flag(name: [.customShort("v"), .customLong("verbose")], help: "Print a line about each file.")
    var loudness: Int

    var verbose: Bool { loudness > 0 }

    @Flag(inversion: .prefixedNo, help: "Show progress; by default only on a terminal, after half a second.")
    var progress: Bool?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Write a report of the run, with every file and chunk: a web page if the name ends in .html, otherwise JSON.",
            valueName: "file"),
        completion: .file())
    var report: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Write the same report as Chrome trace events, for Perfetto.", valueName: "file"),
        completion: .file())
    var trace: String?

    @Flag(name: .long, help: "Print errors as JSON on standard error, one object per line.")
    var json = false

    func validate() throws {
        for count in [jobs, threads].compactMap({ $0 }) where !(0...Self.mostJobs).contains(count) {
            throw ValidationError("--jobs must be between 0 and \(Self.mostJobs) (got \(count))")
        }
        if let report, report == trace {
            throw ValidationError("--report and --trace must be different files")
        }
    }

    static let mostJobs = 1024

    /// The number of workers, and make's job server if no option gives a number; the hint says why there is one worker.
    ///
    /// - Parameter heedsEnvironment: whether ZSTD_NBTHREADS counts if no option gives a number. It is not meant for a
    ///   single run, so make's job server still applies.
    func workers(heedsEnvironment: Bool) -> (count: Int, server: JobServer?, hint: String?) {
        let given = jobs ?? threads
        if let given, given > 0 { return (given, nil, nil) }
        let environment =
            given == nil && heedsEnvironment ? ZstdEnvironment(isQuiet: quiet).threads(atMost: Self.mostJobs) ?? 0 : 0
        let most = environment > 0 ? environment : usableCores
        switch Program.makeJobs {
        case .none: return (most, nil, nil)
        case .one(let reason): return (1, nil, reason)
        case .server(let server): return (most, server, nil)
        }
    }
}

/// The cores that this process may use, limited to those that the cluster's engine gave to its job.
private var usableCores: Int {
    min(processCPUCount(), coresOfJob(environmentVariable) ?? .max)
}

/// The value of an environment variable; nil if it is not set.
func environmentVariable(_ name: String) -> String? {
    getenv(name).map { FileName.text(of: $0) }
}

/// The options of subcommands that write a file for each file that they read.
struct TargetOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("Write to this file.", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(name: [.customShort("c"), .customLong("stdout")], help: "Write to standard output.")
    var standardOutput = false

    @Flag(name: [.short, .long], help: "Keep the input (default).")
    var keep = false

    @Flag(name: .customLong("rm"), help: "Remove each input once its output is complete.")
    var remove = false

    @Option(
        name: .customLong("output-dir"),
        help: ArgumentHelp(
            "Write into this directory, creating it if needed; with -r, keep the tree structure.", valueName: "dir"),
        completion: .directory)
    var treeFolder: String?

    @Option(
        name: .customLong("output-dir-flat"),
        help: ArgumentHelp("Write every target directly into this directory, wherever its input is.", valueName: "dir"),
        completion: .directory)
    var flatFolder: String?

    @Option(
        name: .customLong("output-dir-mirror"),
        help: ArgumentHelp("Write into this directory, recreating the inputs' full paths below it.", valueName: "dir"),
        completion: .directory)
    var mirrorFolder: String?

    @Flag(
        name: [.short, .long],
        help: "Overwrite existing files, follow symbolic links, and write compressed data to a terminal.")
    var force = false

    @Flag(
        name: .customLong("if-changed"),
        help: "Replace a target only if its content changes; otherwise keep it and its timestamp.")
    var ifChanged = false

    @Flag(name: .customLong("fsync"), help: "fsync each target before renaming it; implied by --rm.")
    var sync = false

    @Option(
        name: .customLong("depfile"),
        help: ArgumentHelp("Write make rules that name each target and the files it is made from.", valueName: "file"),
        completion: .file())
    var dependencyFile: String?

    @Flag(name: .customLong("dry-run"), help: "Print what would be done, without doing it.")
    var dryRun = false

    func validate() throws {
        let places = [
            output != nil ? "-o" : nil, standardOutput ? "-c" : nil, treeFolder != nil ? "--output-dir" : nil,
            flatFolder != nil ? "--output-dir-flat" : nil, mirrorFolder != nil ? "--output-dir-mirror" : nil,
        ]
        let given = places.compactMap { $0 }
        if given.count > 1 {
            throw ValidationError("\(given[0]) cannot be combined with \(given[1])")
        }
        let isStream = isStream
        if remove && isStream {
            throw ValidationError("--rm cannot be combined with -o \(output ?? "")")
        }
        if isStream, let option = ifChanged ? "--if-changed" : dependencyFile != nil ? "--depfile" : nil {
            let stream = outputDescriptor == nil ? "standard output" : output ?? ""
            throw ValidationError("\(option) requires an output file, not \(stream)")
        }
    }

    /// Throws if these options cannot apply to a part of an input, or to a share of all inputs.
    ///
    /// - Parameter option: the option that asks for the part, for the message.
    func requirePart(_ work: PartWork, for option: String) throws {
        guard work.part != nil || work.share != nil else { return }
        try requireNone(of: [(isStream, "-c")], beside: option)
        if work.splitPart != nil {
            // A file that is split among the parts gets its target only by a join.
            try requireNone(
                of: [(remove, "--rm"), (dependencyFile != nil, "--depfile"), (output != nil, "-o")], beside: "--split")
        }
        guard work.part != nil else { return }
        try requireNone(
            of: [(remove, "--rm"), (dependencyFile != nil, "--depfile")],
            beside: option == "--part" ? "--part of one file" : option)
    }

    /// Where targets go, in the terms of a share of names.
    var shareTargets: NameShare.Targets {
        treeFolder != nil ? .folder : flatFolder != nil ? .flat : mirrorFolder != nil ? .mirrored : .beside
    }

    /// The folder of all targets; nil if each goes beside its input.
    var outputFolder: String? { treeFolder ?? flatFolder ?? mirrorFolder }

    /// Whether all output goes to standard output or another open descriptor.
    var isStream: Bool { stream != nil }

    /// The target of all inputs if it is an open descriptor.
    var stream: Target? {
        if standardOutput || output == "-" { return .standardOutput }
        return outputDescriptor.map { $0 == STDOUT_FILENO ? .standardOutput : .file(output ?? "") }
    }

    /// The descriptor that -o names, as in `-o /dev/stdout`; nil for a file.
    var outputDescriptor: Int32? { output.flatMap { descriptorNumber(ofTarget: $0) } }

    /// These options in the report.
    var settings: [(String, JSONText)] {
        [
            ("force", .bool(force)), ("ifChanged", .bool(ifChanged)), ("fsync", .bool(sync || remove)),
            ("remove", .bool(remove)),
        ]
    }

    var policy: OutputPolicy {
        var policy = OutputPolicy()
        policy.force = force
        policy.keepsUnchanged = ifChanged
        policy.syncs = sync
        policy.removesInput = remove
        return policy
    }
}

/// The dictionary of subcommands that compress or decompress.
struct DictionaryOptions: ParsableArguments {
    @Option(
        name: .customShort("D"),
        help: ArgumentHelp("Use this dictionary; zstd --train makes one from many small files.", valueName: "file"),
        completion: .file())
    var path: String?

    /// Reads the dictionary, and claims its path so that the run cannot overwrite it.
    func read(_ places: RunPlaces) throws(PoolmapError) -> ZstdDictionary? {
        guard let path else { return nil }
        try places.add(read: path, by: "-D")
        do throws(PoolmapError) {
            return try ZstdDictionary(path: path)
        } catch {
            throw error.about(path)
        }
    }

    /// The dictionary in the report.
    func settings(_ dictionary: ZstdDictionary?) -> [(String, JSONText)] {
        [
            ("dictionary", dictionary.map { .string($0.path) } ?? .null),
            ("dictionaryID", .number(orNull: dictionary.flatMap { $0.id == 0 ? nil : UInt64($0.id) })),
        ]
    }
}

/// The options that name files, for subcommands that take any number of them.
struct NameOptions: ParsableArguments {
    @Flag(name: [.customShort("r"), .customLong("recursive")], help: "Recurse into directories.")
    var recursive = false

    @Option(
        name: [.customLong("files-from"), .customLong("filelist")],
        help: ArgumentHelp(
            "Read more file names from this list, one per line; - is standard input.", valueName: "list"),
        completion: .file())
    var lists: [String] = []

    @Flag(name: [.customShort("0"), .customLong("null")], help: "Expect NUL bytes between the names in lists.")
    var isNullSeparated = false

    /// How folders are treated: refused without -r.
    func folders(_ wanted: InputNames.Folders) -> InputNames.Folders {
        recursive ? wanted : .refused
    }

    /// Whether exactly one name was given, and it must be a file's.
    func isOneFile(_ files: [String]) -> Bool {
        files.count == 1 && files[0] != "-" && lists.isEmpty && !recursive
    }

    /// Throws unless exactly one file is named.
    func requireOneFile(_ files: [String], for option: String) throws {
        guard isOneFile(files) else {
            throw ValidationError("\(option) requires one regular file")
        }
    }

    /// Where names come from: the arguments and the lists, or standard input if there are none.
    func sources(_ files: [String]) throws -> [InputNames.Source] {
        if isNullSeparated && lists.isEmpty {
            throw ValidationError("-0 requires --files-from")
        }
        if recursive && files.isEmpty && lists.isEmpty {
            throw ValidationError("-r requires a directory")
        }
        if (files + lists).filter({ $0 == "-" }).count > 1 {
            throw ValidationError("standard input can be read only once")
        }
        if files.isEmpty && lists.isEmpty {
            if isatty(STDIN_FILENO) == 1 {
                throw ValidationError("missing file name; use - to read from the terminal, or see --help")
            }
            return [.name("-")]
        }
        return files.map { .name($0) } + lists.map { .list(path: $0, isNullSeparated: isNullSeparated) }
    }
}

/// Throws for the first of the options that is given, since it cannot be combined with the other.
func requireNone(of options: [(isGiven: Bool, name: String)], beside other: String) throws {
    if let option = options.first(where: \.isGiven) {
        throw ValidationError("\(other) cannot be combined with \(option.name)")
    }
}
