import ArgumentParser
import PoolmapCore

/// `poolmap test`.
struct Test: FilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Check that files can be restored, without writing anything.")

    @OptionGroup var common: RunOptions
    @OptionGroup var window: WindowOptions
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
            try names.sources(files), folders: names.folders(.with(compressedSuffixes)), followsLinks: force,
            console: console)
        try console.batch(common, "test").decompress(items, maximumWindowLog: window.long) { input, result in
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
    private let console: Console

    init(_ sources: [InputNames.Source], folders: InputNames.Folders, followsLinks: Bool, console: Console) {
        names = InputNames(sources, folders: folders, followsLinks: followsLinks)
        self.console = console
    }

    var hasMore: Bool { names.hasMore }

    mutating func next() -> ItemStep {
        while true {
            switch names.next() {
            case .file(let file): return .item(.file(file.path), .nowhere, file: file)
            case .standardInput: return .item(.standardInput, .nowhere, file: nil)
            case .refused(let name, let error): return .refused(.file(name), error)
            case .ignoredLink(let name): console.ignoreLink(name)
            case .waitForInput(let descriptor): return .waitForInput(descriptor)
            case .end: return .end
            }
        }
    }
}
