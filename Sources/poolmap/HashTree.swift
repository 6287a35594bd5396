import ArgumentParser
import Digests
import Ground
import Operations

/// `poolmap hash --tree`: writes a digest for each folder, or the list that it is computed from.
struct HashTree {
    let options: HashOptions
    let files: [String]

    func run() throws {
        let algorithm = try algorithm()
        try validateUsage()
        let console = try Console(options.common)
        try options.claimOutput(console.places)
        let file = try options.lineFile()
        let batch = try console.batch(options.common, "hash", options.settings([algorithm], mode: "tree"))
        var output = LineOutput(to: file)
        let trees = TreeHash(files, algorithm, console.places, writesFile: file != nil)
        func attempt(_ folder: String?, _ body: () throws(PoolmapError) -> Void) {
            do throws(PoolmapError) {
                try body()
            } catch {
                console.fail(folder, error)
                trees.stop()
            }
        }
        if options.tree.list {
            trees.onLine = { line in
                attempt(nil) { () throws(PoolmapError) in try output.write(line) }
            }
        } else {
            trees.onDigest = { folder, digest in
                attempt(folder) { () throws(PoolmapError) in
                    var line = DigestLine(algorithm, try digest.get(), folder)
                    line.isTree = true
                    try output.write(options.lines.text([line]))
                }
            }
        }
        batch.hash(trees) { input, result in
            console.report(input, result) { _, _ in nil }
        }
        try output.flush()
        // Throws if something could not be read, so that no file appears.
        try console.finish()
        try output.commit()
    }

    private func algorithm() throws -> HashAlgorithm {
        let digests = options.digests
        try requireNone(
            of: [
                (digests.length != nil, "--length"), (digests.keyed, "--keyed"),
                (digests.deriveKey != nil, "--derive-key"), (options.resume != nil, "--resume"),
            ], beside: "--tree")
        let algorithms = try digests.algorithms(standardInputIsTaken: false)
        guard let algorithm = algorithms.first, algorithms.count == 1, algorithm.isPlain else {
            throw ValidationError("--tree requires a single algorithm: blake3, sha256, sha512, sha1 or md5")
        }
        return algorithm
    }

    private func validateUsage() throws {
        let names = options.names
        if names.recursive || !names.lists.isEmpty || names.isNullSeparated {
            throw ValidationError("--tree cannot be combined with -r or --files-from; name the directories")
        }
        if files.isEmpty || files.contains("-") {
            throw ValidationError("--tree requires a directory\(files.isEmpty ? "" : ", not standard input")")
        }
        guard options.tree.list else { return }
        if files.count > 1 {
            throw ValidationError("--list requires a single directory")
        }
        let lines = options.lines
        try requireNone(
            of: [(lines.tag, "--tag"), (lines.noNames, "--no-names"), (lines.zero, "--zero")], beside: "--list")
    }
}
