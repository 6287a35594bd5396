import CZstd
import Files
import Glibc
import Ground
import Multiprocessing
import Run
import SeekableZstd
import SystemPackage

/// What an earlier run of the same map left beside its target, and what this run adds.
///
/// The partial file has the outputs of the first chunks, in order, and the journal a record for each of them; see
/// docs/resume.md. First workers verify the file against the journal, all of it at once. Then the map continues after
/// the last record before the first that does not match.
final class MapResume {
    let file: PartialFile
    private let journal: RecordJournal
    private let notice: (ResumeNotice) -> Void
    /// The content of the partial file, as far as it is known.
    private var stretches: [Stretch] = []
    private var chunkCount: UInt64 = 0
    private var outputEnd: UInt64 = 0

    // How many stretches were handed out for verification, and how many results have arrived.
    private var handedOut = 0
    private var accepted = 0
    private var cut: Int?
    /// Whether it is known what is kept.
    private(set) var isSettled = false

    /// One chunk, or several if nothing could be written before the last of them.
    struct Stretch {
        var chunkCount: UInt64 = 0
        /// The end of its last chunk in the input, and of what was written in the output.
        var inputEnd: UInt64 = 0
        var outputEnd: UInt64 = 0
        /// The CRC-32C of what was written.
        var checksum: UInt32 = 0
        /// Whether this is the end of a complete output, after the chunks.
        var isEnd = false
        /// The header lines that are kept once; nil if they were known before.
        var header: [UInt8]?
        /// The frames of a compressed output.
        var frames: [DataFrame] = []
    }

    /// What was found beside the target.
    enum Opened {
        case unfinished(MapResume)
        /// The target is complete: the previous run ended between its last two steps.
        case finished(byteCount: UInt64)
    }

    private static let kind = RecordJournal.Kind(
        identifier: Array("poolmapM".utf8), noun: "journal of poolmap map", again: "starting over",
        settings: "options or another command")

    /// Opens or creates the files beside a target.
    ///
    /// Throws as `PartialOutput.open` does.
    static func open(
        _ target: String, _ policy: OutputPolicy, for input: InputFile, _ settings: MapSettings,
        notice: @escaping (ResumeNotice) -> Void
    ) throws(PoolmapError) -> Opened {
        let names = try PartialFile.find(path: target, policy, for: input)
        let isNew = try names.journal.read(1, at: 0).isEmpty
        let journal = RecordJournal(names.journal, kind)
        let identity = RecordJournal.Identity(
            input.status, pieceBytes: UInt64(settings.chunkBytes), fieldCount: Stretch.fieldCount,
            settings: settings.resumeIdentity)
        var stretches: [Stretch] = []
        var isSound = true
        let loss = try journal.open(identity, force: policy.replaces) { fields in
            // A journal may have been written by hand, so check everything.
            guard isSound, let stretch = Stretch(fields),
                stretch.follows(stretches, isCompressed: settings.compression != nil)
            else {
                isSound = false
                return
            }
            stretches.append(stretch)
        }
        if let loss { notice(.loss(loss)) }
        if !names.isThere, let byteCount = byteCount(ofFinished: target, in: names.folder, stretches) {
            names.journal.remove()
            notice(.kept("\(target) was already complete"))
            return .finished(byteCount: byteCount)
        }
        let file = try PartialFile(names, for: input, isNew: isNew)
        if !names.isThere, !stretches.isEmpty {
            notice(.loss("starting over: \(file.partialPath) is missing"))
            stretches = []
        }
        return .unfinished(try MapResume(file, journal, stretches, notice))
    }

    private init(
        _ file: PartialFile, _ journal: RecordJournal, _ stretches: [Stretch],
        _ notice: @escaping (ResumeNotice) -> Void
    ) throws(PoolmapError) {
        (self.file, self.journal, self.notice) = (file, journal, notice)
        // Whatever follows the chunks is written again. The journal may contain more that cannot be kept.
        self.stretches = Array(stretches.prefix { !$0.isEnd })
        if self.stretches.isEmpty { try settle() }
    }

    /// Keeps the files, unless there is nothing to continue.
    deinit {
        if !file.isSettled && chunkCount == 0 { file.discard() }
    }

    /// The size of the target, if it is exactly what the journal describes.
    private static func byteCount(
        ofFinished target: String, in folder: Folder, _ stretches: [Stretch]
    ) -> UInt64? {
        guard let last = stretches.last, last.isEnd,
            let descriptor = try? folder.open(lastName(of: target), O_RDONLY | O_NOCTTY | O_NONBLOCK)
        else { return nil }
        defer { try? descriptor.close() }
        guard let status = try? FileStatus(of: descriptor), status.isRegular, status.byteCount == last.outputEnd else {
            return nil
        }
        // A run rarely ends at this point, so reading the whole target again in the front is acceptable.
        var start: UInt64 = 0
        for stretch in stretches {
            guard start <= stretch.outputEnd,
                (try? CRC32C.checksum(of: FileReader(descriptor, at: start, byteCount: stretch.outputEnd - start)))
                    == stretch.checksum
            else { return nil }
            start = stretch.outputEnd
        }
        return last.outputEnd
    }

    // MARK: What is kept

    /// Hands out the next stretch for verification; nil when all are handed out.
    func next(_ input: InputFile) -> Step? {
        guard handedOut < stretches.count, cut == nil else { return nil }
        let stretch = stretches[handedOut]
        let start = handedOut == 0 ? 0 : stretches[handedOut - 1].outputEnd
        let byteCount = stretch.outputEnd - min(start, stretch.outputEnd)
        let files = input.handed + [file.handed]
        let work = Verification.Work(
            content: nil, partial: TaskFile(files.count - 1), frameOffset: start, frameBytes: byteCount,
            frameChecksum: stretch.checksum)
        let piece = Piece(noun: "stretch", index: handedOut, offset: start, byteCount: byteCount)
        handedOut += 1
        return .work(Verification.task(work, files, byteCount: byteCount), [piece], slot: nil, isLast: false)
    }

    func accept(_ finding: Verification.Done) throws(PoolmapError) {
        if cut == nil, finding != .intact {
            cut = accepted
            notice(.loss("rerunning from chunk \(chunkCount): \(file.partialPath) is damaged there"))
        }
        if cut == nil { chunkCount += stretches[accepted].chunkCount }
        accepted += 1
        if accepted == (cut == nil ? stretches.count : handedOut) { try settle() }
    }

    /// Truncates both files after what is kept.
    private func settle() throws(PoolmapError) {
        stretches.removeSubrange((cut ?? accepted)...)
        outputEnd = stretches.last?.outputEnd ?? 0
        // The journal first: it must never describe bytes that are gone.
        try journal.keep(first: stretches.count)
        try file.truncate(to: outputEnd)
        isSettled = true
        if chunkCount > 0 { notice(.kept("keeping \(chunkCount) chunks")) }
    }

    /// What is kept, once it is known.
    var kept: (chunkCount: UInt64, inputEnd: UInt64, outputEnd: UInt64, header: [UInt8]?, frames: [DataFrame]) {
        (
            chunkCount, stretches.last?.inputEnd ?? 0, outputEnd, stretches.lazy.compactMap(\.header).first,
            stretches.flatMap(\.frames)
        )
    }

    /// Calls `body` with the length, checksum and header lines of each output kept; each must be the output of one
    /// chunk.
    func forEachKeptOutput(_ body: (UInt64, UInt32, [UInt8]) -> Void) throws(PoolmapError) {
        var start: UInt64 = 0
        for stretch in stretches {
            guard stretch.chunkCount == 1, stretch.outputEnd - start >= UInt64(stretch.header?.count ?? 0) else {
                throw isDamaged
            }
            body(stretch.outputEnd - start, stretch.checksum, stretch.header ?? [])
            start = stretch.outputEnd
        }
    }

    var isDamaged: PoolmapError { PoolmapError(.damaged, "\(file.journal.path) is damaged; remove it") }

    // MARK: What is added

    /// Records what was written.
    func note(_ stretch: Stretch) throws(PoolmapError) {
        try journal.append(stretch.fields)
        chunkCount += stretch.chunkCount
    }

    /// Discards everything, because the input has changed.
    func discard() {
        file.discard()
    }
}

extension MapResume.Stretch {
    fileprivate static let fieldCount = 3
    private static let numberBytes = 32
    private static let frameBytes = 25

    /// Parses the fields of a record; nil if they are invalid.
    fileprivate init?(_ fields: [[UInt8]]) {
        guard fields.count == MapResume.Stretch.fieldCount, fields[0].count == MapResume.Stretch.numberBytes,
            fields[2].count % MapResume.Stretch.frameBytes == 0
        else { return nil }
        fields[0].withUnsafeBytes { numbers in
            chunkCount = numbers.littleEndian(at: 0)
            inputEnd = numbers.littleEndian(at: 8)
            outputEnd = numbers.littleEndian(at: 16)
            checksum = numbers.littleEndian(at: 24)
            isEnd = numbers.littleEndian(UInt32.self, at: 28) == 1
        }
        header = fields[1].isEmpty ? nil : fields[1]
        frames = fields[2].withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: MapResume.Stretch.frameBytes).map { start in
                let flags: UInt8 = bytes.littleEndian(at: start + 24)
                let hasChecksums = flags & 1 != 0
                return DataFrame(
                    compressedBytes: bytes.littleEndian(at: start), contentBytes: bytes.littleEndian(at: start + 8),
                    contentChecksum: hasChecksums ? bytes.littleEndian(at: start + 16) : nil,
                    crc32c: hasChecksums ? bytes.littleEndian(at: start + 20) : nil,
                    mark: flags & 2 != 0 ? .anyChunks : nil)
            }
        }
    }

    /// Whether it can follow the others.
    fileprivate func follows(_ others: [MapResume.Stretch], isCompressed: Bool) -> Bool {
        let last = others.last
        let (input, output) = (last?.inputEnd ?? 0, last?.outputEnd ?? 0)
        guard last?.isEnd != true, chunkCount <= MapResume.Stretch.mostChunks, inputEnd <= UInt64(Int64.max),
            outputEnd <= UInt64(Int64.max), outputEnd >= output, isEnd || inputEnd >= input
        else { return false }
        if isEnd { return true }
        var frameBytes: UInt64 = 0
        var isFirst = others.allSatisfy(\.frames.isEmpty)
        for frame in frames {
            guard frame.compressedBytes <= UInt64(UInt32.max), frame.contentBytes <= UInt64(UInt32.max),
                isFirst == (frame.mark != nil)
            else { return false }
            frameBytes += frame.compressedBytes
            isFirst = false
        }
        return isCompressed ? frameBytes == outputEnd - output : frames.isEmpty
    }

    private static let mostChunks: UInt64 = 1 << 40

    fileprivate var fields: [[UInt8]] {
        var numbers: [UInt8] = []
        numbers.append(littleEndian: chunkCount)
        numbers.append(littleEndian: inputEnd)
        numbers.append(littleEndian: outputEnd)
        numbers.append(littleEndian: checksum)
        numbers.append(littleEndian: UInt32(isEnd ? 1 : 0))
        var rows: [UInt8] = []
        for frame in frames {
            rows.append(littleEndian: frame.compressedBytes)
            rows.append(littleEndian: frame.contentBytes)
            rows.append(littleEndian: frame.contentChecksum ?? 0)
            rows.append(littleEndian: frame.crc32c ?? 0)
            rows.append((frame.contentChecksum == nil ? 0 : 1) | (frame.mark == nil ? 0 : 2))
        }
        return [numbers, header ?? [], rows]
    }
}

extension MapSettings {
    /// Everything that affects the output besides the input and its cut into chunks of `chunkBytes`.
    fileprivate var resumeIdentity: [String] {
        var lines = resumedBy
        if let compression {
            lines.append(
                "compress \(compression.level) \(compression.hasChecksums) \(ZSTD_versionNumber()) \(Compressor.revision)"
            )
        }
        return lines
    }
}
