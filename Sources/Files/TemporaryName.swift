import CFiles
import Glibc
import Ground
import SystemPackage

/// A name of this run's own in a target's folder: whoever ends the run removes it, and so does a signal.
///
/// It is noted before the file is made, in memory that all processes of the run share: the process that makes it may be
/// killed at any moment.
package final class TemporaryName {
    package let name: String
    private let folder: Folder
    private let note: CommitNote?
    /// -1 where it is not noted, or not any more.
    private var entry: Int32

    /// Notes a name that nobody has.
    ///
    /// - Parameters:
    ///   - path: the target's, for the error.
    ///   - note: that of the file that is done, whose next worker removes the name if this one is killed.
    package convenience init(in folder: Folder, for path: String, _ note: CommitNote?) throws(PoolmapError) {
        if folder.isAppendOnly { throw TemporaryName.isAppendOnly(path) }
        let name = ".poolmap-\(getpid())-\(UInt32.random(in: .min ... .max)).tmp"
        do throws(Errno) {
            try self.init(name, in: folder, for: path, isTarget: false, note)
        } catch {
            throw .system("cannot write \(path)", error)
        }
    }

    /// Notes the target's own name, at which only a file that `isMade` has told of is removed.
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
        // The run ends, and with it this process in a moment.
        if entry == -2 { throw .canceled }
        (self.name, self.folder, self.note, self.entry) = (name, folder, note, entry)
        note?.temporary = entry >= 0 ? Int(entry) : nil
    }

    package static func isAppendOnly(_ path: String) -> PoolmapError {
        PoolmapError(
            .failed, "cannot write \(path): its folder lets no file be renamed or removed (chattr +a), which is needed")
    }

    /// The file has the name now.
    package func isMade(as status: FileStatus? = nil) {
        poolmap_temporary_is_made(entry, status?.inode ?? 0)
    }

    /// The name is gone, or to stay.
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
    /// Makes a file that is whole the target; where the policy says so, over another.
    ///
    /// Throws `fileExists` where something may not be replaced.
    ///
    /// - Parameter path: the target's.
    package func rename(_ own: String, to name: String, path: String, _ policy: OutputPolicy) throws(Errno) {
        if policy.replaces { return try rename(own, to: name, replaces: true) }
        do throws(Errno) {
            return try rename(own, to: name, replaces: false)
        } catch  where error.mayHaveAnotherWay {
            // The file system, or a sandbox, cannot tell in one step. A link does not replace either.
        }
        do throws(Errno) {
            _ = try retryingInterrupted {
                linkat(descriptor.rawValue, own.cName, descriptor.rawValue, name.cName, 0)
            }
            return try remove(own)
        } catch  where error.mayHaveAnotherWay {
            // It has no links. But to make an empty file tells whether the name is free, and keeps it.
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
    /// Whether the call cannot be had at all, or not for this file, and another one may do.
    var mayHaveAnotherWay: Bool {
        switch self {
        case .notPermitted, .noFunction, .notSupported, .invalidArgument, .noSuchFileOrDirectory, .tooManyLinks,
            .improperLink, .permissionDenied:
            true
        default: false
        }
    }
}
