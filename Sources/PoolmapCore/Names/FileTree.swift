import Glibc
import SystemPackage

/// The regular files under a folder, the names of each folder in the order of their bytes.
///
/// Sockets, pipes and devices in it are passed over, and so are symbolic links unless they are to be followed; then a
/// link to a folder that it is in is passed over.
struct FileTree {
    private struct Level {
        /// With a slash at its end.
        let path: String
        let pathInTree: String
        /// Reversed: the next name is the last.
        var names: [Entry]
        let identity: FileStatus?
    }

    private struct Entry {
        let name: String
        let type: Int32
    }

    private let folders: InputNames.Folders
    private let followsLinks: Bool
    private var levels: [Level] = []
    private var failure: InputNames.Step?

    init(_ path: String, _ folders: InputNames.Folders, followsLinks: Bool) {
        self.folders = folders
        self.followsLinks = followsLinks
        let trimmed = FileTree.withoutSlashes(path)
        let name = lastName(of: trimmed)
        // What "." and ".." are called nobody can see from here: what is in them is meant.
        let root = ["", ".", ".."].contains(name) ? "" : name + "/"
        enter(trimmed.hasSuffix("/") ? trimmed : trimmed + "/", root)
    }

    private static func withoutSlashes(_ path: String) -> String {
        var path = path[...]
        while path.utf8.count > 1, path.hasSuffix("/") {
            path.removeLast()
        }
        return String(path)
    }

    /// The next file, or a folder that could not be read; nil at the end.
    mutating func next() -> InputNames.Step? {
        while true {
            if let failure {
                self.failure = nil
                return failure
            }
            guard !levels.isEmpty else { return nil }
            guard let entry = levels[levels.count - 1].names.popLast() else {
                levels.removeLast()
                continue
            }
            if let file = look(at: entry, in: levels[levels.count - 1]) { return .file(file) }
        }
    }

    private mutating func look(at entry: Entry, in level: Level) -> FoundFile? {
        let path = level.path + entry.name
        let pathInTree = level.pathInTree + entry.name
        var status: FileStatus?
        var type = entry.type
        if type == DT_UNKNOWN || (type == DT_LNK && followsLinks) {
            status = FileStatus(ofPath: path, followsLinks: followsLinks)
            type = Int32(status.map { $0.isDirectory ? DT_DIR : $0.isRegular ? DT_REG : DT_LNK } ?? DT_LNK)
        }
        if type == DT_DIR {
            enter(path + "/", pathInTree + "/")
            return nil
        }
        guard type == DT_REG, isWanted(entry.name) else { return nil }
        return FoundFile(path: path, pathInTree: pathInTree, status: status)
    }

    private func isWanted(_ name: String) -> Bool {
        switch folders {
        case .refused: false
        case .without(let endings): !endings.contains { name.hasSuffix($0) }
        case .with(let endings): endings.contains { name.hasSuffix($0) }
        }
    }

    private mutating func enter(_ path: String, _ pathInTree: String) {
        let identity = followsLinks ? FileStatus(ofPath: path) : nil
        if let identity, levels.contains(where: { $0.identity?.isSameFile(as: identity) ?? false }) { return }
        do throws(Errno) {
            let names = try FileTree.entries(of: path)
            levels.append(Level(path: path, pathInTree: pathInTree, names: names, identity: identity))
        } catch {
            failure = .refused(path, .system("cannot list the folder", error))
        }
    }

    private static func entries(of path: String) throws(Errno) -> [Entry] {
        guard let folder = opendir(path.cName) else { throw Errno(rawValue: errno) }
        defer { closedir(folder) }
        var entries: [Entry] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                if errno != 0 { throw Errno(rawValue: errno) }
                break
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { FileName.text(of: $0.prefix { $0 != 0 }) }
            if name != "." && name != ".." {
                entries.append(Entry(name: name, type: Int32(entry.pointee.d_type)))
            }
        }
        entries.sort { $1.name.utf8.lexicographicallyPrecedes($0.name.utf8) }
        return entries
    }
}
