import CFiles
import Glibc
import Ground
import SystemPackage

/// A temporary name in a target's folder, which is removed at the end of the run, or by a signal.
///
/// It is recorded before the file is created, in memory that all processes of the run share, since the process that
/// creates it may be killed at any moment.
package final class TemporaryName {
    package let name: String
    private let folder: Folder
    private let note: CommitNote?
    /// The entry in the shared memory; -1 if it is not recorded.
    private var entry: Int32

    /// Records a new, unused name.
    ///
    /// - Parameters:
    ///   - path: the target's path, for the error.
    ///   - note: the note of the task; if this worker is killed, the next one uses it to remove the name.
    package convenience init(in folder: Folder, for path: String, _ note: CommitNote?) throws(PoolmapError) {
        if folder.isAppendOnly { throw TemporaryName.isAppendOnly(path) }
        let name = ".poolmap-\(getpid())-\(UInt32.random(in: .min ... .max)).tmp"
        do throws(Errno) {
            try self.init(name, in: folder, for: path, isTarget: false, note)
        } catch {
            throw .system("cannot write \(path)", error)
        }
    }

    /// Records the target's own name; only a file announced by `isMade` is removed there.
    package convenience init(ofTarget name: String, in folder: Folder, _ path: String, _ note: CommitNote?)
        throws(Errno)
    {
        try self.init(name, in: folder, for: path, isTarget: true, note)
    }

    private init(
        _ name: String, in folder: Folder, for path: String, isTarget: Bool, _ note: CommitNote?
    ) throws(Errno) {
        let status = try folder.status()
        let entry = poolmap_note_temporary(
            (folderPrefix(of: path) + name).cName, status.device, status.inode, isTarget ? 1 : 0)
        // The run is ending, and this process will end in a moment.
        if entry == -2 { throw .canceled }
        (self.name, self.folder, self.note, self.entry) = (name, folder, note, entry)
        note?.temporary = entry >= 0 ? Int(entry) : nil
    }

    package static func isAppendOnly(_ path: String) -> PoolmapError {
        PoolmapError(
            .failed, "cannot write \(path): its directory does not let files be renamed or removed (chattr +a)")
    }

    /// Records that the file has the name now.
    package func isMade(as status: FileStatus? = nil) {
        poolmap_temporary_is_made(entry, status?.inode ?? 0)
    }

    /// Removes the record: the name is gone, or will stay.
    package func forget() {
        poolmap_forget_temporary(entry)
        entry = -1
        note?.temporary = nil
    }

    package func remove() {
        try? folder.remove(name)
        forget()
    }
}

extension Folder {
    /// Renames a complete file to the target, replacing an existing one if the policy allows it.
    ///
    /// Throws `fileExists` if an existing file may not be replaced.
    ///
    /// - Parameter path: the target's path.
    package func rename(_ own: String, to name: String, path: String, _ policy: OutputPolicy) throws(Errno) {
        if policy.replaces { return try rename(own, to: name, replaces: true) }
        do throws(Errno) {
            return try rename(own, to: name, replaces: false)
        } catch  where error.mayHaveAnotherWay {
            // The file system, or a sandbox, has no renameat2 without replacement. A link never replaces, either.
        }
        do throws(Errno) {
            _ = try retryingInterrupted {
                linkat(descriptor.rawValue, own.cName, descriptor.rawValue, name.cName, 0)
            }
            return try remove(own)
        } catch  where error.mayHaveAnotherWay {
            // No links, either. But creating an empty file shows whether the name is free, and reserves it.
        }
        try replacePlaceholder(with: own, as: name, path: path)
    }

    private func replacePlaceholder(with own: String, as name: String, path: String) throws(Errno) {
        let placeholder = try TemporaryName(ofTarget: name, in: self, path, nil)
        let status: FileStatus
        do throws(Errno) {
            let descriptor = try open(name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600)
            defer { try? descriptor.close() }
            status = try FileStatus(of: descriptor)
        } catch {
            placeholder.forget()
            throw error
        }
        placeholder.isMade(as: status)
        do throws(Errno) {
            try rename(own, to: name, replaces: true)
        } catch {
            if self.status(of: name, followsLinks: false)?.isSameFile(as: status) ?? false {
                placeholder.remove()
            }
            placeholder.forget()
            throw error
        }
        placeholder.forget()
    }
}

extension Errno {
    /// Whether the call is not available at all, or not for this file, so that another one may work.
    var mayHaveAnotherWay: Bool {
        switch self {
        case .notPermitted, .noFunction, .notSupported, .invalidArgument, .noSuchFileOrDirectory, .tooManyLinks,
            .improperLink, .permissionDenied:
            true
        default: false
        }
    }
}
