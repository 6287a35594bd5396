import ArgumentParser
import PoolmapCore

/// `poolmap test`.
struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Check that files can be restored, without writing anything.")

    @OptionGroup var common: RunOptions
    @OptionGroup var window: WindowOptions

    @Argument(help: ArgumentHelp("What to check; - is standard input.", valueName: "file"))
    var files: [String] = []

    func run() throws {
        let console = Console(common)
        let batch = console.batch(common, force: false)
        try batch.test(try inputs(files), maximumWindowLog: window.long) { input, result in
            console.report(input, result) { summary in
                "\(input.name): ok, \(readable(summary.inputBytes)) hold \(readable(summary.outputBytes))"
            }
        }
        try console.finish()
    }
}
