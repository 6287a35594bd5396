import ArgumentParser
import ArgumentSyntax
import Digests
import Files
import Ground
import Operations

/// The options of `hash`.
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
            "With one FILE: keep finished work in this file, and continue from what an earlier run kept.",
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

    /// Throws if the options cannot be combined with --part or --engine.
    private func validatePart() throws {
        guard parts.given != nil || parts.engine != nil else { return }
        try requireNone(
            of: [
                (checking.check, "--check"), (tree.tree, "--tree"),
                // The join would need the key, too.
                (digests.keyed, "--keyed"),
                // All parts would keep their state in the same file.
                (parts.engine != nil && resume != nil, "--resume"),
            ], beside: parts.option)
        guard output == nil || output == "-", parts.engine == nil || parts.detach else { return }
        throw ValidationError("\(parts.engine == nil ? "--part" : "--detach") requires -o FILE")
    }

    /// The job that an engine does in parts.
    func job(on files: [String]) -> PartedJob {
        PartedJob(
            hashing: files, names.lists, isOne: names.isOneFile(files), to: output == "-" ? nil : output, force: force)
    }

    /// The part to hash, of one file or as a share of many, and the file it goes to; nil without --part and --engine.
    ///
    /// Throws if digests of an algorithm cannot be joined.
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
            throw ValidationError(
                "\(parts.option) cannot be combined with \(names), which must be hashed from start to end")
        }
        return HashPart(part: part, path: path, share: nil)
    }

    /// Throws if parts would be written into a tree in which other parts look for files.
    private func requireOutside(_ trees: [String], _ folder: String) throws {
        guard names.recursive else { return }
        var folder = folder
        while let status = FileStatus(ofPath: folder) {
            if let tree = trees.first(where: { FileStatus(ofPath: $0)?.isSameFile(as: status) == true }) {
                throw ValidationError(
                    "the parts would be written into \(tree) and hashed, too; name a file outside it with -o")
            }
            let parent = folder + "/.."
            guard FileStatus(ofPath: parent)?.isSameFile(as: status) == false else { return }
            folder = parent
        }
    }

    /// Throws if an option about hashing is combined with --check.
    private func validateCheck() throws {
        guard checking.check else { return try digests.validateLength() }
        try requireNone(
            of: [
                (lines.tag, "--tag"), (lines.noNames, "--no-names"), (output != nil, "-o"), (force, "--force"),
                (tree.tree, "--tree"), (manifests.chunkSize != nil, "--chunk-size"), (names.recursive, "-r"),
                (!names.lists.isEmpty, "--files-from"), (resume != nil, "--resume"),
            ], beside: "--check")
        if digests.algorithm.count > 1 {
            throw ValidationError("--check accepts one --algorithm, for lines that do not name theirs")
        }
    }

    /// Throws if an option cannot be combined with --manifest.
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

    /// The settings of the run in the report.
    func settings(_ algorithms: [HashAlgorithm], mode: String) -> [(String, JSONText)] {
        [("algorithms", .array(algorithms.map { .string($0.tag) })), ("mode", .string(mode))]
    }

    /// Throws if another option names the file of -o, too.
    func claimOutput(_ places: RunPlaces) throws(PoolmapError) {
        guard let output, output != "-" else { return }
        let part = (try? parts.part(common)) ?? nil
        try places.add(written: output + (part?.suffix ?? ""), by: "-o")
    }

    /// The file of -o; nil if the lines go to standard output.
    func lineFile() throws(PoolmapError) -> LineFile? {
        guard let output, output != "-" else { return nil }
        return try LineFile(path: output, force: force)
    }
}

/// One part of a `hash` job.
struct HashPart {
    let part: Part
    /// The file that it writes.
    let path: String
    /// Its share of many files; nil if it is a part of a single file.
    let share: NameShare?
    /// Counts the names of the many files.
    let tally = NameTally()
}

/// The options of `hash` for folders.
struct TreeOptions: ParsableArguments {
    @Flag(name: .long, help: "Print one digest per directory, of the names, types, modes and contents in it.")
    var tree = false

    @Flag(name: .long, help: "With --tree: print the list that the digest is computed from.")
    var list = false

    func validate() throws {
        if list && !tree {
            throw ValidationError("--list requires --tree")
        }
    }
}

/// How digests are written.
struct LineOptions: ParsableArguments {
    @Flag(name: .long, help: "Print BSD-style lines, with the algorithm's name.")
    var tag = false

    @Flag(name: .customLong("no-names"), help: "Print the digests only.")
    var noNames = false

    @Flag(name: .shortAndLong, help: "End lines with NUL, and do not escape names.")
    var zero = false

    func validate() throws {
        if tag && noNames {
            throw ValidationError("--tag cannot be combined with --no-names")
        }
    }

    /// The bytes to write for the lines of one input.
    func text(_ lines: [DigestLine]) -> [UInt8] {
        let style = style(of: lines.map(\.algorithm))
        return lines.flatMap { FileName.bytes(of: $0.text(style, endsWithNull: zero)) }
    }

    /// The style of the lines of one input.
    func style(of algorithms: [HashAlgorithm]) -> DigestLine.Style {
        let isPlain = !tag && algorithms.count == 1 && algorithms.allSatisfy { $0.isPlain }
        return noNames ? .nameless : isPlain ? .plain : .tagged
    }
}

/// The options of `hash` for manifests.
struct ManifestOptions: ParsableArguments {
    @Flag(
        name: .long,
        help: """
            Print the digest of every chunk, so that --check can tell which bytes of a file are damaged. With --check: \
            expect every list to be a manifest; needed only for pipes.
            """)
    var manifest = false

    @Option(
        name: .customLong("chunk-size"),
        help: ArgumentHelp("With --manifest: set the chunk size, from 1K to 1G; default 1M.", valueName: "size"))
    var chunkSize: ByteSize?

    func validate() throws {
        guard let chunkSize else { return }
        guard manifest else { throw ValidationError("--chunk-size requires --manifest") }
        guard ManifestScheme.chunkBytesRange.contains(chunkSize.bytes) else {
            throw ValidationError("--chunk-size must be between 1K and 1G (got \(chunkSize.bytes))")
        }
    }

    /// The algorithm and chunk size of the manifest.
    func scheme(_ names: [HashAlgorithm.Name]) throws -> ManifestScheme {
        let known = ManifestScheme.algorithmNames.map(\.rawValue).joined(separator: ", ")
        guard names.count <= 1 else {
            throw ValidationError("--manifest accepts one --algorithm (got \(names.count))")
        }
        let chunkBytes = chunkSize?.bytes ?? ManifestScheme.defaultChunkBytes
        guard let scheme = ManifestScheme(names.first ?? .blake3, chunkBytes: chunkBytes) else {
            throw ValidationError("--manifest requires one of these algorithms: \(known)")
        }
        return scheme
    }
}

/// How `hash --check` judges and what it prints.
struct CheckOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Check the files named in these lists of digests or manifests.")
    var check = false

    @Flag(name: .long, help: "With --check: print nothing; the exit code gives the result.")
    var status = false

    @Flag(name: .shortAndLong, help: "With --check: warn about improperly formatted lines.")
    var warn = false

    @Flag(name: .long, help: "With --check: fail if a list has an improperly formatted line.")
    var strict = false

    @Flag(name: .customLong("ignore-missing"), help: "With --check: skip files that do not exist.")
    var ignoreMissing = false

    @Option(
        name: .long,
        help: ArgumentHelp("With --check of a manifest: start at this byte, such as 8M.", valueName: "n"))
    var offset: ByteSize?

    func validate() throws {
        let needing = [
            (offset != nil, "--offset"), (status, "--status"), (warn, "--warn"), (strict, "--strict"),
            (ignoreMissing, "--ignore-missing"),
        ]
        if !check, let option = needing.first(where: \.0) {
            throw ValidationError("\(option.1) requires --check")
        }
    }
}
