import ArgumentParser
import ArgumentSyntax
import Ground
import Operations

/// `poolmap compress`.
struct Compress: FilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "compress",
        abstract: "Compress files to FILE.zst, which zstd can read.",
        discussion: "Levels are given as -1 to -19, and with --ultra to -22.")

    @OptionGroup var common: RunOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var dictionary: DictionaryOptions
    @OptionGroup var parts: PartOptions

    @Option(name: .long, help: PartOptions.splitHelp)
    var split: ByteSize?

    @Option(name: .long, help: ArgumentHelp("The level; -1 to -19 are short for it.", valueName: "n"))
    var level: Int?

    @Flag(name: .long, help: "Allow levels 20 to 22, which need much memory.")
    var ultra = false

    @Option(name: .long, help: ArgumentHelp("Fast levels below 1; --fast alone is --fast=1.", valueName: "n"))
    var fast: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Match over long distances, in a window of 2^n bytes; --long alone is --long=27.", valueName: "n"))
    var long: Int?

    @Option(
        name: .customLong("chunk-size"),
        help: ArgumentHelp(
            "The content of each frame, as 8M; by default what suits the level. With --rsyncable the most.",
            valueName: "size"))
    var chunkSize: ByteSize?

    @Flag(
        name: .long,
        help: "Cut where the content says so, so that a change of the input changes little of the output, for rsync.")
    var rsyncable = false

    @Option(
        name: .customLong("block-size"),
        help: ArgumentHelp(
            "The content of each frame, as -B of zstd: at least 512K; 0 is what suits the level.",
            valueName: "size"))
    var blockSize: ByteSize?

    @Option(
        name: .customLong("zstd"),
        help: ArgumentHelp("Set parameters beyond the level, as wlog=23,strat=6.", valueName: "parameters"))
    var parameters: [AdvancedParameters] = []

    @Option(
        name: .customLong("stream-size"),
        help: ArgumentHelp("Fail unless standard input has exactly so many bytes.", valueName: "size"))
    var streamSize: ByteSize?

    @Flag(
        name: .customLong("exclude-compressed"), help: "Pass over files whose names end like compressed ones, as .gz.")
    var excludesCompressed = false

    @Flag(name: .customLong("no-dictID"), help: "Leave the number of the dictionary out of the file.")
    var hidesDictionary = false

    @Flag(inversion: .prefixedNo, help: "Put checksums into the file.")
    var check = true

    @Flag(
        name: .long,
        help: "With -o and one FILE: keep what is done when interrupted, and go on with what an interrupted run kept.")
    var resume = false

    @OptionGroup var names: NameOptions

    @Argument(
        help: ArgumentHelp("What to compress; - or none is standard input.", valueName: "file"), completion: .file())
    var files: [String] = []

    func validate() throws {
        if let level, !(0...CompressionOptions.levels.upperBound).contains(level) {
            throw ValidationError(
                "the level must be from 1 to \(CompressionOptions.levels.upperBound), and is \(level)")
        }
        if let level, level > 19, !ultra {
            throw ValidationError("level \(level) needs --ultra")
        }
        if let fast, !(1 ... -CompressionOptions.levels.lowerBound).contains(fast) {
            throw ValidationError("--fast must be from 1 to \(-CompressionOptions.levels.lowerBound), and is \(fast)")
        }
        try validateWindowLog(long)
        if let chunkSize, !CompressionOptions.chunkSizes.contains(Int(clamping: chunkSize.bytes)) {
            throw ValidationError("--chunk-size must be from 1K to 1G, and is \(chunkSize.bytes) bytes")
        }
    }

    /// zstd's jobs are the pieces that its threads work on, as chunks are here, and have the same limits.
    private var requestedChunkBytes: Int? {
        guard let blockSize else { return chunkSize.map { Int($0.bytes) } }
        guard blockSize.bytes > 0 else { return nil }
        return Int(clamping: min(max(blockSize.bytes, 512 << 10), UInt64(CompressionOptions.chunkSizes.upperBound)))
    }

    func run() throws {
        if resume {
            // The journal knows the places of chunks by their number.
            guard !rsyncable else {
                throw ValidationError("--resume and --rsyncable exclude each other")
            }
            guard target.output != nil, !target.isStream else {
                throw ValidationError("--resume needs -o FILE")
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
        // A second run over a tree is not to compress what the first has made.
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
