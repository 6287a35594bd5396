import ArgumentParser
import Files
import Glibc
import Ground
import Operations
import Run

/// The inputs of `compress` and `decompress`, each with its target.
///
/// Names are asked for one after the other, as the run comes to them.
final class FilePlan: ItemSource {
    private var names: InputNames
    private let naming: TargetNaming
    /// What is behind the name of each target: that of its part.
    private let partSuffix: String
    /// The same of a file that is in every share.
    private let splitSuffix: String
    /// Whether there may be such files.
    var splits: Bool { !splitSuffix.isEmpty }
    /// Whether others do the other inputs, so that a run may have to be done again for what is left.
    private let leavesDone: Bool
    /// What is done to the inputs, for --dry-run.
    let verb: String
    let options: TargetOptions
    private let run: RunOptions
    let console: Console
    private let readsStandardInput: Bool
    private let isOne: Bool
    private let isRecursive: Bool
    private let followsLinks: Bool
    private var linked = LinkedInputs()
    /// Found, and not to be begun yet.
    private var waiting: FoundFile?
    /// Names that come next, and the first of which is to be looked at.
    private var waitingNames: NameBundle?
    /// Names of one folder with something behind each: no two are in each other's way.
    private let hasDistinctTargets: Bool
    /// That of --output-dir, from the first target on.
    private var targetFolder: TargetFolder?
    private var dependencies: DependencyFile?
    /// That of -D.
    let dictionary: ZstdDictionary?
    /// For make's rules, by the bytes of the inputs' paths.
    private var targets: [[UInt8]: String] = [:]

    /// - Parameters:
    ///   - folders: which files of a folder are taken, with -r.
    ///   - endings: of names that are no inputs.
    ///   - suffixes: of what --resume keeps beside the target.
    ///   - naming: the target's path for an input's.
    ///   - work: what is done of the inputs.
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
            throw ValidationError("-o takes one input; --output-dir takes many")
        }
        // zstd's rule: a link is followed where nothing is made beside it, or by force.
        followsLinks = options.force || options.isStream
        var share = work.share
        share?.naming = naming
        share?.targets = options.shareTargets
        self.names = InputNames(
            sources, folders: names.folders(folders), followsLinks: followsLinks, passingOver: endings, share: share)
        // A name given by itself may have the target of another that is found under a folder, by another suffix.
        let mayCollide = if case .replacing = naming { sources.count > 1 } else { false }
        leavesDone = share != nil && !mayCollide
        readsStandardInput = sources.contains { if case .name("-") = $0 { true } else { false } }
        dependencies = options.dependencyFile.map { _ in DependencyFile(common: dictionary.path.map { [$0] } ?? []) }
        try claimOptions(names.lists, suffixes)
        try requireNoCollision(sources, followsLinks: followsLinks)
    }

    private var places: RunPlaces { console.places }

    /// Whether all goes to standard output, or to another open descriptor.
    var goesToOutput: Bool { options.isStream || (isOne && readsStandardInput && options.output == nil) }

    /// Throws if options name one file.
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

    /// Throws if an argument, or its target, is a file that an option names: that is known before anything is done.
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

    /// Where targets are beside their inputs, and take no other file's place, nothing has to be known of a file beforehand
    /// but its name.
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

    /// The item of a name that may be in the way of an earlier one, as it is if that was a file.
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

    /// The item of a file, once none of its other names is being read.
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
        // Links in a tree may lead targets anywhere, too.
        guard !(options.force && isRecursive) else { return NameReach(inputs: nil, targets: nil) }
        guard let folder = options.outputFolder ?? options.output.map({ folderPrefix(of: $0) }) else {
            return NameReach(inputs: inputs, targets: names.foldersOfNames)
        }
        let target = folder.isEmpty ? "." : folder
        // What is removed is written to.
        let targets = options.remove ? names.foldersOfNames.map { $0 + [target] } : [target]
        return NameReach(inputs: inputs, targets: targets)
    }

    private var targetOfStandardInput: Target { options.stream ?? options.output.map { .file($0) } ?? .standardOutput }

    /// - Parameter isClaimed: whether it is known to be in no other's way.
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

    /// The target of which the target of an item is a part.
    func wholeTarget(of part: Target) -> String {
        guard case .file(let path) = part else { return "" }
        return path.hasSuffix(partSuffix) ? String(path.dropLast(partSuffix.count)) : path
    }

    private func target(of file: FoundFile) throws(PoolmapError) -> String {
        if options.output == nil {
            if options.mirrorFolder != nil, mirroredFolder(of: file.path) == nil {
                throw .unusable("has .. in its path, which --output-dir-mirror has no place for")
            }
            if file.isDescriptor {
                throw .unusable("stands for an open descriptor; name the target with -o, or use -c")
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

    /// What an input would be written to; nil where its name does not say that.
    private func plannedTarget(of file: FoundFile) -> String? {
        if let output = options.output { return output + partSuffix }
        let suffix = file.isSplit ? splitSuffix : partSuffix
        guard !file.isDescriptor, let target = naming.target(of: file.path).map({ $0 + suffix }) else { return nil }
        return options.outputFolder.map { $0 + "/" + relative(target, of: file) } ?? target
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
        if options.flatFolder != nil { return lastName(of: target) }
        if options.mirrorFolder != nil { return (mirroredFolder(of: file.path) ?? "") + lastName(of: target) }
        guard let pathInTree = file.pathInTree else { return lastName(of: target) }
        return folderPrefix(of: pathInTree) + lastName(of: target)
    }

    /// The folders of a path, as they are below another folder; nil where it leads out of that.
    private func mirroredFolder(of path: String) -> String? {
        let parts = folderPrefix(of: path).utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        if parts.contains("..") { return nil }
        return parts.filter { $0 != "." }.map { $0 + "/" }.joined()
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
            batch.policy.leavesDone = leavesDone
            console.bundle(&batch, line: FilePlan.line)
            body(batch, self) { [self] input, result in report(input, result) }
            if let path = options.dependencyFile, !places.mustStay(fileOf: "--depfile") {
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
            case .refused(let input, let error): console.report(input, .failure(error)) { _, _ in nil }
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

    /// What -v says of an input.
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
