import Glibc
import Ground

/// The regular files under a folder, the names of each folder in the order of their bytes.
///
/// Sockets, pipes and devices in it are passed over, and so are symbolic links unless they are to be followed; then a
/// link to a folder that it is in is passed over.
struct FileTree {
    private let folders: InputNames.Folders
    private var walk: FolderWalk
    /// What the paths in the tree begin with.
    private let root: String
    private let endings: [[UInt8]]

    /// - Parameter status: what the path led to.
    init(_ path: String, _ status: FileStatus, _ folders: InputNames.Folders, followsLinks: Bool) {
        self.folders = folders
        walk = FolderWalk(path, .kinds(followsLinks: followsLinks), status: status)
        let name = lastName(of: FolderWalk.withoutSlashes(path))
        // What "." and ".." are called nobody can see from here: what is in them is meant.
        root = ["", ".", ".."].contains(name) ? "" : name + "/"
        endings =
            switch folders {
            case .refused: []
            case .without(let endings), .with(let endings): endings.map { Array($0.utf8) }
            }
    }

    /// What holds for all files of the tree.
    package var origin: NameBundle.Origin {
        let treeOffset = FileName.bytes(of: walk.path).count - FileName.bytes(of: root).count
        return NameBundle.Origin(root: walk.root, treeOffset: treeOffset)
    }

    /// Takes the files that come next, up to one that must be looked at.
    mutating func takeFiles(into bundle: inout NameBundle, atMost most: Int) {
        let isWithout = if case .without = folders { true } else { false }
        walk.takeFiles(into: &bundle, atMost: most) { [endings] name in
            let hasEnding = endings.contains { name.count >= $0.count && name.suffix($0.count).elementsEqual($0) }
            return hasEnding != isWithout
        }
    }

    /// A file of the tree, by its whole path.
    static func file(_ path: String, _ origin: NameBundle.Origin) -> FoundFile {
        let inTree = origin.treeOffset.map { FileName.text(of: FileName.bytes(of: path)[$0...]) }
        return FoundFile(path: path, pathInTree: inTree, root: origin.root)
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
