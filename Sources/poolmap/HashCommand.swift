import ArgumentParser
import PoolmapCore

extension HashAlgorithm: ExpressibleByArgument {}

/// `poolmap hash`.
struct Hash: FilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash",
        abstract: "Write the digest of each file, in the format that sha256sum -c and its like read.")

    @OptionGroup var common: RunOptions

    @Option(name: [.customShort("a"), .long], help: ArgumentHelp("sha256, sha512, sha1 or md5.", valueName: "name"))
    var algorithm = HashAlgorithm.sha256

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write to this file, which appears once every input is hashed.", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(name: .shortAndLong, help: "Overwrite an existing file.")
    var force = false

    @OptionGroup var names: NameOptions

    @Argument(help: ArgumentHelp("What to hash; - or none is standard input.", valueName: "file"), completion: .file())
    var files: [String] = []

    func run() throws {
        let console = Console(common)
        let items = NamedItems(try names.sources(files), folders: names.folders(.without([])), followsLinks: true)
        let file = try lineFile()
        var output = LineOutput(to: file)
        let batch = try console.batch(common, "hash", [("algorithm", .string(algorithm.rawValue))])
        batch.hash(items, algorithm) { input, result in
            console.report(input, result) { _ in nil }
            if let file, file.wouldReplace(input) {
                return console.fail(input.name, .unusable("is both input and output"))
            }
            guard case .success(let summary) = result, let digest = summary.digest else { return }
            let name = if case .file(let path) = input { path } else { "-" }
            console.attempt(name) { () throws(PoolmapError) in try output.write(digestLine(digest, name)) }
        }
        try output.flush()
        // Throws where an input failed: then there is no file.
        try console.finish()
        try output.commit()
    }

    /// The file of -o; nil where the lines go to standard output.
    private func lineFile() throws(PoolmapError) -> LineFile? {
        guard let output, output != "-" else { return nil }
        return try LineFile(path: output, force: force)
    }
}

/// A line as coreutils writes it: a name with a backslash or a line break is escaped, and a backslash says so.
private func digestLine(_ digest: String, _ name: String) -> String {
    let escapes: [Character: String] = ["\\": "\\\\", "\n": "\\n", "\r": "\\r"]
    guard name.contains(where: { escapes[$0] != nil || $0 == "\r\n" }) else {
        return "\(digest)  \(name)\n"
    }
    let escaped = name.map { $0 == "\r\n" ? "\\r\\n" : escapes[$0] ?? String($0) }.joined()
    return "\\\(digest)  \(escaped)\n"
}
