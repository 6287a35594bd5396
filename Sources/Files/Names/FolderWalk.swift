import Glibc
import Ground
import SystemPackage

/// Everything under a folder: each folder before its contents, the names in each sorted by bytes.
///
/// Only the names of the current folder and of those above it are in memory. Symbolic links to folders are entered only
/// if links are followed, and never if they lead to a folder that contains them. If links are not followed, everything
/// is opened relative to the named folder, which stays open: a link that replaces a folder meanwhile is not entered.
package struct FolderWalk {
    /// What the walk asks the kernel about each entry.
    package enum Detail {
        /// The type of each entry, or of what a link leads to; calls stat only if the folder's list does not tell the
        /// type.
        case kinds(followsLinks: Bool)
        /// The status of each entry itself. A folder that changes during the walk is then an error.
        case statuses
    }

    /// A file, folder or other entry that was found.
    package struct Entry {
        package let path: String
        /// The path without the first folder.
        package let pathInside: String
        /// The type from `readdir`: `DT_REG` and so on.
        package let type: Int32
        package let status: FileStatus?
    }

    package enum Step {
        case entry(Entry)
        /// An entry that cannot be read.
        case refused(String, PoolmapError)
    }

    private struct Level {
        /// The path within the first folder, with a slash at its end; empty for the first folder itself.
        let pathInside: String
        /// The bytes of the full path.
        let path: [UInt8]
        var names: FolderNames
        package let status: FileStatus?
    }

    private let detail: Detail
    /// The path of the named folder, with a slash at its end.
    package let path: String
    private var levels: [Level] = []
    /// The named folder; nil if links are followed.
    package private(set) var root: Root?
    private var named: Folder?
    /// The folder whose entries were examined last.
    private var present: (pathInside: String, folder: Folder)?
    /// A step to return before the next name.
    private var waiting: Step?

    /// - Parameters:
    ///   - path: a folder, or a link to one.
    ///   - status: the status of the expected folder; nil if any folder will do.
    package init(_ path: String, _ detail: Detail, status: FileStatus? = nil) {
        self.detail = detail
        let trimmed = FolderWalk.withoutSlashes(path)
        self.path = trimmed.hasSuffix("/") ? trimmed : trimmed + "/"
        do throws(PoolmapError) {
            if !followsLinks {
                try openNamed(status)
            }
            enter("", status)
        } catch {
            waiting = .refused(self.path, error)
        }
    }

    private var followsLinks: Bool {
        if case .kinds(followsLinks: true) = detail { return true }
        return false
    }

    private mutating func openNamed(_ status: FileStatus?) throws(PoolmapError) {
        let (folder, now) = try attempt("cannot read the directory") { () throws(Errno) in
            let folder = try Folder(path: path)
            return (folder, try folder.status())
        }
        guard status?.isSameFile(as: now) ?? true else { throw .changedWhileRead }
        (named, root) = (folder, Root(path: path, now))
    }

    static func withoutSlashes(_ path: String) -> String {
        var path = path[...]
        while path.utf8.count > 1, path.hasSuffix("/") {
            path.removeLast()
        }
        return String(path)
    }

    /// The next entry, or one that cannot be read; nil at the end.
    package mutating func next() -> Step? {
        while true {
            if let step = waiting.take() { return step }
            guard !levels.isEmpty else { return nil }
            guard let (name, type) = levels[levels.count - 1].names.next() else {
                leave(levels.removeLast())
                continue
            }
            return look(at: name, type, in: levels[levels.count - 1])
        }
    }

    /// Takes the next wanted names without a system call for each of them.
    ///
    /// `isWanted` is called only for entries that the folder's list shows to be regular files.
    mutating func takeFiles(
        into bundle: inout NameBundle, atMost most: Int, where isWanted: (UnsafeRawBufferPointer) -> Bool
    ) {
        while waiting == nil, let level = levels.indices.last {
            levels[level].names.takeFiles(in: levels[level].path, into: &bundle, atMost: most, where: isWanted)
            guard bundle.count < most else { return }
            switch levels[level].names.nextType {
            case nil: leave(levels.removeLast())
            case Int32(DT_DIR)?: _ = next()
            default: return
            }
        }
    }

    private mutating func look(at name: String, _ found: Int32, in level: Level) -> Step {
        let pathInside = level.pathInside + name
        var status: FileStatus?
        var type = found
        do throws(PoolmapError) {
            switch detail {
            case .statuses:
                status = try self.status(of: name, in: level)
                guard let status else { throw .system("", Errno(rawValue: errno)) }
                type = status.type
            case .kinds(let followsLinks) where type == DT_UNKNOWN || (type == DT_LNK && followsLinks):
                status = try self.status(of: name, in: level)
                type = status?.type ?? Int32(DT_LNK)
            case .kinds: break
            }
        } catch {
            return .refused(path + pathInside, error)
        }
        if type == DT_DIR {
            enter(pathInside + "/", status)
        }
        return .entry(Entry(path: path + pathInside, pathInside: pathInside, type: type, status: status))
    }

    /// The target of the symbolic link found last; nil if it is not a link any more.
    package mutating func link(_ name: String) throws(Errno) -> [UInt8]? {
        guard let level = levels.last else { return nil }
        return try folder(of: level).link(name)
    }

    private mutating func status(of name: String, in level: Level) throws(PoolmapError) -> FileStatus? {
        if followsLinks { return FileStatus(ofPath: path + level.pathInside + name) }
        do throws(Errno) {
            return try folder(of: level).status(of: name, followsLinks: false)
        } catch {
            throw place(level.pathInside).error("", error)
        }
    }

    private mutating func folder(of level: Level) throws(Errno) -> Folder {
        if let present, present.pathInside.utf8.elementsEqual(level.pathInside.utf8) { return present.folder }
        guard let named else { throw .badFileDescriptor }
        present = nil
        let folder = try named.folder(beneath: level.pathInside)
        // The same error as for a symbolic link.
        if let status = level.status, !status.isSameFile(as: try folder.status()) { throw .improperLink }
        present = (level.pathInside, folder)
        return folder
    }

    private func place(_ pathInside: String) -> Place {
        Place(path: path + pathInside, root: root)
    }

    private mutating func enter(_ pathInside: String, _ found: FileStatus?) {
        let action = "cannot read the directory"
        do throws(PoolmapError) {
            let folder = try open(pathInside, action)
            defer { try? folder.close() }
            var status: FileStatus?
            switch detail {
            case .statuses:
                status = found
                let opened = try attempt(action) { () throws(Errno) in try FileStatus(of: folder) }
                guard found?.isSameFile(as: opened) ?? true else { throw .changedWhileRead }
            case .kinds(followsLinks: true):
                let opened = try attempt(action) { () throws(Errno) in try FileStatus(of: folder) }
                if levels.contains(where: { $0.status?.isSameFile(as: opened) ?? false }) { return }
                status = opened
            case .kinds: break
            }
            let names = try attempt(action) { () throws(Errno) in try FolderNames(of: folder) }
            let bytes = FileName.bytes(of: path + pathInside)
            levels.append(Level(pathInside: pathInside, path: bytes, names: names, status: status))
        } catch {
            waiting = .refused(path + pathInside, error)
        }
    }

    /// Reports an error if the folder has changed since it was found.
    private mutating func leave(_ level: Level) {
        guard case .statuses = detail, let status = level.status, let named else { return }
        do throws(PoolmapError) {
            let now: FileStatus
            do throws(Errno) {
                now = try named.folder(beneath: level.pathInside).status()
            } catch {
                throw place(level.pathInside).error("", error)
            }
            try FileIdentity(status).require(now)
        } catch {
            waiting = .refused(path + level.pathInside, error)
        }
    }

    private func open(_ pathInside: String, _ action: String) throws(PoolmapError) -> FileDescriptor {
        do throws(Errno) {
            let flags = O_RDONLY | O_DIRECTORY
            guard let named else { return try openFile(path + pathInside, flags) }
            return try named.open(beneath: pathInside, flags)
        } catch {
            throw place(pathInside).error(action, error)
        }
    }
}
