import Files
import Ground
import SeekableZstd

/// What `list` reports about a compressed file, found without decompressing anything.
package struct Listing {
    /// A frame with content.
    package struct Frame: Sendable {
        /// Where it begins, in bytes.
        package let offset: UInt64
        /// Its length in bytes.
        package let compressedBytes: UInt64
        /// The size of its content; nil if the frame does not give it.
        package let contentBytes: UInt64?
        /// The ID of the dictionary that it needs; nil if it names none.
        package let dictionaryID: UInt32?
    }

    /// The kinds of seek table at the end of a file.
    package enum SeekTableKind: String, Sendable {
        /// None.
        case none
        /// It covers the whole file.
        case complete
        /// It covers only the end of the file.
        case partial
    }

    /// The number of frames with content.
    package private(set) var frameCount = 0
    /// The number of skippable frames.
    package private(set) var skippableCount = 0
    /// The length of the file.
    package let compressedBytes: UInt64
    /// The size of the decompressed content; nil if some frame does not give it.
    package private(set) var contentBytes: UInt64? = 0
    /// Whether every frame has a content checksum; nil if there is no frame.
    package private(set) var hasChecksums: Bool?
    /// The IDs of the dictionaries that frames name, each once, in order; nil if there are implausibly many.
    package private(set) var dictionaryIDs: [UInt32]? = []
    /// Whether the file ends with a seek table.
    package private(set) var seekTable: SeekTableKind
    /// The chunk size, if poolmap wrote the file with several chunks of one size.
    package private(set) var chunkBytes: UInt64?
    private let input: InputFile
    private var trust = FileFrames.Trust.allTables
    private static let mostDictionaries = 1000

    /// Reads the headers of a file's frames.
    package init(path: String) throws(PoolmapError) {
        let input = try InputFile.open(path: path)
        guard input.isRegular || input.isEmptyFile else {
            throw PoolmapError(.unsupported, "list needs a file of known size")
        }
        guard input.byteCount > 0 else { throw PoolmapError(.damaged, "\(FormatError.empty)") }
        self.input = input
        compressedBytes = input.byteCount
        seekTable = .none
        let frames = try FileFrames(input, trusting: trust)
        do throws(PoolmapError) {
            try look(at: frames)
        } catch {
            // A wrong table of another tool does no harm, because it is not needed.
            guard error.code == .damaged, frames.seekTable != nil, frames.rules == nil else { throw error }
            trust = .noTables
            try look(at: FileFrames(input, trusting: trust))
        }
        try input.requireUnchanged()
    }

    /// Calls `body` with each frame with content, in order; frames are not kept.
    ///
    /// Reads the file's headers again.
    package func forEachFrame(_ body: (Frame) throws(PoolmapError) -> Void) throws(PoolmapError) {
        let frames = try FileFrames(input, trusting: trust)
        while let frame = try frames.next() {
            if frame.isSkippable { continue }
            try body(
                Frame(
                    offset: frame.offset, compressedBytes: frame.compressedBytes, contentBytes: frame.contentBytes,
                    dictionaryID: try Listing.header(of: frame, in: input).dictionaryID))
        }
        try input.requireUnchanged()
    }

    private mutating func look(at frames: FileFrames) throws(PoolmapError) {
        (frameCount, skippableCount, contentBytes, hasChecksums, dictionaryIDs) = (0, 0, 0, nil, [])
        chunkBytes = frames.rules?.chunkBytes.map { UInt64($0) }
        seekTable = frames.seekTable == nil ? try Listing.kindOfTable(of: input) : .complete
        // A table that covers the file was accepted because it fits. Without one, everything is checked against the
        // rules, as far as the frames give their content sizes.
        var auditor = frames.seekTable == nil ? SectionAuditor(seesFrames: false) : nil
        while let frame = try frames.next() {
            if frame.isSkippable {
                skippableCount += 1
                let bytes = try frames.beginning(of: frame)
                try auditor?.add(skippable: bytes, FileReader(input, frame, from: bytes.count))
            } else {
                try note(frame)
                if frame.mark == .equalChunks { chunkBytes = frame.contentBytes }
                if frame.contentBytes == nil, frame.mark != nil || auditor?.isInSection ?? false { auditor = nil }
                let content = DataFrame(
                    compressedBytes: frame.compressedBytes, contentBytes: frame.contentBytes ?? 0,
                    contentChecksum: frame.contentChecksum, mark: frame.mark)
                try formatErrors { () throws(FormatError) in try auditor?.add(content) }
            }
        }
        try formatErrors { () throws(FormatError) in try auditor?.finish() }
    }

    /// The kind of a table that does not cover the whole file.
    private static func kindOfTable(of input: InputFile) throws(PoolmapError) -> SeekTableKind {
        guard let table = try SeekTableRows.atEnd(of: input), table.isWhole, table.hasRoomForItsFrames,
            try table.totals(unless: { $0.compressedBytes > table.offset || $0.impossibleCount > 0 }) != nil
        else { return .none }
        return .partial
    }

    private mutating func note(_ frame: LocatedFrame) throws(PoolmapError) {
        let header = try Listing.header(of: frame, in: input)
        hasChecksums = (hasChecksums ?? true) && header.hasChecksum
        if let id = header.dictionaryID, let known = dictionaryIDs, known.last != id, !known.contains(id) {
            dictionaryIDs = known.count < Listing.mostDictionaries ? known + [id] : nil
        }
        contentBytes = contentBytes.flatMap { sum in
            frame.contentBytes.flatMap { bytes in
                let (total, overflowed) = sum.addingReportingOverflow(bytes)
                return overflowed ? nil : total
            }
        }
        frameCount += 1
    }

    /// The header of a frame; read from the file if it was not read before.
    private static func header(
        of frame: LocatedFrame, in input: InputFile
    ) throws(PoolmapError) -> (hasChecksum: Bool, dictionaryID: UInt32?) {
        if let hasChecksum = frame.hasChecksum { return (hasChecksum, frame.dictionaryID) }
        let count = Int(min(UInt64(FrameLayout.mostHeaderBytes), frame.compressedBytes))
        let bytes = try input.readBytes(at: frame.offset, count: count)
        guard let head = bytes.withUnsafeBytes({ FrameHead($0, at: frame.offset) }) else {
            throw PoolmapError(.damaged, "\(FormatError.notAFrame(at: frame.offset))")
        }
        return (head.hasChecksum, head.dictionaryID)
    }
}
