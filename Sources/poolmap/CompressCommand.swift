import ArgumentParser
import ArgumentSyntax
import Ground
import Operations

/// `poolmap compress`.
struct Compress: FilesCommand {
    static let configuration = CommandConfiguration.subcommand(
        commandName: "compress",
        abstract: "Compress files to FILE.zst, which zstd can read.",
        discussion: "Levels are -1 to -19, or up to -22 with --ultra.")

    @OptionGroup var common: RunOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var dictionary: DictionaryOptions
    @OptionGroup var parts: PartOptions

    @Option(name: .long, help: PartOptions.splitHelp)
    var split: ByteSize?

    @Option(name: .long, help: ArgumentHelp("Set the compression level; -1 to -19 for short.", valueName: "n"))
    var level: Int?

    @Flag(name: .long, help: "Allow levels 20 to 22, which need a lot of memory.")
    var ultra = false

    @Option(name: .long, help: ArgumentHelp("Use a fast level below 1; --fast alone is --fast=1.", valueName: "n"))
    var fast: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Enable long-distance matching with a window of 2^n bytes; --long alone is --long=27.", valueName: "n"))
    var long: Int?

    @Option(
        name: .customLong("chunk-size"),
        help: ArgumentHelp(
            "Put this much content into each frame, such as 8M, or at most this much with --rsyncable; the default depends "
                + "on the level.",
            valueName: "size"))
    var chunkSize: ByteSize?

    @Flag(
        name: .long,
        help: "Let the content decide where to cut, so that a small change of the input changes little of the output.")
    var rsyncable = false

    @Option(
        name: .customLong("block-size"),
        help: ArgumentHelp(
            "Put this much content into each frame, as zstd's -B does: at least 512K; 0 lets the level decide.",
            valueName: "size"))
    var blockSize: ByteSize?

    @Option(
        name: .customLong("zstd"),
        help: ArgumentHelp("Set advanced parameters, such as wlog=23,strat=6.", valueName: "parameters"))
    var parameters: [AdvancedParameters] = []

    @Option(
        name: .customLong("stream-size"),
        help: ArgumentHelp("Fail unless standard input has exactly this many bytes.", valueName: "size"))
    var streamSize: ByteSize?

    @Flag(
        name: .customLong("exclude-compressed"), help: "Skip files whose suffix marks them as compressed, such as .gz.")
    var excludesCompressed = false

    @Flag(name: .customLong("no-dictID"), help: "Leave the dictionary ID out of the file.")
    var hidesDictionary = false

    @Flag(inversion: .prefixedNo, help: "Add checksums to the file.")
    var check = true

    @Flag(
        name: .long,
        help: "With -o and one FILE: keep finished work when interrupted, and continue from what an earlier run kept.")
    var resume = false

    @OptionGroup var names: NameOptions

    @Argument(
        help: ArgumentHelp("Files to compress; - or none is standard input.", valueName: "file"), completion: .file())
    var files: [String] = []

    func validate() throws {
        if let level, !(0...CompressionOptions.levels.upperBound).contains(level) {
            throw ValidationError(
                "level must be between 1 and \(CompressionOptions.levels.upperBound) (got \(level))")
        }
        if let level, level > 19, !ultra {
            throw ValidationError("level \(level) requires --ultra")
        }
        if let fast, !(1 ... -CompressionOptions.levels.lowerBound).contains(fast) {
            throw ValidationError("--fast must be between 1 and \(-CompressionOptions.levels.lowerBound) (got \(fast))")
        }
        try validateWindowLog(long)
        if let chunkSize, !CompressionOptions.chunkSizes.contains(Int(clamping: chunkSize.bytes)) {
            throw ValidationError("--chunk-size must be between 1K and 1G (got \(chunkSize.bytes) bytes)")
        }
    }

    /// The chunk size that an option gives; nil to let the level decide.
    ///
    /// In zstd, -B sets the size of a thread's job, which corresponds to a chunk here; zstd's limits apply.
    private var requestedChunkBytes: Int? {
        guard let blockSize else { return chunkSize.map { Int($0.bytes) } }
        guard blockSize.bytes > 0 else { return nil }
        return Int(clamping: min(max(blockSize.bytes, 512 << 10), UInt64(CompressionOptions.chunkSizes.upperBound)))
    }

    func run() throws {
        if resume {
            // The journal computes a chunk's place from its number.
            guard !rsyncable else {
                throw ValidationError("--resume cannot be combined with --rsyncable")
            }
            guard target.output != nil, !target.isStream else {
                throw ValidationError("--resume requires -o FILE")
            }
            try names.requireOneFile(files, for: "--resume")
        }
        let work = try parts.work(on: files, names, common, split)
        try target.requirePart(work, for: parts.option)
        let environment = ZstdEnvironment(isQuiet: common.quiet)
        var options = CompressionOptions(
            level: fast.map { -$0 } ?? level ?? environment.level(isUltra: ultra) ?? 3, longWindowLog: long,
            hasChecksums: check,
            requestedChunkBytes: requestedChunkBytes, isRsyncable: rsyncable)
        options.parameters = parameters.flatMap(\.all)
        options.namesDictionary = !hidesDictionary
        options.streamBytes = streamSize?.bytes
        options.part = work.part
        let passedOver = excludesCompressed ? suffixesOfCompressed : []
        // A second run over a tree must not compress what the first one wrote.
        let plan = try FilePlan(
            "compress", files, names, target, common, dictionary, folders: .without(compressedSuffixes + passedOver),
            passingOver: passedOver,
            keptBeside: resume ? Batch.resumeSuffixes : [], naming: .appending(".zst"), work: work)
        try plan.refuseTerminal()
        if parts.engine != nil { return try plan.submit(parts, files, names) }
        options.dictionary = plan.dictionary
        let settings: [(String, JSONText)] = [
            ("level", .decimal("\(options.level)")), ("long", .number(orNull: long.map { UInt64($0) })),
            ("chunkBytes", .number(UInt64(options.chunkBytes))), ("rsyncable", .bool(rsyncable)),
            ("checksums", .bool(check)), parts.setting,
            ("zstd", .object(options.parameters.map { ($0.0.rawValue, .number(UInt64($0.value))) })),
        ]
        try plan.execute(settings + dictionary.settings(plan.dictionary)) { [options] batch, items, report in
            var batch = batch
            batch.splitPart = work.splitPart
            guard resume else { return batch.compress(items, options, report: report) }
            switch items.next() {
            case .item(.file(let path), .file(let target), _):
                batch.resumeCompression(of: path, to: target, options, notice: plan.console.note, report: report)
            case .refused(let input, let error): report(input, .failure(error))
            default: break
            }
        }
    }
}
