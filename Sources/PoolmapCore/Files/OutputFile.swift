import CPoolmap
import Glibc
import SystemPackage

/// A file that appears under its name only once it is whole.
///
/// It is written nameless in the target's folder (`O_TMPFILE`), so that nothing is left of it whatever is killed, and
/// gets its name at the end: by a link where there was none, by a rename over the old one with `force`. Where the file
/// system knows no nameless files it is a hidden temporary one, which a signal's handler removes.
///
/// A target that exists and is no regular file, such as `/dev/null` or a named pipe, is written as it is.
final class OutputFile {
    let path: String
    private let descriptor: FileDescriptor
    private let replacesTarget: Bool
    private let serial: Int
    private enum Name {
        case none
        /// With the entry in the list of what a signal removes.
        case temporary(String, Int32)
        /// The target itself, which is no regular file.
        case target
    }
    private var name: Name
    private static nonisolated(unsafe) var openedCount = 0

    /// Opens the file, yet without its name.
    ///
    /// Throws `targetExists` where the target is there already and `force` is not given.
    init(path: String, force: Bool, for input: InputFile) throws(PoolmapError) {
        self.path = path
        self.replacesTarget = force
        OutputFile.openedCount += 1
        serial = OutputFile.openedCount
        if let existing = FileStatus(ofPath: path) {
            if existing.isDirectory {
                throw PoolmapError(.system, "cannot write \(path): it is a directory")
            }
            if existing.isRegular && existing.isSameFile(as: input.status) {
                throw PoolmapError(.failed, "is both input and output")
            }
            guard existing.isRegular else {
                name = .target
                descriptor = try attempt("cannot write \(path)") { () throws(Errno) in try openFile(path, O_WRONLY) }
                return
            }
            if !force {
                throw PoolmapError(.targetExists, "\(path) already exists; use -f to overwrite it")
            }
        }
        (descriptor, name) = try OutputFile.openTemporary(for: path)
    }

    private static func openTemporary(for path: String) throws(PoolmapError) -> (FileDescriptor, Name) {
        let folder = folderOf(path)
        do throws(Errno) {
            let number = try retryingInterrupted { poolmap_open_nameless(folder.cName) }
            return (FileDescriptor(rawValue: number), .none)
        } catch .notSupported, .isDirectory, .invalidArgument, .noSuchFileOrDirectory {
            // The file system has no nameless files, or there is no such folder: the next call tells which.
        } catch {
            throw PoolmapError.system("cannot write \(path)", error)
        }
        let temporary = temporaryPath(for: path)
        let descriptor = try attempt("cannot write \(path)") { () throws(Errno) in
            try openFile(temporary, O_CREAT | O_EXCL | O_RDWR, 0o600)
        }
        return (descriptor, .temporary(temporary, poolmap_remove_on_signal(temporary.cName)))
    }

    private static func folderOf(_ path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return String(path[...slash])
    }

    private static func temporaryPath(for path: String) -> String {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8.index(after: $0) } ?? path.startIndex
        return "\(path[..<slash]).poolmap-\(getpid())-\(UInt32.random(in: .min ... .max)).tmp"
    }

    /// Closes the file.
    ///
    /// What was not committed is gone.
    deinit {
        try? descriptor.close()
        if case .temporary(let temporary, let entry) = name {
            unlink(temporary.cName)
            poolmap_keep_on_signal(entry)
        }
    }

    /// Whether workers may write into it at any place.
    var allowsRandomAccess: Bool {
        if case .target = name { return false }
        return true
    }

    /// How a worker finds the file.
    var reference: FileReference {
        FileReference(serial: serial, name: path, origin: .descriptor(descriptor.rawValue, ofProcess: getpid()))
    }

    /// Writes all bytes at a place of the file; a file without random access must be written in order.
    ///
    /// Blocks.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(PoolmapError) {
        try descriptor.writeAll(bytes, at: allowsRandomAccess ? offset : nil, to: path)
    }

    /// Gives the whole file its name, and the source's mode, owner and times.
    ///
    /// - Parameters:
    ///   - source: the metadata to carry over; nil for a new file's own.
    ///   - byteCount: what must have been written in all.
    func commit(carryingOver source: FileStatus?, byteCount: UInt64) throws(PoolmapError) {
        guard allowsRandomAccess else { return }
        let written = try attempt("cannot read \(path)") { () throws(Errno) in try FileStatus(of: descriptor) }
        guard written.byteCount == byteCount else {
            throw PoolmapError(.failed, "\(path) has \(written.byteCount) bytes where \(byteCount) were written")
        }
        try carryOver(source)
        if case .none = name, try linkUnderTarget() {
            return
        }
        try renameToTarget()
    }

    private func carryOver(_ source: FileStatus?) throws(PoolmapError) {
        let number = descriptor.rawValue
        guard let source else {
            let mask = umask(0)
            umask(mask)
            fchmod(number, 0o666 & ~mask)
            return
        }
        // Only root may give files away; for others the file stays theirs. The owner is set before the mode, since
        // changing it takes the set-user-ID bits away.
        let keepsOwner = fchown(number, source.owner, source.group) == 0
        let permissions = keepsOwner ? source.permissions : source.permissions & 0o777
        try attempt("cannot set the mode of \(path)") { () throws(Errno) in
            _ = try retryingInterrupted { fchmod(number, permissions) }
            let times = [source.accessed, source.modified]
            _ = try retryingInterrupted { futimens(number, times) }
        }
    }

    /// False where the target is there and is to be replaced, which a link cannot do.
    private func linkUnderTarget() throws(PoolmapError) -> Bool {
        do throws(Errno) {
            try link(as: path)
            return true
        } catch .fileExists {
            if !replacesTarget {
                throw PoolmapError(.targetExists, "\(path) already exists; use -f to overwrite it")
            }
        } catch {
            throw PoolmapError.system("cannot write \(path)", error)
        }
        let temporary = OutputFile.temporaryPath(for: path)
        name = .temporary(temporary, poolmap_remove_on_signal(temporary.cName))
        try attempt("cannot write \(path)") { () throws(Errno) in try link(as: temporary) }
        return false
    }

    private func link(as path: String) throws(Errno) {
        let own = "/proc/self/fd/\(descriptor.rawValue)"
        _ = try retryingInterrupted { linkat(AT_FDCWD, own, AT_FDCWD, path.cName, AT_SYMLINK_FOLLOW) }
    }

    private func renameToTarget() throws(PoolmapError) {
        guard case .temporary(let temporary, let entry) = name else { return }
        do throws(Errno) {
            _ = try retryingInterrupted { poolmap_rename(temporary.cName, path.cName, replacesTarget ? 1 : 0) }
        } catch .fileExists {
            throw PoolmapError(.targetExists, "\(path) already exists; use -f to overwrite it")
        } catch {
            throw PoolmapError.system("cannot write \(path)", error)
        }
        name = .target
        poolmap_keep_on_signal(entry)
    }
}
