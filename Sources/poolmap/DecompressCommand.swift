import ArgumentParser
import PoolmapCore

/// `poolmap decompress`.
struct Decompress: FilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "decompress",
        abstract: "Restore files from FILE.zst, whoever made it.")

    @OptionGroup var common: RunOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var dictionary: DictionaryOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var limits: LimitOptions

    @Flag(name: .long, help: "Restore what can be had of damaged files; zeros stand for what is lost.")
    var salvage = false

    @Flag(name: .long, help: "With --salvage: leave out what is lost, in place of zeros.")
    var omit = false

    @Flag(
        inversion: .prefixedNo,
        help: "Copy what is no Zstandard file as it is; by default with -f to standard output.")
    var passThrough: Bool?

    @OptionGroup var names: NameOptions

    @Argument(
        help: ArgumentHelp("What to restore; - or none is standard input.", valueName: "file"),
        completion: .compressedFile)
    var files: [String] = []

    func validate() throws {
        if omit && !salvage {
            throw ValidationError("--omit needs --salvage")
        }
        if salvage && target.remove {
            throw ValidationError("--salvage and --rm exclude each other")
        }
    }

    func run() throws {
        let plan = try FilePlan(
            "decompress", files, names, target, common, dictionary, folders: .without([])
        ) { path in
            for (suffix, restored) in zip(compressedSuffixes, ["", ".tar", ""]) where path.hasSuffix(suffix) {
                let stem = path.dropLast(suffix.count)
                if !stem.isEmpty, !stem.hasSuffix("/") {
                    return .target(stem + restored)
                }
            }
            return .skip("has no suffix .zst; name the target with -o, or use -c")
        }
        let settings: [(String, JSONText)] = [
            ("long", .number(orNull: window.long.map { UInt64($0) })), ("salvage", .bool(salvage)),
            ("omit", .bool(omit)),
        ]
        try plan.execute(settings + limits.settings + dictionary.settings(plan.dictionary)) { batch, items, report in
            var batch = batch
            batch.limit = limits.limit
            batch.dictionary = plan.dictionary
            if salvage {
                batch.salvage(items, omitsLost: omit, maximumWindowLog: window.long, report: report)
            } else {
                batch.decompress(
                    items, maximumWindowLog: window.long,
                    passesThrough: passThrough ?? (target.force && target.isStream), report: report)
            }
        }
    }
}

/// How names of compressed files end.
let compressedSuffixes = [".zst", ".tzst", ".zstd"]

/// What subcommands take that decompress.
struct WindowOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("Allow windows of up to 2^n bytes in a large frame; 27 without.", valueName: "n"))
    var long: Int?

    func validate() throws {
        try validateWindowLog(long)
    }
}
