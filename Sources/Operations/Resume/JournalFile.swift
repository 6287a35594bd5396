import Files
import Glibc
import Ground
import SystemPackage

/// The journal of an unfinished target on disk, locked by this process.
///
/// The lock is an `fcntl` lock, which belongs to the process and not to the open file: workers inherit the descriptor,
/// and must not keep the lock if the front is killed. The lock is lost when this process closes any descriptor of the
/// file, so nothing else may open the journal.
final class JournalFile {
    let path: String
    private let folder: Folder
    private let descriptor: FileDescriptor

    private init(_ path: String, in folder: Folder, _ descriptor: FileDescriptor) {
        self.path = path
        self.folder = folder
        self.descriptor = descriptor
    }

    deinit {
        try? descriptor.close()
    }

    /// Opens and locks an existing journal; nil if there is none.
    ///
    /// Throws if another process has locked it; does not wait.
    static func open(_ path: String, in folder: Folder, for input: InputFile) throws(PoolmapError) -> JournalFile? {
        while true {
            guard
                let descriptor = try folder.openBeside(path, O_RDWR, for: input, otherwise: .noSuchFileOrDirectory)
            else { return nil }
            let file = JournalFile(path, in: folder, descriptor)
            if try file.lock() { return file }
        }
    }

    /// Creates and locks an empty journal; nil if one exists by now.
    static func create(_ path: String, in folder: Folder, for input: InputFile) throws(PoolmapError) -> JournalFile? {
        let flags = O_RDWR | O_CREAT | O_EXCL
        guard let descriptor = try folder.openBeside(path, flags, for: input, otherwise: .fileExists) else {
            return nil
        }
        let file = JournalFile(path, in: folder, descriptor)
        return try file.lock() ? file : nil
    }

    private static var wholeFile: flock {
        var region = flock()
        region.l_type = Int16(F_WRLCK)
        region.l_whence = Int16(SEEK_SET)
        return region
    }

    /// Returns false if another run finished with the file and removed it before it could be locked.
    private func lock() throws(PoolmapError) -> Bool {
        var region = JournalFile.wholeFile
        do throws(Errno) {
            _ = try retryingInterrupted { fcntl(descriptor.rawValue, F_SETLK, &region) }
        } catch .resourceTemporarilyUnavailable, .permissionDenied {
            throw PoolmapError(.failed, "another run\(holder()) is writing the same target; \(path) is locked")
        } catch {
            throw PoolmapError.system("cannot lock \(path)", error)
        }
        let own = try attempt("cannot read \(path)") { () throws(Errno) in try FileStatus(of: descriptor) }
        return folder.status(of: lastName(of: path), followsLinks: false)?.isSameFile(as: own) ?? false
    }

    /// " (process 123)", if it can be found out.
    private func holder() -> String {
        var region = JournalFile.wholeFile
        guard fcntl(descriptor.rawValue, F_GETLK, &region) == 0, region.l_type != Int16(F_UNLCK), region.l_pid > 0
        else { return "" }
        return " (process \(region.l_pid))"
    }

    /// Reads the header.
    func header() throws(PoolmapError) -> ResumeIdentity.Parsed {
        let bytes = try read(ResumeIdentity.byteCount, at: 0)
        return bytes.withUnsafeBytes { ResumeIdentity.parse($0) }
    }

    /// Reads the records that can be kept from a journal with this header.
    ///
    /// Allocates memory for valid records only, however long the file is.
    func journal(_ identity: ResumeIdentity) throws(PoolmapError) -> ResumeJournal {
        var journal = ResumeJournal(identity)
        while true {
            let bytes = try read(4096 * ResumeJournal.recordBytes, at: journal.byteCount)
            guard !bytes.isEmpty, bytes.withUnsafeBytes({ journal.take($0) }) else { return journal }
        }
    }

    /// Reads at most `count` bytes, fewer at the end of the file.
    func read(_ count: Int, at offset: UInt64) throws(PoolmapError) -> [UInt8] {
        let status = try attempt("cannot read \(path)") { () throws(Errno) in try FileStatus(of: descriptor) }
        let rest = max(status.byteCount, offset) - offset
        do throws(PoolmapError) {
            return try descriptor.readBytes(at: offset, count: Int(min(UInt64(count), rest)))
        } catch {
            throw error.at(path)
        }
    }

    /// Writes at `offset`, which is the end of the journal.
    func write(_ bytes: [UInt8], at offset: UInt64) throws(PoolmapError) {
        try bytes.withBytes { (bytes) throws(PoolmapError) in
            try descriptor.writeAll(bytes, at: offset, to: path)
        }
    }

    func truncate(to byteCount: UInt64) throws(PoolmapError) {
        try descriptor.truncate(to: byteCount, name: path)
    }

    /// Removes the name; the lock remains until this object is released.
    func remove() {
        try? folder.remove(lastName(of: path))
    }
}

extension FileDescriptor {
    /// Truncates a file; `name` is used in the error.
    ///
    /// The C function is `ftruncate`.
    func truncate(to byteCount: UInt64, name: String) throws(PoolmapError) {
        try attempt("cannot write \(name)") { () throws(Errno) in
            _ = try retryingInterrupted { ftruncate(rawValue, off_t(clamping: byteCount)) }
        }
    }
}

extension Folder {
    /// Opens a file beside a target: a regular file under its own name, which is not the input and not another user's.
    ///
    /// Returns nil if the call fails with `otherwise`.
    func openBeside(
        _ path: String, _ flags: Int32, for input: InputFile, otherwise: Errno
    ) throws(PoolmapError) -> FileDescriptor? {
        let descriptor: FileDescriptor
        do throws(Errno) {
            descriptor = try open(lastName(of: path), flags | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0o600)
        } catch  where error == otherwise {
            return nil
        } catch {
            throw PoolmapError.system("cannot write \(path)", error)
        }
        do throws(PoolmapError) {
            let status = try attempt("cannot read \(path)") { () throws(Errno) in try FileStatus(of: descriptor) }
            guard status.isRegular else {
                throw PoolmapError(.failed, "cannot write \(path): it is not a regular file")
            }
            if status.isSameFile(as: input.status) {
                throw PoolmapError(.failed, "is both input and output")
            }
            // The owner of a file can read what is written to it, whatever its mode. The input's owner may, and becomes
            // the owner of the partial file just before it becomes the target.
            if let folder = try? self.status(), folder.isSharedFolder,
                ![geteuid(), folder.owner, input.status.owner].contains(status.owner)
            {
                throw PoolmapError(.failed, "cannot write \(path): it belongs to another user; remove it")
            }
            return descriptor
        } catch {
            try? descriptor.close()
            throw error
        }
    }
}
