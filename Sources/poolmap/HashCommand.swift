import ArgumentParser
import PoolmapCore

/// `poolmap hash`.
struct Hash: FilesCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash",
        abstract: "Write digests of files that other programs can check.",
        discussion: """
            Lines are those of b3sum and sha256sum; with several algorithms, or one that needs to say more, those of BSD.
            """)

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

    @OptionGroup var names: NameOptions

    @Argument(
        help: ArgumentHelp("What to hash, or the lists to check; - or none is standard input.", valueName: "file"),
        completion: .file())
    var files: [String] = []

    func validate() throws {
        try validateCheck()
        try validateManifest()
    }

    func run() throws {
        if checking.check { return try check() }
        if tree.tree { return try hashTrees() }
        if manifests.manifest { return try writeManifests() }
        let console = try Console(common)
        let sources = try names.sources(files)
        try claimOutput(console.places)
        if let resume {
            try console.places.add(written: resume, by: "--resume")
        }
        let algorithms = try digests.algorithms(standardInputIsTaken: sources.contains { $0.isStandardInput })
        let items = try NamedItems(sources, names.folders(.without([])), console.places, followsLinks: true)
        let style = lines.style(for: algorithms)
        let file = try lineFile()
        var output = LineOutput(to: file)
        var batch = try console.batch(common, "hash", settings(algorithms, mode: "hash"))
        batch.format.output = { [lines] input, summary in
            let name = if case .file(let path) = input { path } else { "-" }
            return zip(algorithms, summary.digests).flatMap { algorithm, digest in
                FileName.bytes(of: DigestLine(algorithm, digest, name).text(style, endsWithNull: lines.zero))
            }
        }
        batch.onText = { text in
            console.report(text)
            console.attempt(nil) { () throws(PoolmapError) in try output.write(text.output) }
        }
        let format = batch.format
        let state = try resume.map { try resumable(HashState(path: $0, force: force), algorithms) }
        let report: Batch.Report = { input, result in
            console.report(input, result) { _, _ in nil }
            guard case .success(let summary) = result else { return }
            let name = if case .file(let path) = input { path } else { "-" }
            console.attempt(name) { () throws(PoolmapError) in
                try output.write(format.output?(input, summary) ?? [])
            }
        }
        if let state {
            batch.resumeHash(of: files[0], algorithms, state, notice: console.note, report: report)
        } else {
            batch.hash(items, algorithms, report: report)
        }
        try output.flush()
        // Throws where an input failed: then there is no file.
        try console.finish()
        try output.commit()
        state?.remove()
    }

    /// Throws where nothing could be kept.
    private func resumable(_ state: HashState, _ algorithms: [HashAlgorithm]) throws -> HashState {
        guard files.count == 1, files[0] != "-", names.lists.isEmpty, !names.recursive else {
            throw ValidationError("--resume takes one regular file")
        }
        if let algorithm = algorithms.first(where: { !$0.isDivisible }) {
            throw ValidationError(
                "--resume cannot keep \(algorithm.name.rawValue), which is hashed from the beginning to the end")
        }
        return state
    }

    /// What the report says of the run.
    func settings(_ algorithms: [HashAlgorithm], mode: String) -> [(String, JSONText)] {
        [("algorithms", .array(algorithms.map { .string($0.tag) })), ("mode", .string(mode))]
    }

    /// Throws if the file of -o is another option's as well.
    func claimOutput(_ places: RunPlaces) throws(PoolmapError) {
        guard let output, output != "-" else { return }
        try places.add(written: output, by: "-o")
    }

    /// The file of -o; nil where the lines go to standard output.
    func lineFile() throws(PoolmapError) -> LineFile? {
        guard let output, output != "-" else { return nil }
        return try LineFile(path: output, force: force)
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

    func style(for algorithms: [HashAlgorithm]) -> DigestLine.Style {
        if noNames { return .nameless }
        return tag || algorithms.count > 1 || !algorithms.allSatisfy(\.isPlain) ? .tagged : .plain
    }
}
