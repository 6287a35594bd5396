import ArgumentParser
import PoolmapCore

/// `poolmap hash --tree`.
struct TreeOptions: ParsableArguments {
    @Flag(name: .long, help: "Write one digest for each folder, of the names, types, modes and contents in it.")
    var tree = false

    @Flag(name: .long, help: "With --tree: write the list that the digest is made of.")
    var list = false

    func validate() throws {
        if list && !tree {
            throw ValidationError("--list needs --tree")
        }
    }
}

extension Hash {
    /// Hashes folders.
    func hashTrees() throws {
        let algorithm = try treeAlgorithm()
        try validateTreeUsage()
        let console = try Console(common)
        try claimOutput(console.places)
        let file = try lineFile()
        let batch = try console.batch(common, "hash", settings([algorithm], mode: "tree"))
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
        if tree.list {
            trees.onLine = { line in
                attempt(nil) { () throws(PoolmapError) in try output.write(line) }
            }
        } else {
            trees.onDigest = { folder, digest in
                attempt(folder) { () throws(PoolmapError) in
                    var line = DigestLine(algorithm, try digest.get(), folder)
                    line.isTree = true
                    try output.write(line.text(lines.style(for: [algorithm]), endsWithNull: lines.zero))
                }
            }
        }
        batch.hash(trees) { input, result in
            console.report(input, result) { _, _ in nil }
        }
        try output.flush()
        // Throws where something could not be read: then there is no file.
        try console.finish()
        try output.commit()
    }

    private func treeAlgorithm() throws -> HashAlgorithm {
        for (isGiven, option) in [
            (digests.length != nil, "--length"), (digests.keyed, "--keyed"), (digests.deriveKey != nil, "--derive-key"),
            (resume != nil, "--resume"),
        ] where isGiven {
            throw ValidationError("--tree and \(option) exclude each other")
        }
        let algorithms = try digests.algorithms(standardInputIsTaken: false)
        guard let algorithm = algorithms.first, algorithms.count == 1, algorithm.isPlain else {
            throw ValidationError("--tree takes one algorithm: blake3, sha256, sha512, sha1 or md5")
        }
        return algorithm
    }

    private func validateTreeUsage() throws {
        if names.recursive || !names.lists.isEmpty || names.isNullSeparated {
            throw ValidationError("--tree takes folders as arguments, without -r or --files-from")
        }
        if files.isEmpty || files.contains("-") {
            throw ValidationError("--tree needs a folder\(files.isEmpty ? "" : ", and - is standard input")")
        }
        guard tree.list else { return }
        if files.count > 1 {
            throw ValidationError("--list takes one folder")
        }
        for (isGiven, option) in [(lines.tag, "--tag"), (lines.noNames, "--no-names"), (lines.zero, "--zero")]
        where isGiven {
            throw ValidationError("--list and \(option) exclude each other")
        }
    }
}
