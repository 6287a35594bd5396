import Ground
import SeekableZstd

/// A journal's record of a frame in a partial file: what is needed to keep the frame.
struct KeptFrame: BitwiseCopyable, Equatable, Sendable {
    var compressedBytes: UInt32
    /// The checksum at the frame's end; 0 in a section without checksums.
    var contentChecksum: UInt32
    /// The CRC-32C of the compressed bytes.
    var frameChecksum: UInt32
    /// The CRC-32C of the content.
    var chunkChecksum: UInt32
}

/// The journal of an unfinished target: its identity, and a record for each frame, in order.
///
/// Each record's checksum continues the one before it, so a record is valid only in its own place. The layout is in
/// docs/resume.md.
struct ResumeJournal {
    /// The length of a record.
    static let recordBytes = 20

    let identity: ResumeIdentity
    private(set) var frames: [KeptFrame] = []
    /// The checksum of the last record, or of the header.
    private var checksum: UInt32

    init(_ identity: ResumeIdentity) {
        self.identity = identity
        checksum = identity.serialized().withUnsafeBytes { $0.trailingChecksum }
    }

    /// The length of the journal.
    var byteCount: UInt64 {
        UInt64(ResumeIdentity.byteCount) + UInt64(frames.count) * UInt64(ResumeJournal.recordBytes)
    }

    /// Whether there is a record for each chunk, and at least one.
    var isComplete: Bool {
        !frames.isEmpty && UInt64(frames.count) == identity.chunkCount
    }

    /// Adds a frame; returns the bytes of its record.
    mutating func append(_ frame: KeptFrame) -> [UInt8] {
        var bytes = ResumeJournal.fields(of: frame)
        checksum = ResumeJournal.checksum(of: bytes, after: checksum)
        bytes.append(littleEndian: checksum)
        frames.append(frame)
        return bytes
    }

    /// Takes records from a file, up to the first invalid one.
    ///
    /// Returns false if there was an invalid one; everything after it is invalid too.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes
        while rest.count >= ResumeJournal.recordBytes {
            let frame = KeptFrame(
                compressedBytes: rest.littleEndian(at: 0), contentChecksum: rest.littleEndian(at: 4),
                frameChecksum: rest.littleEndian(at: 8), chunkChecksum: rest.littleEndian(at: 12))
            let expected = ResumeJournal.checksum(of: ResumeJournal.fields(of: frame), after: checksum)
            guard rest.littleEndian(at: 16) == expected, frame.compressedBytes > 0,
                UInt64(frames.count) < identity.chunkCount
            else { return false }
            checksum = expected
            frames.append(frame)
            rest = rest.bytes(in: ResumeJournal.recordBytes..<rest.count)
        }
        return rest.isEmpty
    }

    /// Drops all frames after the first `count`.
    mutating func keep(first count: Int) {
        let kept = frames.prefix(count)
        self = ResumeJournal(identity)
        for frame in kept {
            _ = append(frame)
        }
    }

    private static func fields(of frame: KeptFrame) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(recordBytes)
        bytes.append(littleEndian: frame.compressedBytes)
        bytes.append(littleEndian: frame.contentChecksum)
        bytes.append(littleEndian: frame.frameChecksum)
        bytes.append(littleEndian: frame.chunkChecksum)
        return bytes
    }

    private static func checksum(of fields: [UInt8], after checksum: UInt32) -> UInt32 {
        fields.withUnsafeBytes { CRC32C.checksum(of: $0, continuing: checksum) }
    }
}

extension ResumeJournal {
    /// What a section records about a frame of the journal.
    func dataFrame(_ index: Int) -> DataFrame {
        let frame = frames[index]
        let range = identity.range(ofChunk: index)
        return DataFrame(
            compressedBytes: UInt64(frame.compressedBytes), contentBytes: range.upperBound - range.lowerBound,
            contentChecksum: identity.hasChecksums ? frame.contentChecksum : nil,
            crc32c: frame.frameChecksum, mark: index == 0 && identity.beginsSection ? .equalChunks : nil)
    }

    /// The length of the partial file up to the end of the last frame.
    var partialBytes: UInt64 {
        frames.reduce(0) { $0 + UInt64($1.compressedBytes) }
    }
}
