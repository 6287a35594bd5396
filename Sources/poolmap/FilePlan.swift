import ArgumentParser
import Glibc
import PoolmapCore

/// The inputs of `compress` and `decompress`, each with its target.
///
/// Names are asked for one after the other, as the run comes to them.
final class FilePlan: ItemSource {
    /// What a name says about its target.
    enum Naming {
        case target(String)
        case skip(String)
    }

    private var names: InputNames
    private let naming: (String) -> Naming
    /// What is done to the inputs, for --dry-run.
    private let verb: String
    private let options: TargetOptions
    private let run: RunOptions
    let console: Console
    private let readsStandardInput: Bool
    private let isOne: Bool
    private let followsLinks: Bool
    private var places = TargetPlaces()
    /// That of --output-dir, from the first target on.
    private var targetFolder: TargetFolder?
    private var dependencies: DependencyFile?
    /// For make's rules, by the bytes of the inputs' paths.
    private var targets: [[UInt8]: String] = [:]

    /// - Parameters:
    ///   - folders: which files of a folder are taken, with -r.
    ///   - naming: the target's path for an input's.
    init(
        _ verb: String, _ files: [String], _ names: NameOptions, _ options: TargetOptions, _ run: RunOptions,
        folders: InputNames.Folders,
        naming: @escaping (String) -> Naming
    ) throws {
        self.options = options
        self.run = run
        self.naming = naming
        self.verb = verb
        console = Console(run)
        let sources = try names.sources(files)
        isOne = sources.count == 1 && names.lists.isEmpty && !names.recursive
        if options.output != nil && !isOne {
            throw ValidationError("-o takes one input; --output-dir takes many")
        }
        // zstd's rule: a link is followed where nothing is made beside it, or by force.
        followsLinks = options.force || options.isStream
        self.names = InputNames(sources, folders: names.folders(folders), followsLinks: followsLinks)
        readsStandardInput = sources.contains { if case .name("-") = $0 { true } else { false } }
        dependencies = options.dependencyFile == nil ? nil : DependencyFile()
    }

    // MARK: Items

    var hasMore: Bool { names.hasMore }

    func next() -> ItemStep {
        names.nextItem(standardInputTo: targetOfStandardInput) { item($0) }
    }

    var reach: NameReach {
        if options.stream != nil { return .nothing }
        let inputs = names.reach
        guard let folder = options.outputFolder ?? options.output.map({ folderPrefix(of: $0) }) else {
            return NameReach(inputs: inputs, targets: inputs)
        }
        let target = folder.isEmpty ? "." : folder
        // What is removed is written to.
        let targets = options.remove ? inputs.map { $0 + [target] } : [target]
        return NameReach(inputs: inputs, targets: targets)
    }

    private var targetOfStandardInput: Target { options.stream ?? options.output.map { .file($0) } ?? .standardOutput }

    private func item(_ found: FoundFile) -> ItemStep {
        var file = found
        let input = Input.file(file.path)
        if let stream = options.stream {
            return .item(input, stream, file: file)
        }
        do throws(PoolmapError) {
            let target = try target(of: file)
            if !isOne {
                try places.claim(input: file.path, target: target)
            }
            if dependencies != nil {
                targets[FileName.bytes(of: file.path)] = target
            }
            file.putTarget(in: targetFolder)
            return .item(input, .file(target), file: file)
        } catch {
            return .refused(input, error)
        }
    }

    private func target(of file: FoundFile) throws(PoolmapError) -> String {
        if let output = options.output { return output }
        switch naming(file.path) {
        case .skip(let reason): throw .unusable(reason)
        case .target(let target):
            guard let folder = options.outputFolder else { return target }
            let place = folder + "/" + relative(target, of: file)
            if !options.dryRun {
                try madeFolder(folder).makeFolder(of: place)
            }
            return place
        }
    }

    /// That of --output-dir, made with the first target.
    private func madeFolder(_ path: String) throws(PoolmapError) -> TargetFolder {
        if let targetFolder { return targetFolder }
        let made = try TargetFolder(path, followsLinks: followsLinks)
        targetFolder = made
        return made
    }

    /// The target's path within --output-dir.
    private func relative(_ target: String, of file: FoundFile) -> String {
        guard let pathInTree = file.pathInTree else { return lastName(of: target) }
        return folderPrefix(of: pathInTree) + lastName(of: target)
    }

    // MARK: The run

    /// Throws if compressed data would go to a person.
    func refuseTerminal() throws {
        guard options.isStream || (readsStandardInput && options.output == nil), !options.force,
            isatty(options.outputDescriptor ?? STDOUT_FILENO) == 1
        else { return }
        throw ValidationError("compressed data is not written to a terminal; use -o FILE, or -f to force it")
    }

    /// Runs the batch and says what became of each input.
    ///
    /// - Parameter settings: what the report is to say of the subcommand's own options.
    func execute(_ settings: [(String, JSONText)], _ body: (Batch, FilePlan, @escaping Batch.Report) -> Void) throws {
        if options.dryRun {
            try describe()
        } else {
            var batch = try console.batch(run, verb, settings + options.settings)
            batch.policy = options.policy
            body(batch, self) { [self] input, result in report(input, result) }
            if let path = options.dependencyFile {
                console.attempt(path) { () throws(PoolmapError) in try dependencies?.write(to: path) }
            }
        }
        try console.finish()
    }

    /// Says what would be done, a line for each input.
    private func describe() throws {
        var output = LineOutput()
        loop: while true {
            switch next() {
            case .item(let input, let target, _):
                let makesFolder = options.outputFolder != nil
                if let obstacle = obstacle(input, target, options.policy, makesFolder: makesFolder) {
                    console.fail(input.name, obstacle)
                } else {
                    try output.write(line(input, target))
                }
            case .refused(let input, let error): console.report(input, .failure(error)) { _ in nil }
            case .waitForInput(let descriptor): waitForInput(descriptor)
            // Names wait for no report.
            case .waitForReport, .end: break loop
            }
        }
        try output.flush()
    }

    private func line(_ input: Input, _ target: Target) -> String {
        var line = "\(verb) \(FileName.printable(input.name)) to "
        switch target {
        case .file(let path): line += FileName.printable(path)
        case .standardOutput, .nowhere: line += "standard output"
        }
        if options.ifChanged { line += ", if that changes it" }
        if options.remove { line += ", and remove \(FileName.printable(input.name))" }
        return line + "\n"
    }

    private func report(_ input: Input, _ result: Result<JobSummary, PoolmapError>) {
        console.report(input, result) { summary in
            let sizes = "\(input.name): \(readable(summary.inputBytes)) to \(readable(summary.outputBytes))"
            return summary.isUnchanged ? sizes + ", unchanged" : sizes
        }
        guard let target = targets.removeValue(forKey: FileName.bytes(of: input.name)), case .success = result else {
            return
        }
        console.attempt(input.name) { () throws(PoolmapError) in
            try dependencies?.add(target: target, inputs: [input.name])
        }
    }
}
