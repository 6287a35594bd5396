import Glibc

/// The regular files under a folder, the names of each folder in the order of their bytes.
///
/// Sockets, pipes and devices in it are passed over, and so are symbolic links unless they are to be followed; then a
/// link to a folder that it is in is passed over.
struct FileTree {
    private let folders: InputNames.Folders
    private var walk: FolderWalk
    /// What the paths in the tree begin with.
    private let root: String

    /// - Parameter status: what the path led to.
    init(_ path: String, _ status: FileStatus, _ folders: InputNames.Folders, followsLinks: Bool) {
        self.folders = folders
        walk = FolderWalk(path, .kinds(followsLinks: followsLinks), status: status)
        let name = lastName(of: FolderWalk.withoutSlashes(path))
        // What "." and ".." are called nobody can see from here: what is in them is meant.
        root = ["", ".", ".."].contains(name) ? "" : name + "/"
    }

    /// The next file, or a folder that could not be read; nil at the end.
    mutating func next() -> InputNames.Step? {
        while let step = walk.next() {
            switch step {
            case .refused(let path, let error): return .refused(path, error)
            case .entry(let entry) where entry.type == DT_REG && isWanted(lastName(of: entry.path)):
                return .file(
                    FoundFile(
                        path: entry.path, pathInTree: root + entry.pathInside, status: entry.status, root: walk.root))
            case .entry: break
            }
        }
        return nil
    }

    private func isWanted(_ name: String) -> Bool {
        switch folders {
        case .refused: false
        case .without(let endings): !endings.contains { name.hasSuffix($0) }
        case .with(let endings): endings.contains { name.hasSuffix($0) }
        }
    }
}
