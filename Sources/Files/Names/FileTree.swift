import Glibc
import Ground

/// The regular files under a folder, the names of each folder in the order of their bytes.
///
/// Sockets, pipes and devices in it are passed over, and so are symbolic links unless they are to be followed; then a
/// link to a folder that it is in is passed over.
struct FileTree {
    private var walk: FolderWalk
    /// What the paths in the tree begin with.
    private let root: String
    private let endings: NameEndings

    /// - Parameter status: what the path led to.
    init(_ path: String, _ status: FileStatus, _ folders: InputNames.Folders, followsLinks: Bool) {
        walk = FolderWalk(path, .kinds(followsLinks: followsLinks), status: status)
        let name = lastName(of: FolderWalk.withoutSlashes(path))
        // What "." and ".." are called nobody can see from here: what is in them is meant.
        root = ["", ".", ".."].contains(name) ? "" : name + "/"
        endings = NameEndings(folders)
    }

    /// What holds for all files of the tree.
    package var origin: NameBundle.Origin {
        let treeOffset = FileName.bytes(of: walk.path).count - FileName.bytes(of: root).count
        return NameBundle.Origin(root: walk.root, treeOffset: treeOffset)
    }

    /// Takes the files that come next, up to one that must be looked at.
    mutating func takeFiles(into bundle: inout NameBundle, atMost most: Int) {
        walk.takeFiles(into: &bundle, atMost: most) { [endings] in endings.want($0) }
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
            case .entry(let entry)
            where entry.type == DT_REG
                && FileName.bytes(of: lastName(of: entry.path)).withUnsafeBytes { endings.want($0) }:
                return .file(
                    FoundFile(
                        path: entry.path, pathInTree: root + entry.pathInside, status: entry.status, root: walk.root))
            case .entry: break
            }
        }
        return nil
    }
}

/// Which files under a folder are wanted, by the ends of their names.
private struct NameEndings {
    private let endings: [[UInt8]]
    /// Whether those without these endings are wanted, and not those with one.
    private let excludes: Bool

    init(_ folders: InputNames.Folders) {
        switch folders {
        case .refused: (endings, excludes) = ([], false)
        case .without(let endings): (self.endings, excludes) = (endings.map { Array($0.utf8) }, true)
        case .with(let endings): (self.endings, excludes) = (endings.map { Array($0.utf8) }, false)
        }
    }

    func want(_ name: UnsafeRawBufferPointer) -> Bool {
        guard excludes else { return has(name) }
        return !has(name) && !isPart(name)
    }

    private func has(_ name: some BidirectionalCollection<UInt8>) -> Bool {
        endings.contains { name.count >= $0.count && name.suffix($0.count).elementsEqual($0) }
    }

    /// Whether it is a part of a file with such an ending, which is as good as that file.
    private func isPart(_ name: UnsafeRawBufferPointer) -> Bool {
        guard !endings.isEmpty, let last = name.last, UInt8(ascii: "0")...UInt8(ascii: "9") ~= last,
            let target = Part.named(by: FileName.text(of: name))?.target
        else { return false }
        return has(FileName.bytes(of: target))
    }
}
