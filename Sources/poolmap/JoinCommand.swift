import ArgumentParser
import Files
import Ground
import Operations
import Run

/// `poolmap join`.
struct Join: FilesCommand {
    static let configuration = CommandConfiguration.subcommand(
        commandName: "join",
        abstract: "Join the parts that --part wrote into what a single run would have written.",
        discussion: """
            Give all parts, in any order. Without -o, each target is named after its parts, without .part-I-of-N, and \
            the parts may belong to several targets; with -r, they are found under directories.
            """)

    @OptionGroup var common: RunOptions

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Write the joined output to this file.", valueName: "file"), completion: .file())
    var output: String?

    @Flag(name: [.customShort("c"), .customLong("stdout")], help: "Write the joined output to standard output.")
    var standardOutput = false

    @Flag(name: .customLong("rm"), help: "Remove the parts once the target is on disk.")
    var remove = false

    @Flag(name: [.short, .long], help: "Overwrite an existing file.")
    var force = false

    @Flag(
        name: .customLong("if-changed"),
        help: "Replace a target only if its content changes; otherwise keep it and its timestamp.")
    var ifChanged = false

    @Flag(name: .customLong("fsync"), help: "fsync each target before renaming it; implied by --rm.")
    var sync = false

    @Flag(name: .shortAndLong, help: "Join all parts found under directories.")
    var recursive = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Join the outputs of map --part with this, which must be the --reduce that it was given.",
            valueName: "command"))
    var reduce: String?

    @Argument(help: ArgumentHelp("Files that --part wrote.", valueName: "part"), completion: .file())
    var files: [String] = []

    private var isStream: Bool { standardOutput || output == "-" }

    func validate() throws {
        if standardOutput, output != nil {
            throw ValidationError("-o cannot be combined with -c")
        }
        if recursive, let option = output != nil ? "-o" : standardOutput ? "-c" : reduce != nil ? "--reduce" : nil {
            throw ValidationError("-r cannot be combined with \(option)")
        }
        if isStream, let option = remove ? "--rm" : ifChanged ? "--if-changed" : nil {
            throw ValidationError("\(option) requires an output file, not standard output")
        }
    }

    func run() throws {
        if files.isEmpty { throw ValidationError("missing file names of the parts") }
        if files.contains("-") { throw ValidationError("parts cannot be read from standard input") }
        let console = try Console(common, replacesTargets: force || ifChanged)
        let groups = try groups(recursive ? foundParts(console) : files)
        for group in groups {
            do throws(PoolmapError) {
                if case .file(let path) = group.target { try console.places.require(target: path) }
                for path in group.paths { try console.places.require(input: path) }
            } catch {
                throw error.about(group.name)
            }
        }
        var batch = try console.batch(
            common, "join",
            [
                ("force", .bool(force)), ("ifChanged", .bool(ifChanged)), ("fsync", .bool(sync || remove)),
                ("remove", .bool(remove)),
            ])
        batch.policy.force = force
        batch.policy.keepsUnchanged = ifChanged
        batch.policy.syncs = sync
        batch.policy.removesInput = remove
        if let line = reduce, line != "concat" {
            guard groups.count == 1 else { throw ValidationError("--reduce requires the parts of a single file") }
            console.attempt(nil) { () throws(PoolmapError) in try reduce(groups[0], by: line, batch, console) }
            return try console.finish()
        }
        batch.join(groups) { input, result in
            console.report(input, result) { "\($0.name): \(readable($1.outputBytes)) of parts" }
        }
        try console.finish()
    }

    /// Joins the outputs of the commands, which the parts hold unreduced.
    private func reduce(
        _ group: PartGroup, by line: String, _ batch: Batch, _ console: Console
    ) throws(PoolmapError) {
        let parts = try PartSet(group.paths)
        if case .file(let path) = group.target { try parts.requireOthers(than: path) }
        try parts.requireReduction(line)
        var settings = MapSettings(joining: parts, by: MapSettings.Join(reducing: line), jobs: batch.jobs)
        settings.servedCoreCount = batch.jobServer == nil ? batch.jobs : 0
        var policy = batch.policy
        (policy.removesInput, policy.syncs) = (false, policy.isDurable)
        var target: String?
        if case .file(let path) = group.target { target = path }
        let map = try MapRun(settings, to: target, policy)
        if remove, !map.makesFile {
            throw PoolmapError(.failed, "is not a regular file; the parts are not removed").of(group.name)
        }
        map.onErrors = ChunkErrors.writer(console)
        map.onReductionFailure = { console.fail(nil, $0) }
        batch.join(parts, map, to: group) { input, result in
            console.report(input, result) { "\($0.name): of \(readable($1.inputBytes)) of outputs" }
        }
        guard !map.isBroken else { return }
        try map.commit()
        if remove { try parts.remove() }
    }

    /// The parts among the names, and those under folders.
    private func foundParts(_ console: Console) -> [String] {
        var parts: [String] = []
        var names = InputNames(files.map { .name($0) }, folders: .without([]), followsLinks: false)
        while true {
            switch names.next() {
            case .file(let file) where file.pathInTree == nil || Part.named(by: file.path) != nil:
                parts.append(file.path)
            case .ignoredLink(let path): parts.append(path)
            case .refused(let path, let error): console.fail(path, error)
            case .end: return parts
            // Other files under folders. Lists and standard input do not occur here.
            case .file, .standardInput, .waitForInput: break
            }
        }
    }

    /// The targets with their parts, in the order of each target's first part.
    private func groups(_ files: [String]) throws -> [PartGroup] {
        if isStream { return [PartGroup(target: .standardOutput, paths: files)] }
        if let output { return [PartGroup(target: .file(output), paths: files)] }
        var groups: [PartGroup] = []
        var numbers: [String: Int] = [:]
        for path in files {
            guard let (_, target) = Part.named(by: path) else {
                throw ValidationError("\(path) does not end with .part-I-of-N; name the target with -o")
            }
            if let number = numbers[target] {
                groups[number].paths.append(path)
            } else {
                numbers[target] = groups.count
                groups.append(PartGroup(target: .file(target), paths: [path]))
            }
        }
        return groups
    }
}
