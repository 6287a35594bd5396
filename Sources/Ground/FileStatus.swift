import CFiles
import Glibc
import SystemPackage

/// The metadata of a file that the front and the workers need.
package struct FileStatus: BitwiseCopyable, Sendable {
    package let device: dev_t
    package let inode: ino_t
    package let byteCount: UInt64
    /// The space that it occupies on disk: less than its size if it has holes, and 0 if there is no disk.
    package let allocatedBytes: UInt64
    package let modified: timespec
    /// When content, mode, owner or names last changed; no program can set it.
    package let changed: timespec
    package let accessed: timespec
    package let mode: mode_t
    /// The device that a device file stands for.
    package let deviceNumber: dev_t
    package let owner: uid_t
    package let group: gid_t
    /// The number of its names.
    package let linkCount: UInt64

    package init(of descriptor: FileDescriptor) throws(Errno) {
        var status = stat()
        _ = try retryingInterrupted { poolmap_status(descriptor.rawValue, nil, 0, &status) }
        self.init(status)
    }

    /// The status of what the path leads to, or of a symbolic link itself; nil, with `errno`, if there is nothing.
    package init?(ofPath path: String, followsLinks: Bool = true) {
        var status = stat()
        guard path.withCName({ followsLinks ? stat($0, &status) : lstat($0, &status) }) == 0 else { return nil }
        self.init(status)
    }

    /// The present status, even of a file on a server that another machine may have changed.
    ///
    /// The C function is `statx` with `AT_STATX_FORCE_SYNC`, as for a descriptor.
    package init?(freshOfPath path: String, followsLinks: Bool = true) {
        var status = stat()
        let flags = followsLinks ? 0 : AT_SYMLINK_NOFOLLOW
        guard path.withCName({ poolmap_status(AT_FDCWD, $0, flags, &status) }) == 0 else { return nil }
        self.init(status)
    }

    /// The status of a name in a folder.
    ///
    /// The C function is `fstatat`.
    package init?(of name: String, in folder: FileDescriptor, followsLinks: Bool) {
        var status = stat()
        let flags = followsLinks ? 0 : AT_SYMLINK_NOFOLLOW
        guard fstatat(folder.rawValue, name.cName, &status, flags) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
        byteCount = UInt64(clamping: status.st_size)
        allocatedBytes = UInt64(clamping: status.st_blocks) * 512
        modified = status.st_mtim
        changed = status.st_ctim
        accessed = status.st_atim
        mode = status.st_mode
        deviceNumber = status.st_rdev
        owner = status.st_uid
        group = status.st_gid
        linkCount = UInt64(status.st_nlink)
    }

    package var isRegular: Bool { mode & S_IFMT == S_IFREG }
    package var isSymbolicLink: Bool { mode & S_IFMT == S_IFLNK }
    package var isBlockDevice: Bool { mode & S_IFMT == S_IFBLK }
    package var isPipe: Bool { mode & S_IFMT == S_IFIFO }
    package var isDirectory: Bool { mode & S_IFMT == S_IFDIR }
    /// The type in the terms of `readdir`: `DT_REG` and so on.
    package var type: Int32 { Int32((mode & S_IFMT) >> 12) }
    package var permissions: mode_t { mode & 0o7777 }
    /// Whether it occupies less disk space than its size, for example because of holes.
    package var isSparse: Bool { isRegular && allocatedBytes < byteCount }
    /// Whether it is a folder in which users may write but remove only their own files, such as `/tmp`.
    package var isSharedFolder: Bool { isDirectory && mode & S_ISVTX != 0 && mode & (S_IWGRP | S_IWOTH) != 0 }

    /// Whether content, mode, owner or names of the file have changed since it had that status.
    ///
    /// Unlike the modification time, the change time cannot be set back. A file that has lost its last name, because
    /// another file took it over, counts as unchanged, although that updates its change time, too.
    package func hasChanged(since older: FileStatus) -> Bool {
        byteCount != older.byteCount || modified != older.modified || (changed != older.changed && linkCount > 0)
    }

    /// Whether both belong to the same file, whatever its names.
    package func isSameFile(as other: FileStatus) -> Bool {
        device == other.device && inode == other.inode
    }
}

extension timespec {
    package static func != (one: timespec, other: timespec) -> Bool {
        one.tv_sec != other.tv_sec || one.tv_nsec != other.tv_nsec
    }
}
