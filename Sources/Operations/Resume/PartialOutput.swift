import CZstd
import Files
import Glibc
import Ground
import Multiprocessing
import Run
import SystemPackage

/// A target that is written under another name, with a journal, so that it can be gone on with whatever ends the run.
///
///     TARGET.partial   the frames, in order; becomes the target when it is whole
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
    private let folder: Folder
    private let descriptor: FileDescriptor
    /// Owns the descriptor.
    private let shared: SharedDescriptor
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
        let folder = try attempt("cannot write \(path)") { () throws(Errno) in try Folder(path: folderOf(path)) }
        if let target = TargetLook(at: path, in: folder) {
            try requireRegular(target, path, for: input)
            try OutputFile.requireReplaceable(lastName(of: path), in: folder, path, policy)
        }
        if folder.isAppendOnly { throw TemporaryName.isAppendOnly(path) }
        let file = try openJournal(path, in: folder, force: force, for: input)
        let earlier = try file.header()
        if earlier == .foreign && !force {
            throw PoolmapError(.failed, "\(file.path) is no journal of poolmap; remove it, or use -f to overwrite it")
        }
        let identity = ResumeIdentity(input, options)
        let (journal, loss) = try keptJournal(of: earlier, for: identity, in: file)
        let isThere = folder.has(partialPath(path))
        if !isThere, let journal, let byteCount = try journal.byteCount(ofFinishedTarget: path, in: folder) {
            file.remove()
            return .finished(journal, byteCount: byteCount)
        }
        // Once more, since whoever had the journal locked may just have finished.
        if !force, folder.has(path) {
            if !isThere { file.remove() }
            throw OutputFile.exists(path)
        }
        let descriptor: FileDescriptor
        do throws(PoolmapError) {
            descriptor = try openPartial(partialPath(path), in: folder, for: input)
        } catch {
            if earlier == .none { file.remove() }
            throw error
        }
        let output = PartialOutput(
            path, in: folder, policy, descriptor, file, journal ?? ResumeJournal(identity), loss: loss)
        try output.begin(isThere: isThere)
        return .unfinished(output)
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

    private init(
        _ path: String, in folder: Folder, _ policy: OutputPolicy, _ descriptor: FileDescriptor, _ file: JournalFile,
        _ journal: ResumeJournal,
        loss: String?
    ) {
        self.path = path
        partialPath = PartialOutput.partialPath(path)
        self.folder = folder
        self.policy = policy
        self.descriptor = descriptor
        shared = SharedDescriptor(owning: descriptor)
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
        guard isThere else {
            loss = "begins anew: \(partialPath) is missing"
            return journal.keep(first: 0)
        }
        let all = journal.frames.count
        var end: UInt64 = 0
        let count = journal.frames.prefix { frame in
            end += UInt64(frame.compressedBytes)
            return end <= status.byteCount
        }.count
        if count < all {
            loss = "\(partialPath) is shorter than its journal says, and has \(count) of \(all) frames"
            journal.keep(first: count)
        }
    }

    /// How workers have the partial file.
    var handed: SharedDescriptor { shared }

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
    func commit(of input: InputFile, outputBytes: UInt64) throws(PoolmapError) -> CommittedTarget {
        _ = try descriptor.status(having: outputBytes, of: partialPath)
        if try descriptor.isToBeDropped(
            for: lastName(of: path), in: folder, path: path, policy, byteCount: outputBytes)
        {
            discard()
            return CommittedTarget(isUnchanged: true)
        }
        let refusal = input.metadata.flatMap { descriptor.carryOver($0) }
        if policy.isDurable {
            try descriptor.sync(name: partialPath)
        }
        try renameToTarget()
        isSettled = true
        if policy.isDurable {
            try folder.sync(for: path)
        }
        journalFile.remove()
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
        journalFile.remove()
    }
}

extension PartialOutput {
    fileprivate static func partialPath(_ path: String) -> String { path + ".partial" }

    /// The journal that is there, or a new one where a run may begin.
    private static func openJournal(
        _ path: String, in folder: Folder, force: Bool, for input: InputFile
    ) throws(PoolmapError) -> JournalFile {
        while true {
            let isPartialThere = folder.has(partialPath(path))
            if let file = try JournalFile.open(path + ".resume", in: folder, for: input) { return file }
            if !force {
                if folder.has(path) { throw OutputFile.exists(path) }
                // A run makes the journal before the partial file, and removes it after.
                if isPartialThere, folder.has(partialPath(path)) {
                    throw PoolmapError(
                        .failed,
                        "\(partialPath(path)) is there without a journal; remove it, or use -f to overwrite it")
                }
            }
            if let file = try JournalFile.create(path + ".resume", in: folder, for: input) { return file }
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

    private static func openPartial(
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
}

extension Folder {
    /// Whether the last name of a path leads to something.
    fileprivate func has(_ path: String) -> Bool {
        status(of: lastName(of: path), followsLinks: true) != nil
    }
}

extension ResumeJournal {
    /// The size of the target, if it is what these frames make: with their tables behind them.
    fileprivate func byteCount(ofFinishedTarget path: String, in folder: Folder) throws(PoolmapError) -> UInt64? {
        guard isComplete, let descriptor = try? folder.open(lastName(of: path), O_RDONLY | O_NOCTTY | O_NONBLOCK)
        else { return nil }
        defer { try? descriptor.close() }
        let section = try section()
        let framesEnd = section.compressedBytes
        let tables = section.finish()
        let byteCount = framesEnd + UInt64(tables.count)
        guard let status = try? FileStatus(of: descriptor), status.isRegular, status.byteCount == byteCount else {
            return nil
        }
        // The tables have a checksum of each frame; one frame alone has no tables.
        let first = FileReader(descriptor, at: 0, byteCount: UInt64(frames[0].compressedBytes))
        guard let found = try? descriptor.readBytes(at: framesEnd, count: tables.count), found == tables,
            (try? CRC32C.checksum(of: first)) == frames[0].frameChecksum
        else { return nil }
        return byteCount
    }
}

extension CompressionOptions {
    /// Of what holds of `--zstd=`; 0 for nothing.
    fileprivate var parametersChecksum: UInt32 {
        let texts = setParameters.map { "\($0.0.rawValue)=\($0.value)\n" }
        return Array(texts.joined().utf8).withUnsafeBytes { CRC32C.checksum(of: $0) }
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
            compressorRevision: Compressor.revision, parametersChecksum: options.parametersChecksum,
            dictionaryChecksum: options.dictionary?.checksum ?? 0,
            namesDictionary: options.dictionary == nil || options.namesDictionary)
    }
}
