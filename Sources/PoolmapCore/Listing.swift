/// What `list` says of a compressed file, found without decompressing anything.
public struct Listing: Sendable {
    /// A frame with content.
    public struct Frame: Sendable {
        /// Where it begins, in bytes.
        public let offset: UInt64
        /// Its length in bytes.
        public let compressedBytes: UInt64
        /// The size of its content; nil where the frame does not say.
        public let contentBytes: UInt64?
    }

    /// The seek tables that a file can have at its end.
    public enum SeekTableKind: String, Sendable {
        /// There is none.
        case none
        /// It covers the whole file.
        case complete
        /// It covers only the last part of the file.
        case partial
    }

    /// The frames with content, in order.
    public private(set) var frames: [Frame] = []
    /// The number of frames without, which decoders step over.
    public private(set) var skippableCount = 0
    /// The length of the file.
    public let compressedBytes: UInt64
    /// What a decompression makes of it; nil where some frame does not say.
    public private(set) var contentBytes: UInt64? = 0
    /// Whether every frame carries a checksum of its content; nil where there is no frame.
    public private(set) var hasChecksums: Bool?
    /// Whether the file ends with a seek table.
    public private(set) var seekTable: SeekTableKind
    /// The chunk size, if the file was made by poolmap.
    public private(set) var chunkBytes: UInt64?

    /// Reads the headers of a file's frames.
    public init(path: String) throws(PoolmapError) {
        let input = try InputFile.open(path: path)
        guard input.isRegular || input.isEmptyFile else {
            throw PoolmapError(.unsupported, "only a file can be listed that says its size")
        }
        guard input.byteCount > 0 else { throw PoolmapError(.damaged, "\(FormatError.empty)") }
        compressedBytes = input.byteCount
        let frames = try FileFrames(input)
        seekTable = frames.seekTable == nil ? .none : .complete
        while let frame = try frames.next() {
            if frame.isSkippable {
                skippableCount += 1
                note(try frames.beginning(of: frame), isAtEnd: frames.isAtEnd)
            } else {
                try note(frame, in: input)
            }
        }
        try input.requireUnchanged()
    }

    private mutating func note(_ skippable: [UInt8], isAtEnd: Bool) {
        skippable.withUnsafeBytes { bytes in
            if FileHeader.isHeader(bytes), let header = try? FileHeader.parse(bytes) {
                chunkBytes = UInt64(header.chunkBytes)
            }
            if isAtEnd, seekTable == .none, (try? SeekTable.shape(of: bytes)) != nil {
                seekTable = .partial
            }
        }
    }

    private mutating func note(_ frame: LocatedFrame, in input: InputFile) throws(PoolmapError) {
        let hasChecksum: Bool
        if let known = frame.hasChecksum {
            hasChecksum = known
        } else {
            hasChecksum = try Listing.hasChecksum(frame, in: input)
        }
        hasChecksums = (hasChecksums ?? true) && hasChecksum
        contentBytes = contentBytes.flatMap { sum in
            frame.contentBytes.flatMap { bytes in
                let (total, overflowed) = sum.addingReportingOverflow(bytes)
                return overflowed ? nil : total
            }
        }
        frames.append(
            Frame(offset: frame.offset, compressedBytes: frame.compressedBytes, contentBytes: frame.contentBytes))
    }

    /// Asks the frame itself, which must be one.
    private static func hasChecksum(_ frame: LocatedFrame, in input: InputFile) throws(PoolmapError) -> Bool {
        let bytes = try input.readBytes(at: frame.offset, count: Int(min(5, frame.compressedBytes)))
        guard bytes.count == 5, bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) else {
            throw PoolmapError(.damaged, "\(FormatError.notAFrame(at: frame.offset))")
        }
        return FrameDescriptor(bytes[4]).hasChecksum
    }
}
