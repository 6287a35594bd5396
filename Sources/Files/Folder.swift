import CFiles
import Glibc
import Ground
import SystemPackage

/// An open folder: operations on its files act in this folder, whatever happens to its path meanwhile.
package final class Folder {
    /// An `O_PATH` descriptor, for names in the folder; it cannot be read.
    package let descriptor: FileDescriptor
    private var known: FileStatus?

    /// Takes over the descriptor.
    package init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    /// Opens a folder by its path.
    ///
    /// The C function is `open` with `O_PATH`.
    package convenience init(path: String, followsLink: Bool = true) throws(Errno) {
        let number = try retryingInterrupted { poolmap_open_folder(path.cName, followsLink ? 1 : 0) }
        self.init(FileDescriptor(rawValue: number))
    }

    deinit {
        try? descriptor.close()
    }

    /// Its status at the first call; device and inode never change.
    package func status() throws(Errno) -> FileStatus {
        if let known { return known }
        let status = try FileStatus(of: descriptor)
        known = status
        return status
    }

    /// The status of what a name leads to, or of a symbolic link itself; nil, with `errno`, if there is nothing.
    ///
    /// The C function is `fstatat`.
    package func status(of name: String, followsLinks: Bool) -> FileStatus? {
        // A path that ends with a slash is the folder itself.
        if name.isEmpty { return try? FileStatus(of: descriptor) }
        return FileStatus(of: name, in: descriptor, followsLinks: followsLinks)
    }

    /// Opens a file by its name, close-on-exec.
    ///
    /// The C function is `openat`.
    package func open(_ name: String, _ flags: Int32, _ mode: mode_t = 0) throws(Errno) -> FileDescriptor {
        FileDescriptor(
            rawValue: try retryingInterrupted { poolmap_open_at(descriptor.rawValue, name.cName, flags, mode) })
    }

    /// Opens what a path below this folder leads to, following no symbolic link.
    ///
    /// The C function is `openat2`.
    package func open(beneath path: String, _ flags: Int32) throws(Errno) -> FileDescriptor {
        FileDescriptor(
            rawValue: try retryingInterrupted { poolmap_open_beneath(descriptor.rawValue, path.cName, flags, 0) })
    }

    /// The same for a folder.
    package func folder(beneath path: String) throws(Errno) -> Folder {
        Folder(
            FileDescriptor(
                rawValue: try retryingInterrupted { poolmap_open_folder_beneath(descriptor.rawValue, path.cName) }))
    }

    /// Opens a file without a name.
    ///
    /// The C function is `openat` with `O_TMPFILE`.
    package func openNameless(_ mode: mode_t) throws(Errno) -> FileDescriptor {
        FileDescriptor(
            rawValue: try retryingInterrupted { poolmap_open_nameless(descriptor.rawValue, ".".cName, mode) })
    }

    /// Gives a nameless file a name.
    ///
    /// The C function is `linkat`.
    package func link(_ file: FileDescriptor, as name: String) throws(Errno) {
        _ = try retryingInterrupted { poolmap_link_nameless(file.rawValue, descriptor.rawValue, name.cName) }
    }

    /// The target of a symbolic link; nil if the name is not one.
    ///
    /// The C function is `readlinkat`.
    package func link(_ name: String) throws(Errno) -> [UInt8]? {
        var space = 256
        while true {
            var target = [CChar](repeating: 0, count: space)
            let count: Int
            do throws(Errno) {
                count = try retryingInterrupted { readlinkat(descriptor.rawValue, name.cName, &target, space) }
            } catch .invalidArgument {
                return nil
            }
            // If it fills the space, it may have been cut.
            if count < space { return target[..<count].map { UInt8(bitPattern: $0) } }
            space *= 2
        }
    }

    /// Creates a folder, unless the name exists.
    ///
    /// The C function is `mkdirat`.
    package func makeFolder(_ name: String, _ mode: mode_t) throws(Errno) {
        do throws(Errno) {
            _ = try retryingInterrupted { mkdirat(descriptor.rawValue, name.cName, mode) }
        } catch .fileExists {
        }
    }

    /// Removes a file's name.
    ///
    /// The C function is `unlinkat`.
    package func remove(_ name: String) throws(Errno) {
        _ = try retryingInterrupted { unlinkat(descriptor.rawValue, name.cName, 0) }
    }

    /// The C function is `renameat2`.
    package func rename(_ name: String, to new: String, replaces: Bool) throws(Errno) {
        _ = try retryingInterrupted {
            poolmap_rename(descriptor.rawValue, name.cName, new.cName, replaces ? 1 : 0)
        }
    }

    /// Writes the folder's names to disk.
    ///
    /// Blocks. The path is that of a file in it, for the error. The C function is `fsync`.
    package func sync(for path: String) throws(PoolmapError) {
        try attempt("cannot sync the directory of \(path)") { () throws(Errno) in
            let readable = try open(".", O_RDONLY | O_DIRECTORY)
            defer { try? readable.close() }
            _ = try retryingInterrupted { fsync(readable.rawValue) }
        }
    }

    /// Whether the folder is append-only, so that nothing in it can be renamed or removed.
    package private(set) lazy var isAppendOnly = poolmap_is_append_only(descriptor.rawValue) == 1

    /// Whether something is mounted at a name in it.
    package func isMountPoint(_ name: String) -> Bool {
        poolmap_is_mount_point(descriptor.rawValue, name.cName) == 1
    }
}

/// The folder that a user named, and in whose tree a file was found.
///
/// Anyone who may write in the tree can replace one of its folders with a link at any time. So below this folder no
/// link is followed. The path to the folder itself is the user's choice, and may have links.
package struct Root: Hashable, BitwiseCopyable {
    /// The length of the folder's own path, including a slash at its end, within the paths of its files.
    package let byteCount: Int
    package let device: UInt64
    let inode: UInt64

    package init(byteCount: Int, device: UInt64, inode: UInt64) {
        self.byteCount = byteCount
        self.device = device
        self.inode = inode
    }

    /// - Parameter path: the folder's path, with which all paths in the tree begin.
    package init(path: String, _ status: FileStatus) {
        self.init(byteCount: path.utf8.count, device: UInt64(status.device), inode: UInt64(status.inode))
    }

    func isRoot(_ status: FileStatus) -> Bool {
        device == UInt64(status.device) && inode == UInt64(status.inode)
    }
}

/// A path, and from where on it must not lead through links.
package struct Place {
    package let path: String
    /// nil if the user chose the whole path, links included.
    package var root: Root?

    package init(path: String, root: Root? = nil) {
        self.path = path
        self.root = root
    }

    package var name: String { lastName(of: path) }

    /// The error of a system call on this path, which may have met a link.
    package func error(_ action: String, _ error: Errno) -> PoolmapError {
        guard root != nil, error == .tooManySymbolicLinkLevels || error == .improperLink else {
            return .system(action, error)
        }
        let reason = "its path has a symbolic link, which is not followed, or a directory in it was replaced"
        return PoolmapError(.changed, action.isEmpty ? reason : "\(action): \(reason)")
    }
}

/// Keeps the folders used last open, for work on many files in them.
package final class FolderCache {
    private var root: (path: Substring, Root, folder: Folder)?
    private var last: (path: String, Root?, folder: Folder)?

    package init() {}

    /// The folder of a file.
    package func folder(of place: Place) throws(Errno) -> Folder {
        let path = folderOf(place.path)
        if let last, last.1 == place.root, last.path.utf8.elementsEqual(path.utf8) { return last.folder }
        let folder: Folder
        if let root = place.root {
            folder = try rootFolder(of: place, root).folder(beneath: path.dropping(root.byteCount))
        } else {
            folder = try Folder(path: path)
        }
        last = (path, place.root, folder)
        return folder
    }

    /// Opens a file for reading.
    package func open(_ place: Place, _ flags: Int32) throws(Errno) -> FileDescriptor {
        guard let root = place.root else { return try openFile(place.path, flags) }
        return try rootFolder(of: place, root).open(beneath: place.path.dropping(root.byteCount), flags)
    }

    /// Removes a file's name if it leads to the right file; false if not.
    ///
    /// The C function is `unlinkat`.
    package func remove(_ place: Place, if isIt: (FileStatus) -> Bool) throws(PoolmapError) -> Bool {
        do throws(Errno) {
            let folder = try folder(of: place)
            // If the user named a link, the link is removed, not the file that was read through it.
            guard let now = folder.status(of: place.name, followsLinks: place.root == nil), isIt(now) else {
                return false
            }
            try folder.remove(place.name)
            return true
        } catch .noSuchFileOrDirectory {
            return false
        } catch {
            throw place.error("could not be removed", error)
        }
    }

    private func rootFolder(of place: Place, _ wanted: Root) throws(Errno) -> Folder {
        let path = Substring(place.path.utf8.prefix(wanted.byteCount))
        if let root, root.1 == wanted, root.path.utf8.elementsEqual(path.utf8) { return root.folder }
        let folder = try Folder(path: String(path))
        // It may have been replaced since it was found.
        guard wanted.isRoot(try folder.status()) else { throw .improperLink }
        root = (path, wanted, folder)
        return folder
    }

    /// Drops the last folder, since its path may lead to another one by now.
    package func forget() {
        last = nil
    }
}

extension String {
    /// The path without its first bytes, which end with a slash.
    fileprivate func dropping(_ byteCount: Int) -> String {
        String(self[utf8.index(startIndex, offsetBy: min(byteCount, utf8.count))...])
    }
}
