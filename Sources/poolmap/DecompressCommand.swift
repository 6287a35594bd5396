import ArgumentParser
import PoolmapCore

/// `poolmap decompress`.
struct Decompress: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decompress",
        abstract: "Restore files from FILE.zst, whoever made it.")

    @OptionGroup var common: RunOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var window: WindowOptions

    @Argument(help: ArgumentHelp("What to restore; - or none is standard input.", valueName: "file"))
    var files: [String] = []

    func run() throws {
        let plan = try FilePlan(files, target, common) { path in
            for (suffix, restored) in [(".zst", ""), (".tzst", ".tar"), (".zstd", "")] where path.hasSuffix(suffix) {
                let stem = path.dropLast(suffix.count)
                if !stem.isEmpty, !stem.hasSuffix("/") {
                    return .target(stem + restored)
                }
            }
            return .skip("has no suffix .zst; name the target with -o, or use -c")
        }
        try plan.execute { batch, items, report in
            try batch.decompress(items, maximumWindowLog: window.long, report: report)
        }
    }
}

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
