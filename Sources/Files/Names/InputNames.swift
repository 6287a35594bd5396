import Glibc
import Ground
import SystemPackage

/// The files that a command is to work on: those named one by one, those in lists, and those under folders.
///
/// They are found as they are needed, in the order of the arguments, a folder's in the order of their names' bytes. So
/// a tree or a list of any length takes the memory of one folder at a time.
///
/// Symbolic links are left alone, as zstd does, unless `followsLinks`. Those that lead to a pipe or to an open descriptor,
/// as a shell's `<(…)` and `/dev/stdin`, are read all the same.
package struct InputNames {
    /// Where names come from.
    package enum Source: Sendable {
        /// One name; "-" is standard input.
        case name(String)
        /// A file with a name a line, or with NUL bytes between them; "-" is standard input.
        case list(path: String, isNullSeparated: Bool)

        /// Whether standard input is read for it.
        package var isStandardInput: Bool {
            switch self {
            case .name(let path), .list(let path, _): path == "-"
            }
        }
    }

    /// What a folder in the way means.
    package enum Folders: Sendable {
        /// An error.
        case refused
        /// All files under it whose name has none of these endings.
        case without([String])
        /// All files under it whose name has one of these endings.
        case with([String])
    }

    /// What comes next.
    package enum Step {
        /// A file, which may be anything but a folder.
        case file(FoundFile)
        /// Standard input itself.
        case standardInput
        /// A name that leads to nothing that could be read.
        case refused(String, PoolmapError)
        /// A symbolic link that was named, and is not followed.
        case ignoredLink(String)
        /// Nothing before the list goes on.
        case waitForInput(FileDescriptor)
        /// Nothing any more.
        case end
    }

    private let allSources: [Source]
    private var sources: ArraySlice<Source>
    private let folders: Folders
    private let followsLinks: Bool
    private let endingsPassedOver: [String]
    private let share: NameShare?
    private let tally: NameTally?
    private var list: NameList?
    private var tree: FileTree?
    /// What comes next, where that was found already.
    private var found: Step?

    /// - Parameters:
    ///   - followsLinks: whether symbolic links are taken for what they lead to.
    ///   - endingsPassedOver: of names that are no inputs, wherever they are from.
    ///   - share: which of the files are taken; nil for all.
    ///   - tally: counts those that are taken and those that are not; nil where nobody asks.
    package init(
        _ sources: [Source], folders: Folders = .refused, followsLinks: Bool = true,
        passingOver endingsPassedOver: [String] = [], share: NameShare? = nil, tally: NameTally? = nil
    ) {
        (self.share, self.tally) = (share, tally)
        self.endingsPassedOver = endingsPassedOver
        allSources = sources
        self.sources = sources[...]
        self.folders = folders
        self.followsLinks = followsLinks
    }

    /// False where it is sure that `next` has no other.
    package var hasMore: Bool {
        if case .end? = found { return false }
        return found != nil || !sources.isEmpty || list != nil || tree != nil
    }

    /// The folders that hold all the names, and those below them; nil where that is not known.
    package var foldersOfNames: [String]? {
        var all: Set<String> = []
        for source in allSources {
            switch source {
            case .list: return nil
            case .name("-"): break
            case .name(let path):
                // A folder that is taken with all below it; else whatever is under the name when its turn comes.
                let isTree = if case .refused = folders { false } else { FileStatus(ofPath: path)?.isDirectory == true }
                all.insert(isTree ? path : folderOf(path))
                if all.count > InputNames.mostFolders { return nil }
            }
        }
        return Array(all)
    }

    /// Beyond, to name them all would take workers longer than is worth it.
    private static let mostFolders = 64

    /// The folders that hold all the files; nil where that is not known, or where links may lead anywhere.
    package var reach: [String]? { followsLinks ? nil : foldersOfNames }

    /// The next name; does not block but for a folder's names.
    package mutating func next() -> Step {
        while true {
            if let step = found.take() ?? nextOfTree() ?? nextOfList() ?? nextOfSources(), let own = inShare(step) {
                return own
            }
        }
    }

    /// nil where the step is another share's.
    ///
    /// A folder or a list that cannot be read is told whatever the share is: nobody knows what is in it.
    private func inShare(_ step: Step) -> Step? {
        switch step {
        case .file(var file):
            file.ordinal = count(file.path)
            file.isSplit = share?.splits(file) ?? false
            return isInShare(file.path, file.pathInTree) ? .file(file) : nil
        case .ignoredLink(let path):
            _ = count(path)
            return isInShare(path) ? step : nil
        case .standardInput, .refused, .waitForInput, .end: return step
        }
    }

    private func count(_ path: String) -> UInt64? {
        guard let tally else { return nil }
        return FileName.bytes(of: path).withUnsafeBytes { tally.add($0) }
    }

    private func isInShare(_ path: String, _ pathInTree: String? = nil) -> Bool {
        guard let share else { return true }
        let bytes = FileName.bytes(of: path)
        let treeOffset = pathInTree.map { bytes.count - FileName.bytes(of: $0).count }
        return bytes.withUnsafeBytes { share.has($0, treeOffset: treeOffset) }
    }

    /// The names that come next, at most so many, where whoever opens them finds out all that is to be known of them.
    ///
    /// nil where `next` is to be asked. Does not block but for a folder's names.
    package mutating func nextNames(atMost most: Int) -> NameBundle? {
        while found == nil {
            var bundle = NameBundle(tree?.origin ?? NameBundle.Origin())
            (bundle.share, bundle.tally) = (share, tally)
            if tree != nil {
                tree?.takeFiles(into: &bundle, atMost: most)
            } else if case .refused = folders {
                if list != nil {
                    list?.takeNames(into: &bundle, atMost: most)
                } else {
                    takeArguments(into: &bundle, atMost: most)
                }
            }
            if !bundle.isEmpty { return bundle }
            found = nextOfTree() ?? nextOfList() ?? nextOfSources()
        }
        return nil
    }

    /// What was named by itself is done by itself.
    private mutating func takeArguments(into bundle: inout NameBundle, atMost most: Int) {
        guard allSources.count > 1 else { return }
        while bundle.count < most, case .name(let path)? = sources.first, path != "-" {
            FileName.bytes(of: path).withUnsafeBytes { bundle.append($0) }
            sources.removeFirst()
        }
    }

    /// What a name of a bundle leads to; nil for what is no input.
    package func step(of name: UnsafeRawBufferPointer, _ bundle: NameBundle) -> Step? {
        let path = FileName.text(of: name)
        if bundle.origin.treeOffset != nil { return split(FileTree.file(path, bundle.origin)) }
        switch look(at: path) {
        case .step(.file(let file)): return split(file)
        case .step(let step): return step
        // They are refused where names are taken together.
        case .passedOver, .folder: return nil
        }
    }

    private func split(_ file: FoundFile) -> Step {
        var file = file
        file.isSplit = share?.splits(file) ?? false
        return .file(file)
    }

    private mutating func nextOfSources() -> Step? {
        switch sources.popFirst() {
        case nil: return .end
        case .name("-"): return .standardInput
        case .name(let path): return enter(path)
        case .list(let path, let isNullSeparated):
            do throws(PoolmapError) {
                list = try NameList(path, isNullSeparated: isNullSeparated)
                return nil
            } catch {
                return .refused(path == "-" ? "standard input" : path, error)
            }
        }
    }

    private mutating func nextOfTree() -> Step? {
        guard let step = tree?.next() else {
            tree = nil
            return nil
        }
        return step
    }

    private mutating func nextOfList() -> Step? {
        while true {
            switch list?.next() {
            case nil: return nil
            case .name(let name):
                if let step = enter(FileName.text(of: name)) ?? nextOfTree() { return step }
            case .refused(let error): return .refused(list?.name ?? "", error)
            case .waitForInput(let descriptor): return .waitForInput(descriptor)
            case .end:
                list = nil
                return nil
            }
        }
    }

    /// What a name leads to that could be read as a file; nil for a folder, for nothing, and for a link that is left
    /// alone.
    package static func file(_ path: String, followsLinks: Bool) -> FoundFile? {
        guard case .success(let file) = find(path, followsLinks: followsLinks), let status = file.status,
            !status.isDirectory, !status.isSymbolicLink
        else { return nil }
        return file
    }

    /// What a name leads to: a link where that is not followed.
    private static func find(_ path: String, followsLinks: Bool) -> Result<FoundFile, PoolmapError> {
        // Whoever reads the file holds it against this.
        guard var status = FileStatus(freshOfPath: path, followsLinks: false) else {
            return .failure(.system("", Errno(rawValue: errno)))
        }
        var file = FoundFile(path: path, pathInTree: nil, status: status)
        guard status.isSymbolicLink else { return .success(file) }
        if case .own? = DescriptorName(path) {
            file.isDescriptor = true
        }
        guard let end = FileStatus(freshOfPath: path) else {
            return followsLinks ? .failure(.system("", Errno(rawValue: errno))) : .success(file)
        }
        if followsLinks || file.isDescriptor || end.isPipe {
            status = end
        }
        file.status = status
        return .success(file)
    }

    /// nil where the name is a folder whose files come next, or no input, or leads nowhere and is another share's.
    private mutating func enter(_ path: String) -> Step? {
        switch look(at: path) {
        case .step(.refused(_, let error)) where error.isMissingFile && isAnothersFile(path):
            _ = count(path)
            return nil
        case .step(let step): return step
        case .passedOver: return nil
        case .folder(let status):
            tree = FileTree(path, status, folders, followsLinks: followsLinks)
            return nil
        }
    }

    /// Whether another share has the file, which it may have done and removed, or is to tell that it is missing.
    ///
    /// Where folders are taken it may have been one.
    private func isAnothersFile(_ path: String) -> Bool {
        guard case .refused = folders else { return false }
        return !isInShare(path)
    }

    private enum Look {
        case step(Step)
        case passedOver
        case folder(FileStatus)
    }

    private func look(at path: String) -> Look {
        let file: FoundFile
        switch InputNames.find(path, followsLinks: followsLinks) {
        case .success(let found): file = found
        case .failure(let error): return .step(.refused(path, error))
        }
        guard let status = file.status, !status.isSymbolicLink else { return .step(.ignoredLink(path)) }
        guard status.isDirectory else {
            return endingsPassedOver.contains { path.hasSuffix($0) } ? .passedOver : .step(.file(file))
        }
        if case .refused = folders {
            return .step(.refused(path, PoolmapError(.system, "is a directory, not a file")))
        }
        return .folder(status)
    }
}

/// Waits until there is more of a list.
package func waitForInput(_ descriptor: FileDescriptor) {
    descriptor.waitUntilReady(for: POLLIN)
}
