import ArgumentParser
import ArgumentSyntax
import Glibc
import Ground

/// `poolmap cat`.
struct Cat: ParsableCommand {
    static let configuration = CommandConfiguration.subcommand(
        commandName: "cat",
        abstract: "Write a range of a compressed file's content to standard output.",
        discussion: "Only the frames that hold the range are read, if the file says how large each frame is.")

    @OptionGroup var common: RunOptions
    @OptionGroup var dictionary: DictionaryOptions
    @OptionGroup var sparse: SparseOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var limits: LimitOptions

    @Option(name: .long, help: ArgumentHelp("Start at this byte of the content.", valueName: "n"))
    var offset = ByteSize(bytes: 0)

    @Option(name: .long, help: ArgumentHelp("Write this many bytes; default: up to the end.", valueName: "m"))
    var length: ByteSize?

    @Argument(help: ArgumentHelp("A compressed regular file.", valueName: "file"), completion: .compressedFile)
    var file: String

    func run() throws {
        let console = try Console(common)
        let dictionary = try dictionary.read(console.places)
        console.places.add(descriptor: STDOUT_FILENO)
        do throws(PoolmapError) {
            try console.places.require(input: file)
        } catch {
            throw error.about(file)
        }
        let (end, overflowed) = offset.bytes.addingReportingOverflow(length?.bytes ?? .max)
        let range = offset.bytes..<(overflowed ? .max : end)
        let settings = window.settings + sparse.settings + limits.settings + self.dictionary.settings(dictionary)
        var batch = try console.batch(common, "cat", settings)
        batch.limit = limits.limit
        batch.dictionary = dictionary
        batch.memoryBytes = window.memoryBytes
        batch.policy.sparse = sparse.output
        batch.cat(file, range, maximumWindowLog: window.long) { input, result in
            console.report(input, result) { "\($0.name): \($1.outputBytes) bytes" }
        }
        try console.finish()
    }
}
