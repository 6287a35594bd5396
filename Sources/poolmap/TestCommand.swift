import ArgumentParser
import ArgumentSyntax
import Files
import Run

/// `poolmap test`.
struct Test: FilesCommand {
    static let configuration = CommandConfiguration.subcommand(
        commandName: "test",
        abstract: "Check that files can be decompressed, without writing anything.")

    @OptionGroup var common: RunOptions
    @OptionGroup var dictionary: DictionaryOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var limits: LimitOptions
    @OptionGroup var parts: PartOptions

    @Option(name: .long, help: PartOptions.splitHelp)
    var split: ByteSize?

    @OptionGroup var names: NameOptions

    @Flag(name: [.short, .long], help: "Follow symbolic links.")
    var force = false

    @Argument(
        help: ArgumentHelp("Files to check; - or none is standard input.", valueName: "file"),
        completion: .compressedFile)
    var files: [String] = []

    func run() throws {
        let work = try parts.work(on: files, names, common, split)
        let console = try Console(common)
        let dictionary = try dictionary.read(console.places)
        let items = try NamedItems(
            try names.sources(files), names.folders(.with(compressedSuffixes)), console.places, followsLinks: force,
            share: work.share)
        if parts.engine != nil {
            guard names.isOneFile(files) else {
                return try console.submit(PartedJob("test", files, names.lists), parts)
            }
            return try console.submit(items, parts) { input, _ in PartedJob(testing: input) }
        }
        var batch = try console.batch(
            common, "test", window.settings + limits.settings + self.dictionary.settings(dictionary) + [parts.setting])
        (batch.part, batch.splitPart) = (work.part, work.splitPart)
        batch.limit = limits.limit
        batch.dictionary = dictionary
        batch.memoryBytes = window.memoryBytes
        func line(_ input: Input, _ summary: JobSummary) -> String? {
            "\(input.name): ok, \(readable(summary.inputBytes)) hold \(readable(summary.outputBytes))"
        }
        console.bundle(&batch, line: line)
        batch.decompress(items, maximumWindowLog: window.long) { input, result in
            console.report(input, result, line: line)
        }
        try console.finish()
    }
}
