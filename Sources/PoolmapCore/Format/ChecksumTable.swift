/// The checksums of the compressed bytes of a section's data frames.
///
/// A content checksum cannot notice a change of the bits that a decoder ignores; these do. The layout is in
/// docs/format.md.
struct ChecksumTable: Equatable, Sendable {
    /// The letter that ends the identifier of a checksum table.
    static let letter = UInt8(ascii: "C")

    /// The CRC-32C of each data frame, in order.
    var frameChecksums: [UInt32]

    /// Where the checksums begin.
    static let rowsOffset = 24

    /// The length of a table for `frameCount` data frames.
    static func byteCount(frameCount: Int) -> Int {
        rowsOffset + 4 * frameCount + 4
    }

    /// The bytes of the frame.
    func serialized() -> [UInt8] {
        var bytes = SkippableFrame.prefix(
            nibble: SkippableFrame.sectionNibble,
            frameBytes: ChecksumTable.byteCount(frameCount: frameChecksums.count))
        bytes += SkippableFrame.identifierPrefix
        bytes += [ChecksumTable.letter, SkippableFrame.version, 0, 0, 0]
        bytes.append(littleEndian: UInt32(frameChecksums.count))
        for checksum in frameChecksums {
            bytes.append(littleEndian: checksum)
        }
        bytes.appendCRC32C()
        return bytes
    }

    /// Whether a frame that begins with `bytes` has the identifier of a checksum table.
    ///
    /// It may yet be damaged.
    static func isChecksumTable(_ bytes: UnsafeRawBufferPointer) -> Bool {
        SkippableFrame.partLetter(of: bytes) == letter
    }

    /// The table in `bytes`, which must be the whole frame and no more.
    ///
    /// Makes room for what the bytes hold, never for what they announce. `offset` only appears in the errors.
    static func parse(_ bytes: UnsafeRawBufferPointer, at offset: UInt64 = 0) throws(FormatError) -> ChecksumTable {
        guard bytes.count >= byteCount(frameCount: 0), bytes.count % 4 == 0 else {
            throw .damaged(.checksumTable, at: offset, .length)
        }
        try SkippableFrame.check(
            bytes, part: .checksumTable, letter: letter, frameBytes: bytes.count, at: offset)
        let frameCount = (bytes.count - byteCount(frameCount: 0)) / 4
        try checkFields(Array(bytes.prefix(rowsOffset)), frameCount: frameCount, at: offset)
        return ChecksumTable(
            frameChecksums: (0..<frameCount).map { bytes.littleEndian(at: rowsOffset + 4 * $0) })
    }

    /// Checks what is before the checksums of a table whose own checksum is right.
    static func checkFields(_ head: [UInt8], frameCount: Int, at offset: UInt64) throws(FormatError) {
        try head.withBytes { (head) throws(FormatError) in
            try SkippableFrame.checkVersion(head, .checksumTable, at: offset)
            // The version and the three reserved bytes behind it, in one.
            guard head.littleEndian(UInt32.self, at: 16) >> 8 == 0 else {
                throw .damaged(.checksumTable, at: offset, .reserved)
            }
            guard head.littleEndian(UInt32.self, at: 20) == UInt32(frameCount) else {
                throw .damaged(.checksumTable, at: offset, .rowCount)
            }
        }
    }
}
