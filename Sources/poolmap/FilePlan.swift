import ArgumentParser
import Files
import Glibc
import Ground
import Operations
import Run

/// The inputs of `compress` and `decompress`, each with its target.
///
/// Names are read one at a time, as the run needs them.
final class FilePlan: ItemSource {
    private var names: InputNames
    private let naming: TargetNaming
    /// The suffix of each target that says which part it is; empty without parts.
    private let partSuffix: String
    /// The same for large files that --split divides among all parts.
    private let splitSuffix: String
    /// Whether large files are divided among all parts.
    var splits: Bool { !splitSuffix.isEmpty }
    /// Whether finished targets are left alone: a part that is run again does only what is missing.
    private let leavesDone: Bool
    /// The subcommand, as --dry-run prints it.
    let verb: String
    let options: TargetOptions
    private let run: RunOptions
    let console: Console
    private let readsStandardInput: Bool
    private let isOne: Bool
    private let isRecursive: Bool
    private let followsLinks: Bool
    private var linked = LinkedInputs()
    /// A file that was found but cannot begin yet.
    private var waiting: FoundFile?
    /// The names that come next; the first of them must be looked at by itself.
    private var waitingNames: NameBundle?
    /// Whether no two targets can collide, since each is a name from one tree with a suffix added.
    private let hasDistinctTargets: Bool
    /// The folder of --output-dir, opened with the first target.
    private var targetFolder: TargetFolder?
    private var dependencies: DependencyFile?
    /// The dictionary of -D.
    let dictionary: ZstdDictionary?
    /// The targets for make's rules, by the bytes of the inputs' paths.
    private var targets: [[UInt8]: String] = [:]

    /// - Parameters:
    ///   - folders: which files in a folder are taken, with -r.
    ///   - endings: suffixes of names to skip.
    ///   - suffixes: suffixes of the files that --resume keeps beside the target.
    ///   - naming: how a target's path follows from its input's.
    ///   - work: the part or share of the inputs to do.
    init(
        _ verb: String, _ files: [String], _ names: NameOptions, _ options: TargetOptions, _ run: RunOptions,
        _ dictionary: DictionaryOptions, folders: InputNames.Folders, passingOver endings: [String] = [],
        keptBeside suffixes: [String] = [],
        naming: TargetNaming, work: PartWork
    ) throws {
        self.options = options
        self.run = run
        self.naming = naming
        partSuffix = work.part?.suffix ?? ""
        splitSuffix = work.splitPart?.suffix ?? ""
        self.verb = verb
        console = try Console(run, replacesTargets: options.force || options.ifChanged)
        let sources = try names.sources(files)
        self.dictionary = try dictionary.read(console.places)
        isRecursive = names.recursive
        if case .appending = naming {
            hasDistinctTargets = sources.count == 1 && names.lists.isEmpty
        } else {
            hasDistinctTargets = false
        }
        isOne = sources.count == 1 && names.lists.isEmpty && !names.recursive
        if options.output != nil && !isOne {
            throw ValidationError("-o requires a single input; use --output-dir for several")
        }
        // zstd's rule: a link is followed if nothing is created beside it, or with -f.
        followsLinks = options.force || options.isStream
        var share = work.share
        share?.naming = naming
        share?.targets = options.shareTargets
        self.names = InputNames(
            sources, folders: names.folders(folders), followsLinks: followsLinks, passingOver: endings, share: share)
        // Names with different suffixes, one an argument and one found under a folder, may have the same target.
        let mayCollide = if case .replacing = naming { sources.count > 1 } else { false }
        leavesDone = share != nil && !mayCollide
        readsStandardInput = sources.contains { if case .name("-") = $0 { true } else { false } }
        dependencies = options.dependencyFile.map { _ in DependencyFile(common: dictionary.path.map { [$0] } ?? []) }
        try claimOptions(names.lists, suffixes)
        try requireNoCollision(sources, followsLinks: followsLinks)
    }

    private var places: RunPlaces { console.places }

    /// Whether all output goes to standard output or another open descriptor.
    var goesToOutput: Bool { options.isStream || (isOne && readsStandardInput && options.output == nil) }

    /// Throws if two options name the same file.
    private func claimOptions(_ lists: [String], _ suffixes: [String]) throws(PoolmapError) {
        if let path = options.dependencyFile {
            try places.add(written: path, by: "--depfile")
        }
        for list in lists where list != "-" {
            try places.add(read: list, by: "--files-from")
        }
        for suffix in suffixes {
            try places.add(written: (options.output ?? "") + partSuffix + suffix, by: "--resume")
        }
        if options.isStream || (readsStandardInput && options.output == nil) {
            places.add(descriptor: options.outputDescriptor ?? STDOUT_FILENO)
        }
    }

    /// Throws, before anything is done, if an argument or its target is a file that an option names.
    private func requireNoCollision(
        _ sources: [InputNames.Source], followsLinks: Bool
    ) throws(PoolmapError) {
        guard !places.isEmpty else { return }
        for case .name(let path) in sources {
            do throws(PoolmapError) {
                try requireNoCollision(path, followsLinks: followsLinks)
            } catch {
                throw error.about(path == "-" ? Input.standardInput.name : path)
            }
        }
    }

    private func requireNoCollision(_ path: String, followsLinks: Bool) throws(PoolmapError) {
        if path == "-" {
            try places.requireStandardInput()
            if case .file(let target) = targetOfStandardInput {
                try places.require(target: target)
            }
        } else if let file = InputNames.file(path, followsLinks: followsLinks) {
            try places.require(input: file)
            if !options.isStream, let target = plannedTarget(of: file) {
                try places.require(target: target)
            }
        }
    }

    // MARK: Items

    var hasMore: Bool { waiting != nil || waitingNames != nil || names.hasMore }

    func next() -> ItemStep {
        if let file = waiting.take() { return itemInTurn(file) }
        while let bundle = waitingNames.take() {
            if bundle.count > 1 {
                waitingNames = bundle.part(1..<bundle.count)
            }
            if let item = itemOfFirst(bundle) { return item }
        }
        return names.next().item(standardInputTo: targetOfStandardInput, places) { itemInTurn($0) }
    }

    /// Whether a file's name is all that must be known beforehand: its target lies beside it and replaces no other
    /// file.
    private var takesNames: Bool {
        !(isOne || !partSuffix.isEmpty || options.isStream || options.output != nil || options.outputFolder != nil
            || options.dryRun
            || options.remove || options.force || options.ifChanged || options.dependencyFile != nil)
    }

    func nextNames(atMost most: Int) -> NameBundle? {
        guard takesNames, waiting == nil, let bundle = waitingNames.take() ?? names.nextNames(atMost: most) else {
            return nil
        }
        if hasDistinctTargets { return bundle }
        let count = places.claimNames(of: bundle, naming)
        if count == bundle.count { return bundle }
        waitingNames = bundle.part(count..<bundle.count)
        return count == 0 ? nil : bundle.part(0..<count)
    }

    func item(_ name: UnsafeRawBufferPointer, of bundle: NameBundle) -> ItemStep? {
        names.step(of: name, bundle)?.item(standardInputTo: targetOfStandardInput, places) {
            item($0, isClaimed: true)
        }
    }

    /// The item of a name whose target may collide with that of an earlier one, if the earlier one is a file.
    private func itemOfFirst(_ bundle: NameBundle) -> ItemStep? {
        bundle.firstName.withUnsafeBytes { name in
            names.step(of: name, bundle)?.item(standardInputTo: targetOfStandardInput, places) { file in
                let target = naming.target(of: file.path) ?? ""
                let rivals = naming.inputs(of: file.path) + naming.inputs(of: target) + [target]
                let isInTheWay = rivals.contains { InputNames.file($0, followsLinks: false) != nil }
                return item(file, isClaimed: !isInTheWay)
            }
        }
    }

    /// The item of a file; with --rm, only once none of its other hard links is being read.
    private func itemInTurn(_ file: FoundFile) -> ItemStep {
        guard options.remove, !options.dryRun else { return item(file) }
        if linked.mustWait(file) {
            waiting = file
            return .waitForReport
        }
        let item = item(file)
        if case .item = item {
            linked.begin(file)
        }
        return item
    }

    var reach: NameReach {
        if options.stream != nil { return .nothing }
        let inputs = names.reach
        // Links in a tree may lead anywhere, for targets, too.
        guard !(options.force && isRecursive) else { return NameReach(inputs: nil, targets: nil) }
        guard let folder = options.outputFolder ?? options.output.map({ folderPrefix(of: $0) }) else {
            return NameReach(inputs: inputs, targets: names.foldersOfNames)
        }
        let target = folder.isEmpty ? "." : folder
        // Removing an input writes to its folder.
        let targets = options.remove ? names.foldersOfNames.map { $0 + [target] } : [target]
        return NameReach(inputs: inputs, targets: targets)
    }

    private var targetOfStandardInput: Target { options.stream ?? options.output.map { .file($0) } ?? .standardOutput }

    /// - Parameter isClaimed: whether it is known not to collide with another input.
    private func item(_ found: FoundFile, isClaimed: Bool = false) -> ItemStep {
        var file = found
        let input = Input.file(file.path)
        do throws(PoolmapError) {
            if let stream = options.stream {
                try places.require(input: file)
                return .item(input, stream, file: file)
            }
            let target = try target(of: file)
            if isOne || isClaimed {
                try places.require(input: file)
                try places.require(target: target)
            } else {
                places.look(at: &file)
                try places.claim(input: file, target: target)
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

    /// The target that the parts will be joined to.
    func wholeTarget(of part: Target) -> String {
        guard case .file(let path) = part else { return "" }
        return path.hasSuffix(partSuffix) ? String(path.dropLast(partSuffix.count)) : path
    }

    private func target(of file: FoundFile) throws(PoolmapError) -> String {
        if options.output == nil {
            if options.mirrorFolder != nil, mirroredFolder(of: file.path) == nil {
                throw .unusable("has .. in its path, which --output-dir-mirror cannot recreate")
            }
            if file.isDescriptor {
                throw .unusable("is an open descriptor; name the target with -o, or use -c")
            }
            if naming.target(of: file.path) == nil {
                throw .unusable("has no suffix .zst; name the target with -o, or use -c")
            }
        }
        let target = plannedTarget(of: file) ?? ""
        if let folder = options.outputFolder, !options.dryRun {
            try madeFolder(folder).makeFolder(of: target, from: file.path)
        }
        return target
    }

    /// The target of an input; nil if it does not follow from the input's name.
    private func plannedTarget(of file: FoundFile) -> String? {
        if let output = options.output { return output + partSuffix }
        let suffix = file.isSplit ? splitSuffix : partSuffix
        guard !file.isDescriptor, let target = naming.target(of: file.path).map({ $0 + suffix }) else { return nil }
        return options.outputFolder.map { $0 + "/" + relative(target, of: file) } ?? target
    }

    /// The folder of --output-dir, created with the first target.
    private func madeFolder(_ path: String) throws(PoolmapError) -> TargetFolder {
        if let targetFolder { return targetFolder }
        let made = try TargetFolder(path, followsLinks: followsLinks)
        targetFolder = made
        return made
    }

    /// The target's path within --output-dir.
    private func relative(_ target: String, of file: FoundFile) -> String {
        if options.flatFolder != nil { return lastName(of: target) }
        if options.mirrorFolder != nil { return (mirroredFolder(of: file.path) ?? "") + lastName(of: target) }
        guard let pathInTree = file.pathInTree else { return lastName(of: target) }
        return folderPrefix(of: pathInTree) + lastName(of: target)
    }

    /// The folders of a path, to be recreated below another folder; nil if `..` would lead out of that.
    private func mirroredFolder(of path: String) -> String? {
        let parts = folderPrefix(of: path).utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        if parts.contains("..") { return nil }
        return parts.filter { $0 != "." }.map { $0 + "/" }.joined()
    }

    // MARK: The run

    /// Throws if compressed data would go to a terminal.
    func refuseTerminal() throws {
        guard options.isStream || (readsStandardInput && options.output == nil), !options.force,
            isatty(options.outputDescriptor ?? STDOUT_FILENO) == 1
        else { return }
        throw ValidationError("refusing to write compressed data to a terminal; use -o FILE, or -f to force it")
    }

    /// Runs the batch and reports each input.
    ///
    /// - Parameter settings: the subcommand's own options, for the report.
    func execute(_ settings: [(String, JSONText)], _ body: (Batch, FilePlan, @escaping Batch.Report) -> Void) throws {
        if options.dryRun {
            try describe()
        } else {
            var batch = try console.batch(run, verb, settings + options.settings)
            batch.policy = options.policy
            batch.policy.leavesDone = leavesDone
            console.bundle(&batch, line: FilePlan.line)
            body(batch, self) { [self] input, result in report(input, result) }
            if let path = options.dependencyFile, !places.mustStay(fileOf: "--depfile") {
                console.attempt(path) { () throws(PoolmapError) in try dependencies?.write(to: path) }
            }
        }
        try console.finish()
    }

    /// Prints what would be done, a line for each input.
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
            case .refused(let input, let error): console.report(input, .failure(error)) { _, _ in nil }
            case .waitForInput(let descriptor): waitForInput(descriptor)
            // A dry run never waits for a report.
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
        if options.ifChanged { line += ", if its content changes" }
        if options.remove { line += ", and remove \(FileName.printable(input.name))" }
        return line + "\n"
    }

    /// The line of -v for an input.
    private static func line(_ input: Input, _ summary: JobSummary) -> String? {
        let sizes = "\(input.name): \(readable(summary.inputBytes)) to \(readable(summary.outputBytes))"
        return summary.isUnchanged ? sizes + ", unchanged" : sizes
    }

    private func report(_ input: Input, _ result: Result<JobSummary, PoolmapError>) {
        linked.end(input)
        console.report(input, result, line: FilePlan.line)
        guard let target = targets.removeValue(forKey: FileName.bytes(of: input.name)), case .success = result else {
            return
        }
        console.attempt(input.name) { () throws(PoolmapError) in
            try dependencies?.add(target: target, inputs: [input.name])
        }
    }
}
