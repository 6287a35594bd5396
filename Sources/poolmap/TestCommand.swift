import ArgumentParser
import PoolmapCore

/// `poolmap test`.
struct Test: FilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Check that files can be restored, without writing anything.")

    @OptionGroup var common: RunOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var limits: LimitOptions
    @OptionGroup var names: NameOptions

    @Flag(name: [.short, .long], help: "Follow symbolic links.")
    var force = false

    @Argument(
        help: ArgumentHelp("What to check; - or none is standard input.", valueName: "file"),
        completion: .compressedFile)
    var files: [String] = []

    func run() throws {
        let console = Console(common)
        let items = NamedItems(
            try names.sources(files), folders: names.folders(.with(compressedSuffixes)), followsLinks: force)
        var batch = try console.batch(common, "test", limits.settings)
        batch.limit = limits.limit
        batch.decompress(items, maximumWindowLog: window.long) { input, result in
            console.report(input, result) { summary in
                "\(input.name): ok, \(readable(summary.inputBytes)) hold \(readable(summary.outputBytes))"
            }
        }
        try console.finish()
    }
}

/// Inputs of which nothing is written to a file.
struct NamedItems: ItemSource {
    private var names: InputNames

    init(_ sources: [InputNames.Source], folders: InputNames.Folders, followsLinks: Bool) {
        names = InputNames(sources, folders: folders, followsLinks: followsLinks)
    }

    var hasMore: Bool { names.hasMore }

    var reach: NameReach { NameReach(inputs: names.reach, targets: []) }

    mutating func next() -> ItemStep {
        names.nextItem(standardInputTo: .nowhere) { .item(.file($0.path), .nowhere, file: $0) }
    }
}

extension InputNames {
    /// The next name as an item of a run.
    mutating func nextItem(standardInputTo target: Target, item: (FoundFile) -> ItemStep) -> ItemStep {
        switch next() {
        case .file(let file): item(file)
        case .standardInput: .item(.standardInput, target, file: nil)
        case .refused(let name, let error): .refused(.file(name), error)
        case .ignoredLink(let name): .refused(.file(name), .ignoredLink)
        case .waitForInput(let descriptor): .waitForInput(descriptor)
        case .end: .end
        }
    }
}
