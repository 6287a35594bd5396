import ArgumentParser
import ArgumentSyntax
import Digests
import Files
import Ground
import Operations

/// What `hash` takes beside the names of files.
struct HashOptions: ParsableArguments {
    @OptionGroup var common: RunOptions
    @OptionGroup var digests: DigestOptions
    @OptionGroup var tree: TreeOptions
    @OptionGroup var lines: LineOptions
    @OptionGroup var manifests: ManifestOptions
    @OptionGroup var checking: CheckOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write to this file, which appears once every input is hashed.", valueName: "file"),
        completion: .file())
    var output: String?

    @Flag(name: .shortAndLong, help: "Overwrite an existing file.")
    var force = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "With one FILE: keep what is done in this file, and go on with what an interrupted run kept.",
            valueName: "file"),
        completion: .file())
    var resume: String?

    @OptionGroup var parts: PartOptions
    @OptionGroup var names: NameOptions

    func validate() throws {
        try validateCheck()
        try validateManifest()
        try validatePart()
    }

    /// Throws where a part cannot be hashed so.
    private func validatePart() throws {
        guard parts.given != nil || parts.engine != nil else { return }
        try requireNone(
            of: [
                (checking.check, "--check"), (tree.tree, "--tree"),
                // The join would need the key as well.
                (digests.keyed, "--keyed"),
                // Each of them would keep in one file what it has done.
                (parts.engine != nil && resume != nil, "--resume"),
            ], beside: parts.option)
        guard output == nil || output == "-", parts.engine == nil || parts.detach else { return }
        throw ValidationError("\(parts.engine == nil ? "--part" : "--detach") needs -o FILE")
    }

    /// The job whose parts an engine does.
    func job(on files: [String]) -> PartedJob {
        PartedJob(
            hashing: files, names.lists, isOne: names.isOneFile(files), to: output == "-" ? nil : output, force: force)
    }

    /// What is to be hashed: a part of the one file, or a share of many, and the part's file; nil for all.
    ///
    /// Throws where an algorithm cannot be joined.
    func work(on files: [String], _ algorithms: [HashAlgorithm]) throws -> HashPart? {
        guard let part = try parts.part(common) else { return nil }
        let job = job(on: files)
        let path = (job.target ?? "") + part.suffix
        let work = try parts.work(on: files, names, common)
        if let share = work.share {
            try requireNone(of: [(resume != nil, "--resume")], beside: "\(parts.option) of many files")
            try requireOutside(files, folderOf(job.notesName))
            return HashPart(part: part, path: path, share: share)
        }
        let indivisible = algorithms.filter { !manifests.manifest && !$0.isDivisible }.map(\.name.rawValue)
        guard indivisible.isEmpty else {
            let names = indivisible.joined(separator: ", ")
            throw ValidationError("\(parts.option) cannot do \(names), which is hashed from the beginning to the end")
        }
        return HashPart(part: part, path: path, share: nil)
    }

    /// Throws where parts appear among the files that other parts look for.
    private func requireOutside(_ trees: [String], _ folder: String) throws {
        guard names.recursive else { return }
        var folder = folder
        while let status = FileStatus(ofPath: folder) {
            if let tree = trees.first(where: { FileStatus(ofPath: $0)?.isSameFile(as: status) == true }) {
                throw ValidationError(
                    "the parts would be in \(tree), and be hashed as well; name a file elsewhere by -o")
            }
            let parent = folder + "/.."
            guard FileStatus(ofPath: parent)?.isSameFile(as: status) == false else { return }
            folder = parent
        }
    }

    /// Throws where an option is given that says how to hash or what, and not how to check.
    private func validateCheck() throws {
        guard checking.check else { return try digests.validateLength() }
        try requireNone(
            of: [
                (lines.tag, "--tag"), (lines.noNames, "--no-names"), (output != nil, "-o"), (force, "--force"),
                (tree.tree, "--tree"), (manifests.chunkSize != nil, "--chunk-size"), (names.recursive, "-r"),
                (!names.lists.isEmpty, "--files-from"), (resume != nil, "--resume"),
            ], beside: "--check")
        if digests.algorithm.count > 1 {
            throw ValidationError("--check takes one --algorithm, for the lines that do not name their own")
        }
    }

    /// Throws where an option says nothing of a manifest that is to be written.
    private func validateManifest() throws {
        guard manifests.manifest, !checking.check else { return }
        try requireNone(
            of: [
                (tree.tree, "--tree"), (resume != nil, "--resume"), (digests.keyed, "--keyed"),
                (digests.deriveKey != nil, "--derive-key"), (digests.length != nil, "--length"), (lines.tag, "--tag"),
                (lines.noNames, "--no-names"), (lines.zero, "--zero"),
            ], beside: "--manifest")
        _ = try manifests.scheme(digests.algorithm)
    }

    /// What the report says of the run.
    func settings(_ algorithms: [HashAlgorithm], mode: String) -> [(String, JSONText)] {
        [("algorithms", .array(algorithms.map { .string($0.tag) })), ("mode", .string(mode))]
    }

    /// Throws if the file of -o is another option's as well.
    func claimOutput(_ places: RunPlaces) throws(PoolmapError) {
        guard let output, output != "-" else { return }
        let part = (try? parts.part(common)) ?? nil
        try places.add(written: output + (part?.suffix ?? ""), by: "-o")
    }

    /// The file of -o; nil where the lines go to standard output.
    func lineFile() throws(PoolmapError) -> LineFile? {
        guard let output, output != "-" else { return nil }
        return try LineFile(path: output, force: force)
    }
}

/// A part of what `hash` is to do.
struct HashPart {
    let part: Part
    /// Its file.
    let path: String
    /// What it has of many files; nil where it has a part of the one.
    let share: NameShare?
    /// Counts the many files.
    let tally = NameTally()
}

/// What `hash` takes to hash folders.
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

/// How digests are written.
struct LineOptions: ParsableArguments {
    @Flag(name: .long, help: "Write lines with the algorithm's name, as BSD's tools do.")
    var tag = false

    @Flag(name: .customLong("no-names"), help: "Write the digests alone.")
    var noNames = false

    @Flag(name: .shortAndLong, help: "Lines end with NUL, and no name is escaped.")
    var zero = false

    func validate() throws {
        if tag && noNames {
            throw ValidationError("--tag and --no-names exclude each other")
        }
    }

    /// The lines of one input, as they are written.
    func text(_ lines: [DigestLine]) -> [UInt8] {
        let style = style(of: lines.map(\.algorithm))
        return lines.flatMap { FileName.bytes(of: $0.text(style, endsWithNull: zero)) }
    }

    /// How the digests of one input are written.
    func style(of algorithms: [HashAlgorithm]) -> DigestLine.Style {
        let isPlain = !tag && algorithms.count == 1 && algorithms.allSatisfy { $0.isPlain }
        return noNames ? .nameless : isPlain ? .plain : .tagged
    }
}

/// What `hash` takes to write manifests.
struct ManifestOptions: ParsableArguments {
    @Flag(
        name: .long,
        help: """
            Write the digest of every chunk by itself, so that --check can say which bytes of a file are damaged; with \
            --check: all lists are manifests, which has to be said only of pipes.
            """)
    var manifest = false

    @Option(
        name: .customLong("chunk-size"),
        help: ArgumentHelp("With --manifest: the size of the chunks, from 1K to 1G; by default 1M.", valueName: "size"))
    var chunkSize: ByteSize?

    func validate() throws {
        guard let chunkSize else { return }
        guard manifest else { throw ValidationError("--chunk-size needs --manifest") }
        guard ManifestScheme.chunkBytesRange.contains(chunkSize.bytes) else {
            throw ValidationError("--chunk-size must be from 1K to 1G, and is \(chunkSize.bytes)")
        }
    }

    /// What the manifest is to be by.
    func scheme(_ names: [HashAlgorithm.Name]) throws -> ManifestScheme {
        let known = ManifestScheme.algorithmNames.map(\.rawValue).joined(separator: ", ")
        guard names.count <= 1 else {
            throw ValidationError("--manifest takes one --algorithm, not \(names.count)")
        }
        let chunkBytes = chunkSize?.bytes ?? ManifestScheme.defaultChunkBytes
        guard let scheme = ManifestScheme(names.first ?? .blake3, chunkBytes: chunkBytes) else {
            throw ValidationError("--manifest takes one of these as --algorithm: \(known)")
        }
        return scheme
    }
}

/// How `hash --check` judges and what it prints.
struct CheckOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Check the files that these lists of digests, or manifests, name.")
    var check = false

    @Flag(name: .long, help: "With --check: print nothing, the exit code says it.")
    var status = false

    @Flag(name: .shortAndLong, help: "With --check: say which lines of a list are no lines of a list.")
    var warn = false

    @Flag(name: .long, help: "With --check: fail where a list has such a line.")
    var strict = false

    @Flag(name: .customLong("ignore-missing"), help: "With --check: pass over names without a file.")
    var ignoreMissing = false

    @Option(
        name: .long,
        help: ArgumentHelp("With --check of a manifest: check the bytes from here on only, as 8M.", valueName: "n"))
    var offset: ByteSize?

    func validate() throws {
        let needing = [
            (offset != nil, "--offset"), (status, "--status"), (warn, "--warn"), (strict, "--strict"),
            (ignoreMissing, "--ignore-missing"),
        ]
        if !check, let option = needing.first(where: \.0) {
            throw ValidationError("\(option.1) needs --check")
        }
    }
}
