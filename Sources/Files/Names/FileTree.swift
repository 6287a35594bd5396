import Glibc
import Ground

/// The regular files under a folder; the names in each folder are sorted by bytes.
///
/// Sockets, pipes and devices are skipped, and so are symbolic links unless they are followed; then only a link to a
/// folder that contains it is skipped.
struct FileTree {
    private var walk: FolderWalk
    /// The beginning of all paths in the tree.
    private let root: String
    private let endings: NameEndings

    /// - Parameter status: the status of the folder that the path led to.
    init(_ path: String, _ status: FileStatus, _ folders: InputNames.Folders, followsLinks: Bool) {
        walk = FolderWalk(path, .kinds(followsLinks: followsLinks), status: status)
        let name = lastName(of: FolderWalk.withoutSlashes(path))
        // "." and ".." have no usable name of their own: only their contents count.
        root = ["", ".", ".."].contains(name) ? "" : name + "/"
        endings = NameEndings(folders)
    }

    /// The properties common to all files of the tree.
    package var origin: NameBundle.Origin {
        let treeOffset = FileName.bytes(of: walk.path).count - FileName.bytes(of: root).count
        return NameBundle.Origin(root: walk.root, treeOffset: treeOffset)
    }

    /// Takes the next files, up to an entry that must be examined.
    mutating func takeFiles(into bundle: inout NameBundle, atMost most: Int) {
        walk.takeFiles(into: &bundle, atMost: most) { [endings] in endings.want($0) }
    }

    /// A file of the tree, by its full path.
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

/// Selects files under a folder by the suffixes of their names.
private struct NameEndings {
    private let endings: [[UInt8]]
    /// Whether the suffixes exclude files instead of selecting them.
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

    /// Whether it is a part of a file with such a suffix; parts are treated like that file.
    private func isPart(_ name: UnsafeRawBufferPointer) -> Bool {
        guard !endings.isEmpty, let last = name.last, UInt8(ascii: "0")...UInt8(ascii: "9") ~= last,
            let target = Part.named(by: FileName.text(of: name))?.target
        else { return false }
        return has(FileName.bytes(of: target))
    }
}
