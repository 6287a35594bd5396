import CPoolmap
import CZstd
import Glibc
import SystemPackage

/// A target that is written under another name, with a journal, so that it can be gone on with whatever ends the run.
///
///     TARGET.partial   header and frames, in order; becomes the target when it is whole
///     TARGET.resume    the journal: a record for each frame, written after the frame
///
/// docs/resume.md says what is kept when, and why each step may be the last. Only the process that has the journal
/// locked writes to either, and the two are no temporary files: no signal removes them.
final class PartialOutput {
    let path: String
    /// The frames of the file: at first those of an earlier run, which are still to be verified, then what was added.
    private(set) var journal: ResumeJournal
    /// Why not all that an earlier run has left is kept; nil if it is, or there was nothing.
    private(set) var loss: String?
    let partialPath: String
    private let descriptor: FileDescriptor
    private let journalFile: JournalFile
    let policy: OutputPolicy
    /// The names are no longer this run's.
    private var isSettled = false

    /// What a run finds.
    enum Opened {
        case unfinished(PartialOutput)
        /// The target is whole, and made of these frames: the run before was ended between its last two steps.
        case finished(ResumeJournal, byteCount: UInt64)
    }

    /// Opens the files beside a target, or makes them.
    ///
    /// Throws `targetExists` where the target is there already, `force` is not given, and it is not just what the
    /// journal describes; also where another process is at work on it.
    static func open(
        path: String, _ policy: OutputPolicy, for input: InputFile, _ options: CompressionOptions
    ) throws(PoolmapError) -> Opened {
        let force = policy.replaces
        if let target = FileStatus(ofPath: path) {
            try OutputFile.refuse(target, at: path, for: input.status)
            guard target.isRegular else {
                throw PoolmapError(.failed, "cannot write \(path): --resume needs a regular file for a target")
            }
        }
        let file = try openJournal(path, force: force, for: input)
        let earlier = try file.header()
        if earlier == .foreign && !force {
            throw PoolmapError(.failed, "\(file.path) is no journal of poolmap; remove it, or use -f to overwrite it")
        }
        let identity = ResumeIdentity(input, options)
        let (journal, loss) = try keptJournal(of: earlier, for: identity, in: file)
        let isThere = FileStatus(ofPath: partialPath(path)) != nil
        if !isThere, let journal, let byteCount = try journal.byteCount(ofFinishedTarget: path) {
            file.remove()
            return .finished(journal, byteCount: byteCount)
        }
        // Once more, since whoever had the journal locked may just have finished.
        if !force, FileStatus(ofPath: path) != nil {
            if !isThere { file.remove() }
            throw OutputFile.exists(path)
        }
        let descriptor: FileDescriptor
        do throws(PoolmapError) {
            descriptor = try openPartial(partialPath(path), for: input)
        } catch {
            if earlier == .none { file.remove() }
            throw error
        }
        let output = PartialOutput(path, policy, descriptor, file, journal ?? ResumeJournal(identity), loss: loss)
        try output.begin(isThere: isThere)
        return .unfinished(output)
    }

    private init(
        _ path: String, _ policy: OutputPolicy, _ descriptor: FileDescriptor, _ file: JournalFile,
        _ journal: ResumeJournal,
        loss: String?
    ) {
        self.path = path
        partialPath = PartialOutput.partialPath(path)
        self.policy = policy
        self.descriptor = descriptor
        journalFile = file
        self.journal = journal
        self.loss = loss
    }

    /// Closes both files.
    ///
    /// They stay, unless there is nothing in them to go on with.
    deinit {
        if !isSettled && journal.frames.isEmpty {
            discard()
        }
        try? descriptor.close()
    }

    private func begin(isThere: Bool) throws(PoolmapError) {
        if !journal.frames.isEmpty {
            try dropMissingFrames(isThere: isThere)
        }
        if journal.frames.isEmpty {
            // The journal first: it must never speak of bytes that are gone.
            try journalFile.truncate(to: 0)
            try descriptor.truncate(to: 0, name: partialPath)
            try journalFile.write(journal.identity.serialized(), at: 0)
        }
    }

    /// Forgets the frames that the partial file does not have, by its size; they stay on disk until `keep`.
    private func dropMissingFrames(isThere: Bool) throws(PoolmapError) {
        let status = try attempt("cannot read \(partialPath)") { () throws(Errno) in try FileStatus(of: descriptor) }
        let header = journal.sectionHeader
        guard let found = try? descriptor.readBytes(at: 0, count: header.count), found == header else {
            loss = "begins anew: \(partialPath) is \(isThere ? "damaged at its beginning" : "missing")"
            return journal.keep(first: 0)
        }
        let all = journal.frames.count
        var end = UInt64(header.count)
        let count = journal.frames.prefix { frame in
            end += UInt64(frame.compressedBytes)
            return end <= status.byteCount
        }.count
        if count < all {
            loss = "\(partialPath) is shorter than its journal says, and has \(count) of \(all) frames"
            journal.keep(first: count)
        }
    }

    /// How a worker finds the partial file.
    var reference: FileReference {
        FileReference(
            serial: 0, name: partialPath, origin: .descriptor(descriptor.rawValue, ofProcess: getpid()))
    }

    /// Writes all bytes at a place of the file.
    ///
    /// Blocks.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(PoolmapError) {
        try descriptor.writeAll(bytes, at: offset, to: partialPath)
    }

    /// Notes a frame that has been written.
    func note(_ frame: KeptFrame) throws(PoolmapError) {
        let end = journal.byteCount
        try journalFile.write(journal.append(frame), at: end)
    }

    /// Cuts both files behind the first `count` frames.
    func keep(first count: Int) throws(PoolmapError) {
        journal.keep(first: count)
        // The journal first: it must never speak of bytes that are gone.
        try journalFile.truncate(to: journal.byteCount)
        try descriptor.truncate(to: journal.partialBytes, name: partialPath)
    }

    /// Makes the whole file the target, with the input's mode, owner and times; as the policy says, only if that changes
    /// it, and only once it is on disk.
    func commit(of input: InputFile, _ summary: JobSummary) throws(PoolmapError) -> JobSummary {
        _ = try descriptor.status(having: summary.outputBytes, of: partialPath)
        if try descriptor.isToBeDropped(for: path, policy, byteCount: summary.outputBytes) {
            discard()
            var summary = summary
            summary.isUnchanged = true
            return summary
        }
        try descriptor.carryOver(input.metadata, to: partialPath)
        if policy.isDurable {
            try descriptor.sync(name: partialPath)
        }
        do throws(Errno) {
            _ = try retryingInterrupted { poolmap_rename(partialPath.cName, path.cName, policy.replaces ? 1 : 0) }
        } catch .fileExists {
            throw OutputFile.exists(path)
        } catch {
            throw PoolmapError.system("cannot write \(path)", error)
        }
        isSettled = true
        if policy.isDurable {
            try syncFolder(of: path)
        }
        journalFile.remove()
        return summary
    }

    /// Removes both files: there is nothing to go on with.
    func discard() {
        isSettled = true
        // The partial file first: without a journal it would be nobody's.
        unlink(partialPath.cName)
        journalFile.remove()
    }
}

extension PartialOutput {
    fileprivate static func partialPath(_ path: String) -> String { path + ".partial" }

    /// The journal that is there, or a new one where a run may begin.
    private static func openJournal(
        _ path: String, force: Bool, for input: InputFile
    ) throws(PoolmapError) -> JournalFile {
        while true {
            let isPartialThere = FileStatus(ofPath: partialPath(path)) != nil
            if let file = try JournalFile.open(path + ".resume", for: input) { return file }
            if !force {
                if FileStatus(ofPath: path) != nil { throw OutputFile.exists(path) }
                // A run makes the journal before the partial file, and removes it after.
                if isPartialThere, FileStatus(ofPath: partialPath(path)) != nil {
                    throw PoolmapError(
                        .failed,
                        "\(partialPath(path)) is there without a journal; remove it, or use -f to overwrite it")
                }
            }
            if let file = try JournalFile.create(path + ".resume", for: input) { return file }
        }
    }

    /// The journal if it is one of this input and these options; else why nothing is kept, where there was something.
    private static func keptJournal(
        of earlier: ResumeIdentity.Parsed, for identity: ResumeIdentity, in file: JournalFile
    ) throws(PoolmapError) -> (ResumeJournal?, loss: String?) {
        switch earlier {
        case .none, .foreign: return (nil, nil)
        case .damaged: return (nil, "begins anew: \(file.path) is damaged")
        case .otherVersion(let version): return (nil, "begins anew: \(file.path) has the unknown version \(version)")
        case .identity(let earlier):
            if let difference = identity.difference(from: earlier) {
                return (nil, "begins anew: \(difference)")
            }
            return (try file.journal(identity), nil)
        }
    }

    private static func openPartial(_ path: String, for input: InputFile) throws(PoolmapError) -> FileDescriptor {
        var isModeSet = false
        while true {
            do throws(PoolmapError) {
                if let descriptor = try openBeside(path, O_RDWR, for: input, otherwise: .noSuchFileOrDirectory) {
                    fchmod(descriptor.rawValue, 0o600)
                    return descriptor
                }
            } catch  where error.errno == EACCES && !isModeSet {
                // A run that was ended just before its rename may have set the mode of an input that is read-only.
                chmod(path.cName, 0o600)
                isModeSet = true
                continue
            }
            let flags = O_RDWR | O_CREAT | O_EXCL
            if let descriptor = try openBeside(path, flags, for: input, otherwise: .fileExists) { return descriptor }
        }
    }
}

extension ResumeJournal {
    /// The size of the target, if it is what these frames make: with their header before them and their tables behind.
    fileprivate func byteCount(ofFinishedTarget path: String) throws(PoolmapError) -> UInt64? {
        guard isComplete, let descriptor = try? openFile(path, O_RDONLY | O_NOCTTY | O_NONBLOCK) else { return nil }
        defer { try? descriptor.close() }
        let section = try section()
        let (header, framesEnd) = (section.header, section.compressedBytes)
        let tables = section.finish()
        let byteCount = framesEnd + UInt64(tables.count)
        guard let status = try? FileStatus(of: descriptor), status.isRegular, status.byteCount == byteCount else {
            return nil
        }
        for (expected, offset) in [(header, 0), (tables, framesEnd)] {
            guard let found = try? descriptor.readBytes(at: offset, count: expected.count), found == expected else {
                return nil
            }
        }
        return byteCount
    }
}

extension ResumeIdentity {
    /// Of what this version makes of an input as it is now.
    init(_ input: InputFile, _ options: CompressionOptions) {
        self.init(
            inputBytes: input.byteCount, modifiedSeconds: Int64(input.status.modified.tv_sec),
            modifiedNanoseconds: UInt32(clamping: input.status.modified.tv_nsec),
            level: Int32(clamping: options.level == 0 ? Int(ZSTD_defaultCLevel()) : options.level),
            longWindowLog: UInt32(clamping: options.longWindowLog ?? 0), chunkBytes: UInt32(options.chunkBytes),
            hasChecksums: options.hasChecksums, libzstdVersion: UInt32(ZSTD_versionNumber()),
            compressorRevision: Compressor.revision)
    }
}
