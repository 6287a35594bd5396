import ArgumentParser
import ArgumentSyntax
import Files
import Glibc
import Ground
import JobServer
import Multiprocessing
import Operations

/// What every subcommand takes that runs a batch.
struct RunOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Worker processes; 0 or none given: the cores that this process may use, or as many as make allows.",
            valueName: "n"))
    var jobs: Int?

    @Option(name: .long, help: ArgumentHelp("The same as --jobs, as zstd has it; -Tn is short for it.", valueName: "n"))
    var threads: Int?

    @Flag(
        name: [.customShort("q"), .customLong("quiet")],
        help: "Print errors only; given twice, not even those. Each -v undoes one.")
    var quietness: Int

    var quiet: Bool { quietness > 0 }

    @Flag(name: [.customShort("v"), .customLong("verbose")], help: "Print a line about each file.")
    var loudness: Int

    var verbose: Bool { loudness > 0 }

    @Flag(inversion: .prefixedNo, help: "Show progress; by default on a terminal, after half a second.")
    var progress: Bool?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Write a report of the run, each file and each chunk: a page to look at if the name ends in .html, else JSON.",
            valueName: "file"),
        completion: .file())
    var report: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Write the same as Chrome trace events, for Perfetto.", valueName: "file"),
        completion: .file())
    var trace: String?

    @Flag(name: .long, help: "Say errors as JSON, an object a line, on standard error.")
    var json = false

    func validate() throws {
        for count in [jobs, threads].compactMap({ $0 }) where !(0...Self.mostJobs).contains(count) {
            throw ValidationError("--jobs must be from 0 to \(Self.mostJobs), and is \(count)")
        }
        if let report, report == trace {
            throw ValidationError("--report and --trace need a file each")
        }
    }

    static let mostJobs = 1024

    /// How many workers there may be, and who else has a say in it: make, where no option gives a number.
    ///
    /// - Parameter heedsEnvironment: whether ZSTD_NBTHREADS counts, where no option does. It is not meant for one run, so
    ///   that make has a say as well.
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

/// The cores that this process may use, and no more than the cluster's engine gave to its job.
private var usableCores: Int {
    min(processCPUCount(), coresOfJob(environmentVariable) ?? .max)
}

/// The value of a variable of the environment; nil where it is not set.
func environmentVariable(_ name: String) -> String? {
    getenv(name).map { FileName.text(of: $0) }
}

/// What subcommands take that write a file for each file that they read.
struct TargetOptions: ParsableArguments {
    @Option(
        name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("Write to this file.", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(name: [.customShort("c"), .customLong("stdout")], help: "Write to standard output.")
    var standardOutput = false

    @Flag(name: [.short, .long], help: "Keep the input (default).")
    var keep = false

    @Flag(name: .customLong("rm"), help: "Remove the input when its output is complete.")
    var remove = false

    @Option(
        name: .customLong("output-dir"),
        help: ArgumentHelp(
            "Write into this folder, which is made if need be; with -r the tree is kept.", valueName: "dir"),
        completion: .directory)
    var treeFolder: String?

    @Option(
        name: .customLong("output-dir-flat"),
        help: ArgumentHelp("Write into this folder, whatever folders the inputs are in.", valueName: "dir"),
        completion: .directory)
    var flatFolder: String?

    @Option(
        name: .customLong("output-dir-mirror"),
        help: ArgumentHelp("Write into this folder, below it by the whole paths of the inputs.", valueName: "dir"),
        completion: .directory)
    var mirrorFolder: String?

    @Flag(
        name: [.short, .long],
        help: "Overwrite existing files; follow symbolic links; write compressed data to a terminal.")
    var force = false

    @Flag(
        name: .customLong("if-changed"),
        help: "Leave a target that has the right content alone, with its time stamp; replace others.")
    var ifChanged = false

    @Flag(name: .customLong("fsync"), help: "Have each target on disk before it gets its name; --rm does so always.")
    var sync = false

    @Option(
        name: .customLong("depfile"),
        help: ArgumentHelp("Write make rules that say which target is made of what.", valueName: "file"),
        completion: .file())
    var dependencyFile: String?

    @Flag(name: .customLong("dry-run"), help: "Print what would be done, and do nothing.")
    var dryRun = false

    func validate() throws {
        let places = [
            output != nil ? "-o" : nil, standardOutput ? "-c" : nil, treeFolder != nil ? "--output-dir" : nil,
            flatFolder != nil ? "--output-dir-flat" : nil, mirrorFolder != nil ? "--output-dir-mirror" : nil,
        ]
        let given = places.compactMap { $0 }
        if given.count > 1 {
            throw ValidationError("\(given[0]) and \(given[1]) exclude each other")
        }
        let isStream = isStream
        if remove && isStream {
            throw ValidationError("--rm and -o \(output ?? "") exclude each other")
        }
        if isStream, let option = ifChanged ? "--if-changed" : dependencyFile != nil ? "--depfile" : nil {
            let stream = outputDescriptor == nil ? "standard output" : output ?? ""
            throw ValidationError("\(option) needs a file to be written, not \(stream)")
        }
    }

    /// Throws if a part of an input, or a share of all, cannot be written so.
    ///
    /// - Parameter option: the one that asks for it.
    func requirePart(_ work: PartWork, for option: String) throws {
        guard work.part != nil || work.share != nil else { return }
        try requireNone(of: [(isStream, "-c")], beside: option)
        if work.splitPart != nil {
            // What is done in parts has its target only by a join.
            try requireNone(
                of: [(remove, "--rm"), (dependencyFile != nil, "--depfile"), (output != nil, "-o")], beside: "--split")
        }
        guard work.part != nil else { return }
        try requireNone(
            of: [(remove, "--rm"), (dependencyFile != nil, "--depfile")],
            beside: option == "--part" ? "--part of one file" : option)
    }

    /// The same, as shares of names know it.
    var shareTargets: NameShare.Targets {
        treeFolder != nil ? .folder : flatFolder != nil ? .flat : mirrorFolder != nil ? .mirrored : .beside
    }

    /// Where targets go that are not beside their inputs.
    var outputFolder: String? { treeFolder ?? flatFolder ?? mirrorFolder }

    /// Whether all inputs go to standard output, or to another open descriptor.
    var isStream: Bool { stream != nil }

    /// Where all inputs go if they go to an open descriptor.
    var stream: Target? {
        if standardOutput || output == "-" { return .standardOutput }
        return outputDescriptor.map { $0 == STDOUT_FILENO ? .standardOutput : .file(output ?? "") }
    }

    /// The descriptor that -o names, as /dev/stdout does; nil for a file.
    var outputDescriptor: Int32? { output.flatMap { descriptorNumber(ofTarget: $0) } }

    /// What the report says of these options.
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

/// What subcommands take that compress or decompress.
struct DictionaryOptions: ParsableArguments {
    @Option(
        name: .customShort("D"),
        help: ArgumentHelp("Use this dictionary, which zstd --train makes of many small files.", valueName: "file"),
        completion: .file())
    var path: String?

    /// Reads the dictionary, which the run is not to write over.
    func read(_ places: RunPlaces) throws(PoolmapError) -> ZstdDictionary? {
        guard let path else { return nil }
        try places.add(read: path, by: "-D")
        do throws(PoolmapError) {
            return try ZstdDictionary(path: path)
        } catch {
            throw error.about(path)
        }
    }

    /// What the report says of it.
    func settings(_ dictionary: ZstdDictionary?) -> [(String, JSONText)] {
        [
            ("dictionary", dictionary.map { .string($0.path) } ?? .null),
            ("dictionaryID", .number(orNull: dictionary.flatMap { $0.id == 0 ? nil : UInt64($0.id) })),
        ]
    }
}

/// What subcommands take that work on many files.
struct NameOptions: ParsableArguments {
    @Flag(name: [.customShort("r"), .customLong("recursive")], help: "Take the files under folders.")
    var recursive = false

    @Option(
        name: [.customLong("files-from"), .customLong("filelist")],
        help: ArgumentHelp("Take the names in this file too, a line each; - is standard input.", valueName: "list"),
        completion: .file())
    var lists: [String] = []

    @Flag(name: [.customShort("0"), .customLong("null")], help: "Names in lists are separated by NUL bytes.")
    var isNullSeparated = false

    /// What folders are: refused, unless they were asked for.
    func folders(_ wanted: InputNames.Folders) -> InputNames.Folders {
        recursive ? wanted : .refused
    }

    /// Whether one name was given, which is to be a file's.
    func isOneFile(_ files: [String]) -> Bool {
        files.count == 1 && files[0] != "-" && lists.isEmpty && !recursive
    }

    /// Throws unless the names are one regular file's.
    func requireOneFile(_ files: [String], for option: String) throws {
        guard isOneFile(files) else {
            throw ValidationError("\(option) takes one regular file")
        }
    }

    /// Where the names come from: the arguments and the lists, or standard input where there are none.
    func sources(_ files: [String]) throws -> [InputNames.Source] {
        if isNullSeparated && lists.isEmpty {
            throw ValidationError("-0 needs --files-from")
        }
        if recursive && files.isEmpty && lists.isEmpty {
            throw ValidationError("-r needs a folder")
        }
        if (files + lists).filter({ $0 == "-" }).count > 1 {
            throw ValidationError("standard input can be read only once")
        }
        if files.isEmpty && lists.isEmpty {
            if isatty(STDIN_FILENO) == 1 {
                throw ValidationError("name a file, or - to read what is typed; --help says more")
            }
            return [.name("-")]
        }
        return files.map { .name($0) } + lists.map { .list(path: $0, isNullSeparated: isNullSeparated) }
    }
}

/// Throws for the first option that is given, as one that says nothing beside the other.
func requireNone(of options: [(isGiven: Bool, name: String)], beside other: String) throws {
    if let option = options.first(where: \.isGiven) {
        throw ValidationError("\(other) and \(option.name) exclude each other")
    }
}
