import ArgumentParser
import ArgumentSyntax
import Files
import Glibc
import Ground
import Operations
import Run

/// `poolmap map`.
struct Map: FilesCommand {
    static let configuration = CommandConfiguration.subcommand(
        commandName: "map",
        abstract: "Run a command over the chunks of files, and join its outputs in order.",
        usage: "poolmap map [<options>] [<file> ...] -- <command> [<argument> ...]",
        discussion: """
            The command reads a chunk from standard input. Its output appears only once all chunks have succeeded, \
            unless it goes to standard output. POOLMAP_CHUNK_INDEX, _OFFSET, _LENGTH, _COUNT and POOLMAP_INPUT are set \
            in its environment; {index}, {offset}, {length}, {count} and {input} in its arguments stand for the same.
            """)

    @OptionGroup var common: RunOptions
    @OptionGroup var cuts: CutOptions
    @OptionGroup var failures: FailureOptions
    @OptionGroup var compression: OutputCompressionOptions
    @OptionGroup var parts: PartOptions

    @Option(
        name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("Write to this file.", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(name: [.short, .long], help: "Overwrite the file of -o.")
    var force = false

    @Option(
        name: .customLong("output-template"),
        help: ArgumentHelp("Write one file per chunk, such as 'part-{index}.csv'.", valueName: "name"))
    var outputTemplate: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Join the outputs with this /bin/sh command line, where {} stands for the files to read, such as "
                + "'sort -m {}'; or with sum, which adds up columns of numbers, or concat.",
            valueName: "command"))
    var reduce: String?

    @Flag(
        name: .long,
        help: "With -o and one FILE: keep finished chunks if the run ends early, and continue from there next time.")
    var resume = false

    @Flag(name: .long, help: "Write outputs in the order they finish, each one whole.")
    var unordered = false

    @Flag(name: .long, help: "Run the command as a /bin/sh command line.")
    var shell = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Keep at most this much of the commands' output in memory; more goes to TMPDIR.", valueName: "size"))
    var memory: ByteSize?

    @OptionGroup var dictionary: DictionaryOptions

    @Option(
        name: .long,
        help: ArgumentHelp("Allow windows of up to 2^n bytes in a compressed input; default 27.", valueName: "n"))
    var long: Int?

    @OptionGroup var limits: LimitOptions

    @Flag(name: .customLong("no-decompress"), help: "Map the bytes of compressed inputs, not their content.")
    var mapsCompressed = false

    @Flag(name: [.customShort("r"), .customLong("recursive")], help: "Recurse into directories.")
    var recursive = false

    @Option(
        name: .customLong("files-from"),
        help: ArgumentHelp(
            "Read more file names from this list, one per line; - is standard input.", valueName: "list"),
        completion: .file())
    var lists: [String] = []

    @Option(
        name: .customLong("files0-from"),
        help: ArgumentHelp("Read more file names from this list, each ending with NUL.", valueName: "list"),
        completion: .file())
    var nullLists: [String] = []

    @Argument(
        help: ArgumentHelp("Files to read; - or none is standard input.", valueName: "file"), completion: .file())
    var files: [String] = []

    /// The command with its arguments, set after parsing: the parser does not know it.
    var command: [String] = []

    private enum CodingKeys: CodingKey {
        case common, cuts, failures, compression, parts, output, force, outputTemplate, resume, reduce,
            unordered,
            shell,
            memory,
            dictionary, long, limits
        case mapsCompressed, recursive, lists,
            nullLists, files
    }

    func validate() throws {
        try validateWindowLog(long)
        guard outputTemplate != nil else { return }
        try requireNone(of: [(output != nil, "-o"), (reduce != nil, "--reduce")], beside: "--output-template")
    }

    private func validateResume() throws {
        // With these, the output of a chunk would be elsewhere, or missing.
        try requireNone(
            of: [
                (outputTemplate != nil, "--output-template"),
                (isReduced && parts.given == nil && parts.engine == nil, "--reduce"),
                (unordered, "--unordered"), (failures.keepsGoing, "--keep-going"),
            ], beside: "--resume")
        guard let output, output != "-" else { throw ValidationError("--resume requires -o FILE") }
        guard files.count == 1, files[0] != "-", lists.isEmpty, nullLists.isEmpty, !recursive else {
            throw ValidationError("--resume requires one regular file")
        }
    }

    private var isReduced: Bool { reduce.map { $0 != "concat" } ?? false }

    /// Throws if the output would not be a part.
    private func validatePart() throws {
        let others: [(Bool, String)] = [
            (outputTemplate != nil, "--output-template: a part is a single file"),
            (compression.isAsked, "--compress; compress the joined file"),
            (failures.keepsGoing, "--keep-going: a part must be complete"),
        ]
        if let other = others.first(where: \.0) {
            throw ValidationError("\(parts.option) cannot be combined with \(other.1)")
        }
        guard let output, output != "-" else { throw ValidationError("\(parts.option) requires -o FILE") }
        guard files.count == 1, files[0] != "-", lists.isEmpty, nullLists.isEmpty, !recursive else {
            throw ValidationError("\(parts.option) requires one regular file")
        }
    }

    func run() throws {
        guard !command.isEmpty else { throw ValidationError("missing command: poolmap map … FILE -- COMMAND") }
        let part = try parts.part(common)
        if part != nil { try validatePart() }
        if resume { try validateResume() }
        let console = try Console(common, replacesTargets: force)
        let sources = try self.sources()
        let target = output == "-" ? nil : output.map { $0 + (part?.suffix ?? "") }
        if let target {
            try console.places.add(written: target, by: "-o")
        } else if outputTemplate == nil {
            console.places.add(descriptor: STDOUT_FILENO)
        }
        let template = try template()
        let items = try NamedItems(
            sources, recursive ? .without([]) : .refused, console.places, followsLinks: true, to: .standardOutput)
        try refuseTerminal()
        if parts.engine != nil { return try submit(items, console) }
        var batch = try console.batch(
            common, "map", cuts.settings + compression.settings + limits.settings + [parts.setting])
        batch.limit = limits.limit
        batch.dictionary = try dictionary.read(console.places)
        var settings = settings(template, jobs: batch.jobs)
        settings.servedCoreCount = batch.jobServer == nil ? batch.jobs : 0
        settings.compression = compression.options(ZstdEnvironment(isQuiet: common.quiet))
        settings.resumedBy = cuts.identity + ["decompress \(!mapsCompressed)", "shell \(shell)", "\(command)"]
        if let part { settings.take(part, partSettings(batch.dictionary)) }
        let map = try makeRun(settings, to: target, console)
        map.onErrors = ChunkErrors.writer(console)
        map.onFailure = { console.fail($0.name, $1) }
        map.onReductionFailure = { console.fail(nil, $0) }
        map.onTarget = { (path) throws(PoolmapError) in try console.places.require(target: path) }
        batch.map(items, map, maximumWindowLog: long) { input, result in
            console.report(input, result) { "\($0.name): \($1.inputBytes) bytes to \($1.outputBytes)" }
        }
        if !map.isBroken {
            console.attempt(nil) { () throws(PoolmapError) in try map.commit() }
        }
        try console.finish()
    }

    /// Has an engine run the command over the parts of the one file.
    private func submit(_ items: NamedItems, _ console: Console) throws {
        try console.submit(items, parts) { input, _ in
            var job = PartedJob(input, to: output ?? "")
            job.joinOptions = (force ? ["-f"] : []) + (reduce.map { ["--reduce=\($0)"] } ?? [])
            return job
        }
    }

    /// Everything but the input that determines the outputs, as `name=value`; parts of one file must agree on it.
    private func partSettings(_ dictionary: ZstdDictionary?) -> [String] {
        cuts.partSettings + [
            "output-header=\(isReduced && reduce != "sum" ? 0 : cuts.outputHeader ?? cuts.header ?? 0)",
            "decompress=\(!mapsCompressed)", "dictionary=\(dictionary?.checksum ?? 0)", "shell=\(shell)",
            "command=\(command)", PartSet.setting(ofReduction: reduce),
        ]
    }

    private func makeRun(_ settings: MapSettings, to target: String?, _ console: Console) throws -> MapRun {
        guard resume, let target else { return try MapRun(settings, to: target, policy) }
        return MapRun(settings, resuming: target, policy) { [files] in console.note(.file(files[0]), $0) }
    }

    private func refuseTerminal() throws {
        guard compression.isAsked, output == nil || output == "-", outputTemplate == nil, !force,
            isatty(STDOUT_FILENO) == 1
        else { return }
        throw ValidationError("refusing to write compressed data to a terminal; use -o FILE, or -f to force it")
    }

    private var policy: OutputPolicy {
        var policy = OutputPolicy()
        policy.force = force
        return policy
    }

    private func settings(_ template: CommandTemplate, jobs: Int) -> MapSettings {
        let chunkBytes = cuts.chunkSize.map { Int($0.bytes) } ?? MapSettings.usualChunkBytes
        var settings = MapSettings(template, cuts.cut, chunkBytes: chunkBytes, jobs: jobs)
        settings.mostRecordBytes = cuts.mostRecord.map { Int($0.bytes) } ?? MapSettings.usualRecordBytes
        settings.headerLineCount = cuts.header ?? 0
        settings.outputHeaderLineCount = cuts.outputHeader ?? cuts.header ?? 0
        settings.retryCount = failures.retries
        settings.successCodes = failures.successCodes?.codes ?? []
        settings.timeoutNanoseconds = failures.timeout?.nanoseconds
        settings.halt = failures.halt ?? (failures.keepsGoing ? .never : .now)
        settings.keepsGoing = failures.keepsGoing
        settings.isUnordered = unordered
        settings.join = outputTemplate.map { .files($0) } ?? MapSettings.Join(reducing: reduce)
        settings.decompresses = !mapsCompressed
        settings.memoryBytes = memory?.bytes
        return settings
    }

    private func template() throws -> CommandTemplate {
        if shell { return CommandTemplate(shellLine: command.joined(separator: " ")) }
        do throws(PoolmapError) {
            return CommandTemplate(command, path: try CommandTemplate.find(command[0]))
        } catch {
            throw ProgramNotFound(reason: error)
        }
    }

    private func sources() throws -> [InputNames.Source] {
        let all = files + lists + nullLists
        if recursive && all.isEmpty { throw ValidationError("-r requires a directory") }
        if all.filter({ $0 == "-" }).count > 1 { throw ValidationError("standard input can be read only once") }
        if all.isEmpty {
            if isatty(STDIN_FILENO) == 1 {
                throw ValidationError("missing file name; use - to read from the terminal, or see --help")
            }
            return [.name("-")]
        }
        return files.map { .name($0) } + lists.map { .list(path: $0, isNullSeparated: false) }
            + nullLists.map { .list(path: $0, isNullSeparated: true) }
    }
}

/// The command of a map cannot be run at all; the exit codes are those of `env`.
struct ProgramNotFound: Error {
    let reason: PoolmapError

    var exitCode: Int32 { reason.isMissingFile ? 127 : 126 }
}

/// Passes on what commands write to standard error, line by line, each with its chunk.
struct ChunkErrors {
    private let console: Console
    private var line: [UInt8] = []
    private static let mostLineBytes = 64 << 10

    /// A function that takes the bytes as they arrive.
    static func writer(_ console: Console) -> (Input?, Piece, [UInt8]) -> Void {
        var errors = ChunkErrors(console)
        return { errors.write($2, of: $1, $0) }
    }

    private init(_ console: Console) {
        self.console = console
    }

    /// - Parameter bytes: empty after the last ones of a chunk.
    private mutating func write(_ bytes: [UInt8], of chunk: Piece, _ input: Input?) {
        if bytes.isEmpty && !line.isEmpty {
            tell(chunk, input)
        }
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || line.count == ChunkErrors.mostLineBytes {
                tell(chunk, input)
            }
            if byte != UInt8(ascii: "\n") {
                line.append(byte)
            }
        }
    }

    private mutating func tell(_ chunk: Piece, _ input: Input?) {
        console.tell(line, of: chunk, input?.name)
        line.removeAll(keepingCapacity: true)
    }
}
