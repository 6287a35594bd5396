import Glibc
import Ground
import SystemPackage

/// The input files of a command: those named one by one, those in lists, and those under folders.
///
/// They are found as they are needed, in the order of the arguments, and in each folder sorted by bytes. So a tree or a
/// list of any length takes the memory of one folder at a time.
///
/// Symbolic links are skipped, as in zstd, unless `followsLinks`. Those that lead to a pipe or an open descriptor, such
/// as a shell's `<(…)` and `/dev/stdin`, are always read.
package struct InputNames {
    /// Where names come from.
    package enum Source: Sendable {
        /// One name; "-" is standard input.
        case name(String)
        /// A file with one name per line, or separated by NUL bytes; "-" is standard input.
        case list(path: String, isNullSeparated: Bool)

        /// Whether it reads standard input.
        package var isStandardInput: Bool {
            switch self {
            case .name(let path), .list(let path, _): path == "-"
            }
        }
    }

    /// How to treat the name of a folder.
    package enum Folders: Sendable {
        /// It is an error.
        case refused
        /// Take all files under it whose names have none of these suffixes.
        case without([String])
        /// Take all files under it whose names have one of these suffixes.
        case with([String])
    }

    /// The next step of a search.
    package enum Step {
        /// A file, of any type but a folder.
        case file(FoundFile)
        /// Standard input itself.
        case standardInput
        /// A name that cannot be read.
        case refused(String, PoolmapError)
        /// A symbolic link that was named, and is not followed.
        case ignoredLink(String)
        /// Nothing until the list has more input.
        case waitForInput(FileDescriptor)
        /// The end.
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
    /// The next step, if it was found already.
    private var found: Step?

    /// - Parameters:
    ///   - followsLinks: whether to follow symbolic links.
    ///   - endingsPassedOver: suffixes of names to skip, wherever they come from.
    ///   - share: the files to take; nil for all.
    ///   - tally: counts all files, taken or not; nil to count nothing.
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

    /// False if `next` certainly has nothing more.
    package var hasMore: Bool {
        if case .end? = found { return false }
        return found != nil || !sources.isEmpty || list != nil || tree != nil
    }

    /// Folders that contain all names, in them or below; nil if that is not known.
    package var foldersOfNames: [String]? {
        var all: Set<String> = []
        for source in allSources {
            switch source {
            case .list: return nil
            case .name("-"): break
            case .name(let path):
                // For a folder with everything below it, the folder; otherwise the folder of the name.
                let isTree = if case .refused = folders { false } else { FileStatus(ofPath: path)?.isDirectory == true }
                all.insert(isTree ? path : folderOf(path))
                if all.count > InputNames.mostFolders { return nil }
            }
        }
        return Array(all)
    }

    /// With more folders, setting up the workers' confinement would take too long.
    private static let mostFolders = 64

    /// Folders that contain all files; nil if that is not known, or if links may lead anywhere.
    package var reach: [String]? { followsLinks ? nil : foldersOfNames }

    /// The next name; blocks only to read a folder.
    package mutating func next() -> Step {
        while true {
            if let step = found.take() ?? nextOfTree() ?? nextOfList() ?? nextOfSources(), let own = inShare(step) {
                return own
            }
        }
    }

    /// nil if the step belongs to another share.
    ///
    /// Every share reports a folder or list that cannot be read, since its contents are unknown.
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

    /// The next names, at most `most`, if they need no examination here: whoever opens them finds out the rest.
    ///
    /// nil if `next` must be called instead. Blocks only to read a folder.
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

    /// A single argument is not bundled, but done by itself.
    private mutating func takeArguments(into bundle: inout NameBundle, atMost most: Int) {
        guard allSources.count > 1 else { return }
        while bundle.count < most, case .name(let path)? = sources.first, path != "-" {
            FileName.bytes(of: path).withUnsafeBytes { bundle.append($0) }
            sources.removeFirst()
        }
    }

    /// The step for a name of a bundle; nil if it is not an input.
    package func step(of name: UnsafeRawBufferPointer, _ bundle: NameBundle) -> Step? {
        let path = FileName.text(of: name)
        if bundle.origin.treeOffset != nil { return split(FileTree.file(path, bundle.origin)) }
        switch look(at: path) {
        case .step(.file(let file)): return split(file)
        case .step(let step): return step
        // Where names are bundled, folders are refused.
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

    /// The file that a name leads to; nil for a folder, a missing file, and a link that is not followed.
    package static func file(_ path: String, followsLinks: Bool) -> FoundFile? {
        guard case .success(let file) = find(path, followsLinks: followsLinks), let status = file.status,
            !status.isDirectory, !status.isSymbolicLink
        else { return nil }
        return file
    }

    /// What a name leads to; the link itself if links are not followed.
    private static func find(_ path: String, followsLinks: Bool) -> Result<FoundFile, PoolmapError> {
        // Fresh, since the reader compares the file with this status.
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

    /// nil if the name is a folder, whose files come next, or is skipped, or is missing and belongs to another share.
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

    /// Whether another share has the file: that share may have done and removed it, or reports that it is missing.
    ///
    /// Always false with -r, since the name may have been a folder's.
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

/// Waits until a list has more input.
package func waitForInput(_ descriptor: FileDescriptor) {
    descriptor.waitUntilReady(for: POLLIN)
}
