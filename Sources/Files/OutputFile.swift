import Glibc
import Ground
import SystemPackage

/// A file that appears under its name only once it is complete.
///
/// It is written as a nameless file in the target's folder (`O_TMPFILE`), so that nothing is left of it whatever is
/// killed, and gets its name at the end: by a link if the target did not exist, or by a rename over it with `force`. On
/// a file system without nameless files it is a hidden temporary file (`TemporaryName`).
///
/// The folder is opened once, and everything happens in it, whatever becomes of its path. An existing target that is
/// not a regular file, such as `/dev/null` or a named pipe, is written directly; one that stands for a descriptor, such
/// as `/dev/stdout`, through that descriptor.
package final class OutputFile {
    package let path: String
    package let policy: OutputPolicy
    package let folder: Folder
    private let lastName: String
    package private(set) var descriptor: FileDescriptor
    private let note: CommitNote?
    /// Owns the descriptor instead of this object, once it is shared.
    package var owner: AnyObject?
    private enum Name {
        case none
        case temporary(TemporaryName)
        /// The target's name: the file is committed.
        case final
        /// The existing target, which is written directly.
        case target
    }
    private var name: Name
    /// Whether giving a nameless file its name has failed before.
    private static nonisolated(unsafe) var avoidsNameless = false

    /// Opens the file, still without its name.
    ///
    /// Throws `targetExists` if the target exists and may not be replaced.
    ///
    /// - Parameters:
    ///   - folders: may have the target's folder open already.
    ///   - existing: what is at the target's name, if the caller has just looked.
    ///   - note: where to record that the file is about to get its name; nil if no other worker would read that.
    package init(
        _ place: Place, in folders: FolderCache = FolderCache(), over existing: TargetLook?? = nil,
        _ policy: OutputPolicy, for input: InputFile?, note: CommitNote? = nil
    ) throws(PoolmapError) {
        let path = place.path
        let folder = try OutputFile.folder(of: place, folders)
        self.folder = folder
        self.path = path
        self.policy = policy
        self.note = note
        lastName = place.name
        if let existing = existing ?? TargetLook(at: path, in: folder) {
            if let opened = try existing.openAsItIs(path, in: folder, policy, for: input?.status) {
                (descriptor, name) = (opened, .target)
                return
            }
            try OutputFile.requireReplaceable(lastName, in: folder, path, policy)
        }
        (descriptor, name) = try OutputFile.openTemporary(in: folder, for: path, OutputFile.mode(for: input), note)
    }

    /// The folder of a target.
    package static func folder(of place: Place, _ folders: FolderCache) throws(PoolmapError) -> Folder {
        do throws(Errno) {
            do throws(Errno) {
                return try folders.folder(of: place)
            } catch .noSuchFileOrDirectory where DescriptorName(spelled: place.path) != nil {
                // Such names work even without /dev; any folder will do then.
                return try Folder(path: "/")
            }
        } catch {
            throw place.error("cannot write \(place.path)", error)
        }
    }

    package static func exists(_ path: String) -> PoolmapError {
        PoolmapError(.targetExists, "\(path) already exists; use -f to overwrite it")
    }

    /// Throws if the work would be in vain, because an existing regular file cannot be replaced.
    package static func requireReplaceable(
        _ name: String, in folder: Folder, _ path: String, _ policy: OutputPolicy
    ) throws(PoolmapError) {
        // Otherwise the target may stay as it is.
        guard policy.force, !policy.keepsUnchanged else { return }
        if folder.isMountPoint(name) { throw isMounted(path) }
        if folder.isAppendOnly { throw TemporaryName.isAppendOnly(path) }
    }

    package static func isMounted(_ path: String) -> PoolmapError {
        PoolmapError(
            .failed,
            "cannot replace \(path): it is a mount point; redirect standard output to it to overwrite it")
    }

    /// The mode for creating the file: the final one saves a system call later.
    private static func mode(for input: InputFile?) -> mode_t {
        input?.metadata.map { $0.permissions & 0o777 } ?? 0o666
    }

    private static func openTemporary(
        in folder: Folder, for path: String, _ mode: mode_t, _ note: CommitNote?
    ) throws(PoolmapError) -> (FileDescriptor, Name) {
        do throws(Errno) {
            if !avoidsNameless {
                return (try folder.openNameless(mode), .none)
            }
        } catch .notSupported, .isDirectory, .invalidArgument, .noSuchFileOrDirectory, .noFunction, .notPermitted {
            // The file system has no nameless files, or the folder does not exist: the next call tells which.
        } catch {
            throw PoolmapError.system("cannot write \(path)", error)
        }
        let (descriptor, temporary) = try makeTemporary(in: folder, for: path, note)
        return (descriptor, .temporary(temporary))
    }

    private static func makeTemporary(
        in folder: Folder, for path: String, _ note: CommitNote?
    ) throws(PoolmapError) -> (FileDescriptor, TemporaryName) {
        let temporary = try TemporaryName(in: folder, for: path, note)
        do throws(Errno) {
            // No other user may read it before it is complete.
            let descriptor = try folder.open(temporary.name, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0o600)
            temporary.isMade()
            return (descriptor, temporary)
        } catch {
            temporary.forget()
            throw PoolmapError.system("cannot write \(path)", error)
        }
    }

    /// Closes the file.
    ///
    /// Without a commit, its content is lost.
    deinit {
        if owner == nil {
            try? descriptor.close()
        }
        if case .temporary(let temporary) = name {
            temporary.remove()
        }
    }

    /// The status of an existing target that is written directly; nil for a new file.
    var statusOfTarget: FileStatus? {
        if case .target = name { return try? FileStatus(of: descriptor) }
        return nil
    }

    /// Whether it is a terminal.
    package var isTerminal: Bool { !allowsRandomAccess && isatty(descriptor.rawValue) == 1 }

    /// Whether workers may write it at any offset.
    package var allowsRandomAccess: Bool {
        if case .target = name { return false }
        return true
    }

    /// Writes all bytes at an offset; a file without random access must be written in order.
    ///
    /// Blocks.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(PoolmapError) {
        guard allowsRandomAccess else { return try descriptor.writeAll(bytes, to: path) }
        try descriptor.write(bytes, at: offset, to: path, leavesHoles: policy.leavesHoles)
    }

    /// Gives the complete file its name, and the input's mode, owner and times.
    ///
    /// Depending on the policy, a target with the same content is left alone, and the file is synced to disk before it
    /// gets its name.
    package func commit(
        of input: InputFile?, inputBytes: UInt64, outputBytes: UInt64
    ) throws(PoolmapError) -> CommittedTarget {
        guard allowsRandomAccess else { return CommittedTarget() }
        if policy.leavesHoles {
            try descriptor.extend(to: outputBytes, name: path)
        }
        let written = try descriptor.status(having: outputBytes, of: path)
        if try descriptor.isToBeDropped(
            for: lastName, in: folder, path: path, policy, byteCount: outputBytes)
        {
            return CommittedTarget(isUnchanged: true)
        }
        let refusal = carryOver(input?.metadata, from: written)
        if policy.isDurable {
            try descriptor.sync(name: path)
        }
        note?.write(output: written, input: input?.status, inputBytes: inputBytes, outputBytes: outputBytes)
        if try !linkUnderTarget() {
            try renameToTarget(try temporaryName(for: input, byteCount: outputBytes))
        }
        if policy.isDurable {
            try folder.sync(for: path)
        }
        return CommittedTarget(metadataErrno: refusal?.rawValue)
    }

    /// Gives the file the mode, owner and times of its source, or the mode of a new file; returns the error, or nil.
    private func carryOver(_ source: FileStatus?, from now: FileStatus) -> Errno? {
        if let source { return descriptor.carryOver(source, from: now) }
        // A nameless file was created with it.
        guard case .temporary = name else { return nil }
        return descriptor.giveModeOfNewFile(from: now)
    }

    /// Links the nameless file to the target's name; false if that takes a rename: the target exists and will be
    /// replaced, the file has a name already, or the file system has no links.
    private func linkUnderTarget() throws(PoolmapError) -> Bool {
        guard case .none = name else { return false }
        do throws(Errno) {
            try folder.link(descriptor, as: lastName)
            return true
        } catch .fileExists {
            if !policy.replaces {
                throw OutputFile.exists(path)
            }
        } catch  where error.mayHaveAnotherWay {
            return false
        } catch {
            throw PoolmapError.system("cannot write \(path)", error)
        }
        return false
    }

    /// The file's temporary name, which is given to it if it has none.
    private func temporaryName(for input: InputFile?, byteCount: UInt64) throws(PoolmapError) -> TemporaryName {
        if case .temporary(let temporary) = name { return temporary }
        let temporary = try TemporaryName(in: folder, for: path, note)
        do throws(Errno) {
            try folder.link(descriptor, as: temporary.name)
            temporary.isMade()
            name = .temporary(temporary)
            return temporary
        } catch  where error.mayHaveAnotherWay {
            temporary.forget()
        } catch {
            temporary.forget()
            throw PoolmapError.system("cannot write \(path)", error)
        }
        OutputFile.avoidsNameless = true
        return try copyToTemporary(for: input, byteCount: byteCount)
    }

    /// Copies the file to a new one with a name, since this one cannot get one.
    private func copyToTemporary(for input: InputFile?, byteCount: UInt64) throws(PoolmapError) -> TemporaryName {
        let (copy, temporary) = try OutputFile.makeTemporary(in: folder, for: path, note)
        let nameless = descriptor
        (descriptor, name) = (copy, .temporary(temporary))
        defer {
            if owner.take() == nil {
                try? nameless.close()
            }
        }
        var reader = FileReader(nameless, at: 0, byteCount: byteCount, hasHoles: policy.leavesHoles)
        var space = Scratch()
        let memory = try space.space(of: 1 << 20)
        var offset: UInt64 = 0
        while offset < byteCount {
            let count = try reader.read(into: memory)
            let bytes = UnsafeRawBufferPointer(rebasing: memory[..<count])
            try copy.write(bytes, at: offset, to: path, leavesHoles: policy.leavesHoles)
            offset += UInt64(count)
        }
        if policy.leavesHoles {
            try copy.extend(to: byteCount, name: path)
        }
        let made = try copy.status(having: byteCount, of: path)
        // Errors were already reported for the first file.
        _ = carryOver(input?.metadata, from: made)
        if policy.isDurable {
            try copy.sync(name: path)
        }
        note?.move(to: made)
        return temporary
    }

    private func renameToTarget(_ temporary: TemporaryName) throws(PoolmapError) {
        do throws(Errno) {
            try folder.rename(temporary.name, to: lastName, path: path, policy)
        } catch .fileExists {
            throw OutputFile.exists(path)
        } catch .resourceBusy where folder.isMountPoint(lastName) {
            throw OutputFile.isMounted(path)
        } catch {
            throw PoolmapError.system("cannot write \(path)", error)
        }
        name = .final
        temporary.forget()
    }
}

/// The result of giving a target its name.
package struct CommittedTarget {
    /// Whether the target had this content already, and was left alone.
    package var isUnchanged = false
    /// Why it lacks the input's mode or times, or, for root, the owner; nil if it has them.
    package var metadataErrno: Int32?

    package init(isUnchanged: Bool = false, metadataErrno: Int32? = nil) {
        self.isUnchanged = isUnchanged
        self.metadataErrno = metadataErrno
    }
}
