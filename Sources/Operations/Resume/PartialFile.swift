import Files
import Glibc
import Ground
import Multiprocessing
import SystemPackage

/// A target that is written under another name, beside a journal of what it has.
///
///     TARGET.partial   becomes the target when it is whole
///     TARGET.resume    the journal: says of what is in the partial file how it came to be
///
/// Only the process that has the journal locked writes to either, and the two are no temporary files: no signal removes
/// them.
final class PartialFile {
    let path: String
    let partialPath: String
    let policy: OutputPolicy
    let journal: JournalFile
    private let folder: Folder
    private let descriptor: FileDescriptor
    /// Owns the descriptor; how workers have the file.
    let handed: SharedDescriptor
    /// The names are no longer this run's.
    private(set) var isSettled = false

    /// What is beside a target, locked, before it is known what of it can be kept.
    struct Names {
        let path: String
        let partialPath: String
        let policy: OutputPolicy
        let folder: Folder
        let journal: JournalFile
        /// Whether there is a partial file.
        let isThere: Bool
    }

    /// Finds or makes the journal of a target, and looks for the rest.
    ///
    /// Throws where the target is no regular file, or may not be replaced though there is nothing to go on with, and where
    /// another process is at work on it.
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
            throw PoolmapError(.failed, "cannot write \(path): --resume needs a regular file for a target")
        }
    }

    /// The journal that is there, or a new one where a run may begin.
    private static func openJournal(
        _ path: String, _ partialPath: String, in folder: Folder, force: Bool, for input: InputFile
    ) throws(PoolmapError) -> JournalFile {
        while true {
            let isPartialThere = folder.has(partialPath)
            if let file = try JournalFile.open(path + ".resume", in: folder, for: input) { return file }
            if !force {
                if folder.has(path) { throw OutputFile.exists(path) }
                // A run makes the journal before the partial file, and removes it after.
                if isPartialThere, folder.has(partialPath) {
                    throw PoolmapError(
                        .failed,
                        "\(partialPath) is there without a journal; remove it, or use -f to overwrite it")
                }
            }
            if let file = try JournalFile.create(path + ".resume", in: folder, for: input) { return file }
        }
    }

    /// Opens the partial file, or makes it.
    ///
    /// Throws where the target is there, and may not be replaced.
    ///
    /// - Parameter isNew: whether nothing was in the journal, which then goes where the partial file cannot be made.
    init(_ names: Names, for input: InputFile, isNew: Bool) throws(PoolmapError) {
        // Once more, since whoever had the journal locked may just have finished.
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
                // A run that was ended just before its rename may have set the mode of an input that is read-only.
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

    /// Writes all bytes at a place of the file.
    ///
    /// Blocks.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(PoolmapError) {
        try descriptor.writeAll(bytes, at: offset, to: partialPath)
    }

    func truncate(to byteCount: UInt64) throws(PoolmapError) {
        try descriptor.truncate(to: byteCount, name: partialPath)
    }

    /// Makes the whole file the target, with the mode, owner and times of what it was made of, or as any new file; as the
    /// policy says, only if that changes it, and only once it is on disk.
    ///
    /// - Parameter input: nil where it is not made in the place of one.
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

    /// Removes both files: there is nothing to go on with.
    func discard() {
        isSettled = true
        // The partial file first: without a journal it would be nobody's.
        try? folder.remove(lastName(of: partialPath))
        journal.remove()
    }
}

extension Folder {
    /// Whether the last name of a path leads to something.
    fileprivate func has(_ path: String) -> Bool {
        status(of: lastName(of: path), followsLinks: true) != nil
    }
}
