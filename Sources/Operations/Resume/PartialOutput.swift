import CZstd
import Files
import Glibc
import Ground
import SystemPackage

/// A compressed target that is written under another name, with a journal, so that another run can continue it however
/// this one ends.
///
/// The partial file has the frames, in order; the journal has a record for each frame, written after the frame.
/// docs/resume.md says what is kept when, and why a run may end after any step.
final class PartialOutput {
    let file: PartialFile
    /// The frames of the file: at first those of an earlier run, still to be verified, then those added.
    private(set) var journal: ResumeJournal
    /// Why less is kept than an earlier run left; nil if everything is, or there was nothing.
    private(set) var loss: String?

    /// What was found beside the target.
    enum Opened {
        case unfinished(PartialOutput)
        /// The target is complete and has these frames: the previous run ended between its last two steps.
        case finished(ResumeJournal, byteCount: UInt64)
    }

    /// Opens or creates the files beside a target.
    ///
    /// Throws `targetExists` if the target exists, `force` is not given, and it is not exactly what the journal
    /// describes; also throws if another process is writing it.
    static func open(
        path: String, _ policy: OutputPolicy, for input: InputFile, _ options: CompressionOptions
    ) throws(PoolmapError) -> Opened {
        let names = try PartialFile.find(path: path, policy, for: input)
        let earlier = try names.journal.header()
        if earlier == .foreign && !policy.replaces {
            throw PoolmapError(
                .failed, "\(names.journal.path) is not a journal of poolmap; remove it, or use -f to overwrite it")
        }
        let identity = ResumeIdentity(input, options)
        let (journal, loss) = try keptJournal(of: earlier, for: identity, in: names.journal)
        if !names.isThere, let journal,
            let byteCount = try journal.byteCount(
                ofFinishedTarget: path, in: names.folder, try FrameEnding(input, options))
        {
            names.journal.remove()
            return .finished(journal, byteCount: byteCount)
        }
        let file = try PartialFile(names, for: input, isNew: earlier == .none)
        let output = PartialOutput(file, journal ?? ResumeJournal(identity), loss: loss)
        try output.begin(isThere: names.isThere)
        return .unfinished(output)
    }

    private init(_ file: PartialFile, _ journal: ResumeJournal, loss: String?) {
        (self.file, self.journal, self.loss) = (file, journal, loss)
    }

    /// Closes both files, and removes them if there is nothing to continue.
    deinit {
        if !file.isSettled && journal.frames.isEmpty {
            file.discard()
        }
    }

    private func begin(isThere: Bool) throws(PoolmapError) {
        if !journal.frames.isEmpty {
            try dropMissingFrames(isThere: isThere)
        }
        if journal.frames.isEmpty {
            // The journal first: it must never describe bytes that are gone.
            try file.journal.truncate(to: 0)
            try file.truncate(to: 0)
            try file.journal.write(journal.identity.serialized(), at: 0)
        }
    }

    /// Drops the frames beyond the size of the partial file; they stay on disk until `keep`.
    private func dropMissingFrames(isThere: Bool) throws(PoolmapError) {
        let byteCount = try file.byteCount()
        guard isThere else {
            loss = "starting over: \(file.partialPath) is missing"
            return journal.keep(first: 0)
        }
        let all = journal.frames.count
        var end: UInt64 = 0
        let count = journal.frames.prefix { frame in
            end += UInt64(frame.compressedBytes)
            return end <= byteCount
        }.count
        if count < all {
            loss = "\(file.partialPath) is shorter than its journal says, with \(count) of \(all) frames"
            journal.keep(first: count)
        }
    }

    /// Records a frame that has been written.
    func note(_ frame: KeptFrame) throws(PoolmapError) {
        let end = journal.byteCount
        try file.journal.write(journal.append(frame), at: end)
    }

    /// Truncates both files after the first `count` frames.
    func keep(first count: Int) throws(PoolmapError) {
        journal.keep(first: count)
        // The journal first: it must never describe bytes that are gone.
        try file.journal.truncate(to: journal.byteCount)
        try file.truncate(to: journal.partialBytes)
    }

    /// The journal, if it fits this input and these options; otherwise why nothing is kept, if there was anything.
    private static func keptJournal(
        of earlier: ResumeIdentity.Parsed, for identity: ResumeIdentity, in file: JournalFile
    ) throws(PoolmapError) -> (ResumeJournal?, loss: String?) {
        switch earlier {
        case .none, .foreign: return (nil, nil)
        case .damaged: return (nil, "starting over: \(file.path) is damaged")
        case .otherVersion(let version): return (nil, "starting over: \(file.path) has unknown version \(version)")
        case .identity(let earlier):
            if let difference = identity.difference(from: earlier) {
                return (nil, "starting over: \(difference)")
            }
            return (try file.journal(identity), nil)
        }
    }
}

extension ResumeJournal {
    /// The size of the target, if it consists of exactly these frames and their tables; otherwise nil.
    ///
    /// - Parameter ending: an ending without frames.
    fileprivate func byteCount(
        ofFinishedTarget path: String, in folder: Folder, _ ending: FrameEnding
    ) throws(PoolmapError) -> UInt64? {
        guard isComplete, let descriptor = try? folder.open(lastName(of: path), O_RDONLY | O_NOCTTY | O_NONBLOCK)
        else { return nil }
        defer { try? descriptor.close() }
        var ending = ending
        ending.begin(at: identity.range(ofChunk: 0).lowerBound)
        for index in frames.indices {
            try ending.add(dataFrame(index))
        }
        let framesEnd = partialBytes
        let tables = try ending.finish()
        let byteCount = framesEnd + UInt64(tables.count)
        guard let status = try? FileStatus(of: descriptor), status.isRegular, status.byteCount == byteCount else {
            return nil
        }
        // The tables have a checksum of each frame; a single frame has no tables.
        let first = FileReader(descriptor, at: 0, byteCount: UInt64(frames[0].compressedBytes))
        guard let found = try? descriptor.readBytes(at: framesEnd, count: tables.count), found == tables,
            (try? CRC32C.checksum(of: first)) == frames[0].frameChecksum
        else { return nil }
        return byteCount
    }
}

extension CompressionOptions {
    /// The checksum of `--zstd=` and `--part`; 0 if neither is in effect.
    fileprivate var parametersChecksum: UInt32 {
        let texts =
            setParameters.map { "\($0.0.rawValue)=\($0.value)\n" }
            + (part.map { ["part=\($0.number)/\($0.count)\n"] } ?? [])
        return Array(texts.joined().utf8).withUnsafeBytes { CRC32C.checksum(of: $0) }
    }
}

extension ResumeIdentity {
    /// The identity of what this version makes from an input as it is now.
    init(_ input: InputFile, _ options: CompressionOptions) {
        self.init(
            inputBytes: input.byteCount, modifiedSeconds: Int64(input.status.modified.tv_sec),
            modifiedNanoseconds: UInt32(clamping: input.status.modified.tv_nsec),
            level: Int32(clamping: options.level == 0 ? Int(ZSTD_defaultCLevel()) : options.level),
            longWindowLog: UInt32(clamping: options.longWindowLog ?? 0), chunkBytes: UInt32(options.chunkBytes),
            hasChecksums: options.hasChecksums, libzstdVersion: UInt32(ZSTD_versionNumber()),
            compressorRevision: Compressor.revision, parametersChecksum: options.parametersChecksum,
            dictionaryChecksum: options.dictionary?.checksum ?? 0,
            namesDictionary: options.dictionary == nil || options.namesDictionary, part: options.part)
    }
}
