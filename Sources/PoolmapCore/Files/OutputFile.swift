import CPoolmap
import Glibc
import Multiprocessing
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
    let policy: OutputPolicy
    private let descriptor: FileDescriptor
    private let note: CommitNote?
    /// Owns the descriptor once workers may have use for it.
    private var shared: SharedDescriptor?
    private enum Name {
        case none
        /// With the entry in the list of what a signal removes.
        case temporary(String, Int32)
        /// The target's, since all is done.
        case final
        /// The target itself, which is no regular file.
        case target
    }
    private var name: Name

    /// Opens the file, yet without its name.
    ///
    /// Throws `targetExists` where the target is there already and may not be replaced.
    convenience init(path: String, _ policy: OutputPolicy, for input: InputFile?) throws(PoolmapError) {
        try self.init(path: path, over: FileStatus(ofPath: path), policy, for: input, note: nil)
    }

    /// The same where somebody has just looked what is at the path.
    ///
    /// - Parameters:
    ///   - existing: what is there; nil for nothing.
    ///   - note: where to say that the file is about to get its name; nil where nobody would ask.
    init(
        path: String, over existing: FileStatus?, _ policy: OutputPolicy, for input: InputFile?, note: CommitNote?
    ) throws(PoolmapError) {
        self.path = path
        self.policy = policy
        self.note = note
        if let existing {
            try OutputFile.check(existing, path, policy, for: input?.status)
            guard existing.isRegular else {
                name = .target
                descriptor = try attempt("cannot write \(path)") { () throws(Errno) in try openFile(path, O_WRONLY) }
                return
            }
        }
        (descriptor, name) = try OutputFile.openTemporary(for: path, OutputFile.mode(for: input))
    }

    /// Throws if what is at a target's path must stay.
    static func check(
        _ existing: FileStatus, _ path: String, _ policy: OutputPolicy, for input: FileStatus?
    ) throws(PoolmapError) {
        try refuse(existing, at: path, for: input)
        if existing.isRegular && !policy.replaces {
            throw exists(path)
        }
    }

    /// Throws if what the path leads to can be no target, whether it may be replaced or not.
    static func refuse(_ existing: FileStatus, at path: String, for input: FileStatus?) throws(PoolmapError) {
        if existing.isDirectory {
            throw PoolmapError(.system, "cannot write \(path): it is a directory")
        }
        if let input, existing.isRegular, existing.isSameFile(as: input) {
            throw PoolmapError(.failed, "is both input and output")
        }
    }

    static func exists(_ path: String) -> PoolmapError {
        PoolmapError(.targetExists, "\(path) already exists; use -f to overwrite it")
    }

    /// With what it will have in the end there is one system call less to make it so.
    private static func mode(for input: InputFile?) -> mode_t {
        input?.metadata.map { $0.permissions & 0o777 } ?? 0o600
    }

    private static func openTemporary(for path: String, _ mode: mode_t) throws(PoolmapError) -> (FileDescriptor, Name) {
        do throws(Errno) {
            let number = try retryingInterrupted { poolmap_open_nameless(folderOf(path).cName, mode) }
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

    private static func temporaryPath(for path: String) -> String {
        folderPrefix(of: path) + ".poolmap-\(getpid())-\(UInt32.random(in: .min ... .max)).tmp"
    }

    /// Closes the file.
    ///
    /// What was not committed is gone.
    deinit {
        if shared == nil {
            try? descriptor.close()
        }
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

    /// How a worker has the file.
    var reference: FileReference {
        let shared = shared ?? SharedDescriptor(owning: descriptor)
        self.shared = shared
        return FileReference(name: path, shared: shared)
    }

    /// Writes all bytes at a place of the file; a file without random access must be written in order.
    ///
    /// Blocks.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(PoolmapError) {
        try descriptor.writeAll(bytes, at: allowsRandomAccess ? offset : nil, to: path)
    }

    /// Writes three pieces that follow each other, in one system call where the kernel takes all of them.
    ///
    /// Blocks. The C function is `pwritev`.
    func write(
        _ head: [UInt8], _ body: UnsafeRawBufferPointer, _ tail: [UInt8], at offset: UInt64
    ) throws(PoolmapError) {
        try head.withBytes { (head) throws(PoolmapError) in
            try tail.withBytes { (tail) throws(PoolmapError) in
                let pieces = [head, body, tail]
                let vectors = pieces.map {
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
                }
                var written = try attempt("cannot write \(path)") { () throws(Errno) in
                    try retryingInterrupted { pwritev(descriptor.rawValue, vectors, 3, off_t(clamping: offset)) }
                }
                var place = offset
                for piece in pieces {
                    let done = min(written, piece.count)
                    written -= done
                    let rest = UnsafeRawBufferPointer(rebasing: piece[done...])
                    try descriptor.writeAll(rest, at: place + UInt64(done), to: path)
                    place += UInt64(piece.count)
                }
            }
        }
    }

    /// Gives the whole file its name, and the input's mode, owner and times; returns the summary of the whole.
    ///
    /// Where the policy says so, a target with the same content is left alone, and the file is on disk before it has
    /// its name.
    func commit(of input: InputFile?, _ summary: JobSummary) throws(PoolmapError) -> JobSummary {
        guard allowsRandomAccess else { return summary }
        let written = try descriptor.status(having: summary.outputBytes, of: path)
        if try descriptor.isToBeDropped(for: path, policy, byteCount: summary.outputBytes) {
            var summary = summary
            summary.isUnchanged = true
            return summary
        }
        try descriptor.carryOver(input?.metadata, from: written, to: path)
        if policy.isDurable {
            try descriptor.sync(name: path)
        }
        note?.write(output: written, input: input?.status, summary)
        if try !linkUnderTarget() {
            try renameToTarget()
        }
        if policy.isDurable {
            try syncFolder(of: path)
        }
        return summary
    }

    /// False where that takes a rename: the target is there and is to be replaced, or the file has a name already.
    private func linkUnderTarget() throws(PoolmapError) -> Bool {
        guard case .none = name else { return false }
        do throws(Errno) {
            try link(as: path)
            return true
        } catch .fileExists {
            if !policy.replaces {
                throw OutputFile.exists(path)
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
        _ = try retryingInterrupted { poolmap_link_nameless(descriptor.rawValue, path.cName) }
    }

    private func renameToTarget() throws(PoolmapError) {
        guard case .temporary(let temporary, let entry) = name else { return }
        do throws(Errno) {
            _ = try retryingInterrupted { poolmap_rename(temporary.cName, path.cName, policy.replaces ? 1 : 0) }
        } catch .fileExists {
            throw OutputFile.exists(path)
        } catch {
            throw PoolmapError.system("cannot write \(path)", error)
        }
        name = .final
        poolmap_keep_on_signal(entry)
    }
}
