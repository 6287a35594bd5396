import Files
import Glibc
import Ground
import Multiprocessing
import SystemPackage

/// A target that is written under another name, beside a journal of its content.
///
///     TARGET.partial   becomes the target when it is complete
///     TARGET.resume    the journal, which describes the content of the partial file
///
/// Only the process that has locked the journal writes to either. They are not temporary files, so signals do not
/// remove them.
final class PartialFile {
    let path: String
    let partialPath: String
    let policy: OutputPolicy
    let journal: JournalFile
    private let folder: Folder
    private let descriptor: FileDescriptor
    /// Owns the descriptor; passes the file to workers.
    let handed: SharedDescriptor
    /// Whether the names no longer belong to this run.
    private(set) var isSettled = false

    /// The files beside a target, with the journal locked, before it is known what can be kept.
    struct Names {
        let path: String
        let partialPath: String
        let policy: OutputPolicy
        let folder: Folder
        let journal: JournalFile
        /// Whether there is a partial file.
        let isThere: Bool
    }

    /// Finds or creates the journal of a target, and looks for the partial file.
    ///
    /// Throws if the target is not a regular file, if it must not be replaced and there is nothing to continue, or if
    /// another process is writing it.
    static func find(
        path: String, _ policy: OutputPolicy, for input: InputFile
    ) throws(PoolmapError) -> Names {
        let folder = try attempt("cannot write \(path)") { () throws(Errno) in try Folder(path: folderOf(path)) }
        if let target = TargetLook(at: path, in: folder) {
            try requireRegular(target, path, for: input)
            try OutputFile.requireReplaceable(lastName(of: path), in: folder, path, policy)
        }
        if folder.isAppendOnly { throw TemporaryName.isAppendOnly(path) }
        let partialPath = path + ".partial"
        let journal = try openJournal(path, partialPath, in: folder, force: policy.replaces, for: input)
        return Names(
            path: path, partialPath: partialPath, policy: policy, folder: folder, journal: journal,
            isThere: folder.has(partialPath))
    }

    private static func requireRegular(
        _ target: TargetLook, _ path: String, for input: InputFile
    ) throws(PoolmapError) {
        if let status = target.status {
            try TargetLook.refuse(status, at: path, for: input.status)
        }
        guard target.status?.isRegular ?? true, target.descriptor == nil else {
            throw PoolmapError(.failed, "cannot write \(path): --resume needs a regular file as target")
        }
    }

    /// Opens the existing journal, or creates one if a run may begin.
    private static func openJournal(
        _ path: String, _ partialPath: String, in folder: Folder, force: Bool, for input: InputFile
    ) throws(PoolmapError) -> JournalFile {
        while true {
            let isPartialThere = folder.has(partialPath)
            if let file = try JournalFile.open(path + ".resume", in: folder, for: input) { return file }
            if !force {
                if folder.has(path) { throw OutputFile.exists(path) }
                // A run creates the journal before the partial file, and removes it after.
                if isPartialThere, folder.has(partialPath) {
                    throw PoolmapError(
                        .failed,
                        "\(partialPath) exists without a journal; remove it, or use -f to overwrite it")
                }
            }
            if let file = try JournalFile.create(path + ".resume", in: folder, for: input) { return file }
        }
    }

    /// Opens the partial file, or creates it.
    ///
    /// Throws if the target exists and must not be replaced.
    ///
    /// - Parameter isNew: whether the journal was empty; it is then removed if the partial file cannot be created.
    init(_ names: Names, for input: InputFile, isNew: Bool) throws(PoolmapError) {
        // Check again: the process that had locked the journal may just have finished.
        if !names.policy.replaces, names.folder.has(names.path) {
            if !names.isThere { names.journal.remove() }
            throw OutputFile.exists(names.path)
        }
        do throws(PoolmapError) {
            descriptor = try PartialFile.open(names.partialPath, in: names.folder, for: input)
        } catch {
            if isNew { names.journal.remove() }
            throw error
        }
        (path, partialPath, policy) = (names.path, names.partialPath, names.policy)
        (folder, journal) = (names.folder, names.journal)
        handed = SharedDescriptor(owning: descriptor)
    }

    private static func open(
        _ path: String, in folder: Folder, for input: InputFile
    ) throws(PoolmapError) -> FileDescriptor {
        var isModeSet = false
        while true {
            do throws(PoolmapError) {
                if let descriptor = try folder.openBeside(path, O_RDWR, for: input, otherwise: .noSuchFileOrDirectory) {
                    fchmod(descriptor.rawValue, 0o600)
                    return descriptor
                }
            } catch  where error.errno == EACCES && !isModeSet {
                // A run that was killed just before its rename may have set the mode of a read-only input.
                isModeSet = true
                if let readable = try? folder.openBeside(path, O_RDONLY, for: input, otherwise: .noSuchFileOrDirectory)
                {
                    fchmod(readable.rawValue, 0o600)
                    try? readable.close()
                }
                continue
            }
            let flags = O_RDWR | O_CREAT | O_EXCL
            if let descriptor = try folder.openBeside(path, flags, for: input, otherwise: .fileExists) {
                return descriptor
            }
        }
    }

    /// Its size in bytes.
    func byteCount() throws(PoolmapError) -> UInt64 {
        try attempt("cannot read \(partialPath)") { () throws(Errno) in try FileStatus(of: descriptor) }.byteCount
    }

    /// Writes all bytes at an offset of the file.
    ///
    /// Blocks.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(PoolmapError) {
        try descriptor.writeAll(bytes, at: offset, to: partialPath)
    }

    func truncate(to byteCount: UInt64) throws(PoolmapError) {
        try descriptor.truncate(to: byteCount, name: partialPath)
    }

    /// Makes the complete file the target, with the mode, owner and times of its input, or those of a new file.
    ///
    /// As the policy says, only if that changes the target, and only after an fsync.
    ///
    /// - Parameter input: the input whose metadata the target gets; nil for none.
    func commit(of input: InputFile?, outputBytes: UInt64) throws(PoolmapError) -> CommittedTarget {
        let written = try descriptor.status(having: outputBytes, of: partialPath)
        if try descriptor.isToBeDropped(
            for: lastName(of: path), in: folder, path: path, policy, byteCount: outputBytes)
        {
            discard()
            return CommittedTarget(isUnchanged: true)
        }
        let refusal =
            input.map { $0.metadata.flatMap { descriptor.carryOver($0) } }
            ?? descriptor.giveModeOfNewFile(from: written)
        if policy.isDurable {
            try descriptor.sync(name: partialPath)
        }
        try renameToTarget()
        isSettled = true
        if policy.isDurable {
            try folder.sync(for: path)
        }
        journal.remove()
        return CommittedTarget(metadataErrno: refusal?.rawValue)
    }

    private func renameToTarget() throws(PoolmapError) {
        do throws(Errno) {
            try folder.rename(lastName(of: partialPath), to: lastName(of: path), path: path, policy)
        } catch .fileExists {
            throw OutputFile.exists(path)
        } catch .resourceBusy where folder.isMountPoint(lastName(of: path)) {
            throw OutputFile.isMounted(path)
        } catch {
            throw PoolmapError.system("cannot write \(path)", error)
        }
    }

    /// Removes both files: there is nothing to continue.
    func discard() {
        isSettled = true
        // The partial file first: without a journal, no run would remove it.
        try? folder.remove(lastName(of: partialPath))
        journal.remove()
    }
}

extension Folder {
    /// Whether the last component of a path leads to a file.
    fileprivate func has(_ path: String) -> Bool {
        status(of: lastName(of: path), followsLinks: true) != nil
    }
}
