import Ground

/// A section's table of poolmap's own: the number of data frames, and checksums of their compressed bytes.
///
/// A content checksum cannot detect changed bits that a decoder ignores; these checksums do. The table's identifier
/// also reveals a section whose first frame has lost its mark. The layout is in docs/format.md.
package struct SectionTable: Equatable, Sendable {
    /// The fields before the checksums.
    package struct Fields: Equatable, Sendable {
        /// The number of data frames.
        package var frameCount: Int
        /// Whether each data frame has a checksum.
        package var hasChecksums: Bool
        /// Whether data frames may have different content sizes.
        package var hasAnyChunks: Bool

        /// Whether the fields fit a section with these rules.
        func agree(with rules: SectionRules) -> Bool {
            hasChecksums == rules.hasChecksums && hasAnyChunks == (rules.chunkBytes == nil)
        }
    }

    package let fields: Fields
    /// The CRC-32C of each data frame, in order; empty without checksums.
    package let frameChecksums: [UInt32]

    /// The version of the layout that this code writes and reads.
    package static let version: UInt8 = 2

    private static let identifier: [UInt8] = Array("poolmapT".utf8)
    /// The part that identifies a table even if the last letter is damaged.
    private static let knownIdentifier = identifier.dropLast()
    private static let identifierRange =
        FrameInfo.skippableHeaderBytes..<FrameInfo.skippableHeaderBytes + identifier.count

    /// Where the checksums begin.
    package static let rowsOffset = 24

    private static let checksumFlag: UInt8 = 1
    private static let anyChunksFlag: UInt8 = 2

    /// Creates a table with these fields and checksums.
    init(_ fields: Fields, _ frameChecksums: [UInt32]) {
        self.fields = fields
        self.frameChecksums = frameChecksums
    }

    /// The length of a table for `frameCount` data frames.
    package static func byteCount(frameCount: Int, hasChecksums: Bool) -> Int {
        rowsOffset + (hasChecksums ? 4 * frameCount : 0) + 4
    }

    /// The seek table's row for the section table of `frameCount` data frames.
    package static func row(frameCount: Int, hasChecksums: Bool) -> SeekTable.Row {
        SeekTable.Row(
            compressedBytes: UInt32(byteCount(frameCount: frameCount, hasChecksums: hasChecksums)), contentBytes: 0,
            checksum: hasChecksums ? SeekTable.emptyChecksum : 0)
    }

    /// The length of a table without checksums.
    package static let fixedBytes = byteCount(frameCount: 0, hasChecksums: false)

    /// The bytes of the frame.
    package func serialized() -> [UInt8] {
        var bytes = SkippableFrame.prefix(
            nibble: SkippableFrame.sectionNibble,
            frameBytes: SectionTable.byteCount(frameCount: fields.frameCount, hasChecksums: fields.hasChecksums))
        bytes += SectionTable.identifier
        let flags =
            (fields.hasChecksums ? SectionTable.checksumFlag : 0)
            | (fields.hasAnyChunks ? SectionTable.anyChunksFlag : 0)
        bytes += [SectionTable.version, flags, 0, 0]
        bytes.append(littleEndian: UInt32(fields.frameCount))
        for checksum in frameChecksums {
            bytes.append(littleEndian: checksum)
        }
        bytes.appendCRC32C()
        return bytes
    }

    /// Whether the frame that begins with `bytes` has the identifier of a section table; it may still be damaged.
    package static func isSectionTable(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= identifierRange.upperBound,
            SkippableFrame(bytes)?.nibble == SkippableFrame.sectionNibble
        else { return false }
        return bytes.bytes(in: identifierRange).starts(with: knownIdentifier)
    }

    /// Parses the table in `bytes`, which must be exactly the whole frame.
    ///
    /// Allocates memory for the bytes given, never for what they announce. `offset` is used only in errors.
    package static func parse(_ bytes: UnsafeRawBufferPointer, at offset: UInt64 = 0) throws(FormatError)
        -> SectionTable
    {
        guard let frame = SkippableFrame(bytes), frame.nibble == SkippableFrame.sectionNibble else {
            throw .damaged(.sectionTable, at: offset, .magic)
        }
        guard bytes.count >= fixedBytes, bytes.count % 4 == 0, frame.frameBytes == UInt64(bytes.count) else {
            throw .damaged(.sectionTable, at: offset, .length)
        }
        let checksumOffset = bytes.count - 4
        guard CRC32C.checksum(of: bytes.bytes(in: 0..<checksumOffset)) == bytes.littleEndian(at: checksumOffset) else {
            throw .damaged(.sectionTable, at: offset, .checksum)
        }
        let rowCount = (bytes.count - fixedBytes) / 4
        let fields = try fields(in: Array(bytes.prefix(rowsOffset)), rowCount: rowCount, at: offset)
        return SectionTable(fields, (0..<rowCount).map { bytes.littleEndian(at: rowsOffset + 4 * $0) })
    }

    /// Parses the fields before the checksums; the table's own checksum must have been verified.
    package static func fields(in head: [UInt8], rowCount: Int, at offset: UInt64) throws(FormatError) -> Fields {
        try head.withBytes { (head) throws(FormatError) in
            guard head.bytes(in: identifierRange).elementsEqual(identifier) else {
                throw .damaged(.sectionTable, at: offset, .identifier)
            }
            // Checked only now that the checksum matches, so a damaged byte is not taken for a newer version.
            let version: UInt8 = head.littleEndian(at: 16)
            guard version == SectionTable.version else {
                throw .unsupportedVersion(at: offset, version: version)
            }
            let flags: UInt8 = head.littleEndian(at: 17)
            guard flags & ~(checksumFlag | anyChunksFlag) == 0, head.littleEndian(UInt16.self, at: 18) == 0 else {
                throw .damaged(.sectionTable, at: offset, .reserved)
            }
            let hasChecksums = flags & checksumFlag != 0
            let frameCount: UInt32 = head.littleEndian(at: 20)
            guard frameCount > 0, rowCount == (hasChecksums ? Int(frameCount) : 0) else {
                throw .damaged(.sectionTable, at: offset, .rowCount)
            }
            return Fields(
                frameCount: Int(frameCount), hasChecksums: hasChecksums, hasAnyChunks: flags & anyChunksFlag != 0)
        }
    }
}

extension SeekTable {
    /// Whether the last row is that of a section table, as in the seek table of a section.
    package var endsWithSectionTable: Bool {
        rows.count > 1 && rows.last == SectionTable.row(frameCount: rows.count - 1, hasChecksums: hasChecksums)
    }
}
