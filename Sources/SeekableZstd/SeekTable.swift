import Ground

/// The table of the Zstandard seekable format: the sizes of all frames before it, in a skippable frame.
///
/// docs/format.md describes the layout, and the additional rules for a section. This type handles the tables of any
/// tool; `SectionAuditor` checks one against the frames.
public struct SeekTable: Equatable, Sendable {
    /// A frame's row of the table.
    public struct Row: Equatable, Sendable {
        /// The length of the frame.
        public var compressedBytes: UInt32
        /// The size of its content; 0 for a skippable frame.
        public var contentBytes: UInt32
        /// The low half of the XXH64 of the content; 0 in a table without checksums.
        public var checksum: UInt32

        /// Creates a row.
        public init(compressedBytes: UInt32, contentBytes: UInt32, checksum: UInt32 = 0) {
            self.compressedBytes = compressedBytes
            self.contentBytes = contentBytes
            self.checksum = checksum
        }
    }

    /// The most rows that the seekable format allows.
    public static let maximumRows = 0x800_0000

    /// The length of the fields after the rows, which are the last bytes of a file that ends with a seek table.
    public static let footerBytes = 9

    /// The low half of the XXH64 of no bytes: the checksum in the row of a skippable frame.
    package static let emptyChecksum: UInt32 = 0x51D8_E999

    private static let footerMagic: UInt32 = 0x8F92_EAB1
    private static let checksumFlag: UInt8 = 0x80
    private static let fixedBytes = FrameInfo.skippableHeaderBytes + footerBytes

    /// The frames before the table, in order.
    public var rows: [Row]

    /// Whether the rows have checksums.
    public var hasChecksums: Bool

    /// Creates a table of these rows.
    public init(rows: [Row], hasChecksums: Bool) {
        self.rows = rows
        self.hasChecksums = hasChecksums
    }

    /// The sums over all rows.
    ///
    /// They cannot overflow: 2^27 rows of less than 2^32 bytes each make less than 2^59.
    public var totals: (compressedBytes: UInt64, contentBytes: UInt64) {
        var sums: (compressedBytes: UInt64, contentBytes: UInt64) = (0, 0)
        for row in rows {
            sums.compressedBytes += UInt64(row.compressedBytes)
            sums.contentBytes += UInt64(row.contentBytes)
        }
        return sums
    }

    /// The length of one row.
    package static func rowBytes(hasChecksums: Bool) -> Int {
        hasChecksums ? 12 : 8
    }

    /// The length of a table of `rowCount` rows.
    package static func byteCount(rowCount: Int, hasChecksums: Bool) -> Int {
        fixedBytes + rowCount * rowBytes(hasChecksums: hasChecksums)
    }

    /// The bytes of the frame; there must be at most `maximumRows` rows.
    public func serialized() -> [UInt8] {
        precondition(rows.count <= SeekTable.maximumRows, "a seek table of \(rows.count) rows")
        var bytes = SkippableFrame.prefix(
            nibble: SkippableFrame.seekTableNibble,
            frameBytes: SeekTable.byteCount(rowCount: rows.count, hasChecksums: hasChecksums))
        for row in rows {
            bytes.append(littleEndian: row.compressedBytes)
            bytes.append(littleEndian: row.contentBytes)
            if hasChecksums {
                bytes.append(littleEndian: row.checksum)
            }
        }
        bytes.append(littleEndian: UInt32(rows.count))
        bytes.append(hasChecksums ? SeekTable.checksumFlag : 0)
        bytes.append(littleEndian: SeekTable.footerMagic)
        return bytes
    }
}

extension SeekTable {
    /// The shape of a table according to its footer.
    package struct Shape: Equatable {
        /// The number of rows.
        package let rowCount: Int
        /// Whether the rows have checksums.
        package let hasChecksums: Bool

        /// The length of the table.
        package var frameBytes: Int {
            SeekTable.byteCount(rowCount: rowCount, hasChecksums: hasChecksums)
        }

        /// Reads the shape from the last `footerBytes` of `bytes`; `offset` is used only in errors.
        package init(footerOf bytes: UnsafeRawBufferPointer, at offset: UInt64 = 0) throws(FormatError) {
            let start = bytes.count - footerBytes
            guard start >= 0 else {
                throw .damaged(.seekTable, at: offset, .length)
            }
            guard bytes.littleEndian(at: start + 5) == footerMagic else {
                throw .damaged(.seekTable, at: offset, .magic)
            }
            let descriptor: UInt8 = bytes.littleEndian(at: start + 4)
            guard descriptor & ~checksumFlag == 0 else {
                throw .damaged(.seekTable, at: offset, .reserved)
            }
            let rowCount: UInt32 = bytes.littleEndian(at: start)
            guard rowCount <= UInt32(maximumRows) else {
                throw .damaged(.seekTable, at: offset, .rowCount)
            }
            self.rowCount = Int(rowCount)
            hasChecksums = descriptor != 0
        }

        /// The row at `index`, from 0, of the table in `bytes`, which must have this shape.
        package func row(_ index: Int, of bytes: UnsafeRawBufferPointer) -> Row {
            let start = FrameInfo.skippableHeaderBytes + index * SeekTable.rowBytes(hasChecksums: hasChecksums)
            return Row(
                compressedBytes: bytes.littleEndian(at: start),
                contentBytes: bytes.littleEndian(at: start + 4),
                checksum: hasChecksums ? bytes.littleEndian(at: start + 8) : 0)
        }
    }

    /// The length of the table at the end of a file of `fileBytes` bytes, given the file's last `footerBytes`.
    ///
    /// Nil if the file cannot end with a seek table. A result is no proof that it does: parse the bytes.
    public static func frameBytes(footer: UnsafeRawBufferPointer, fileBytes: UInt64) -> Int? {
        precondition(footer.count == footerBytes, "a footer of \(footer.count) bytes")
        guard let shape = try? Shape(footerOf: footer), UInt64(shape.frameBytes) <= fileBytes else { return nil }
        return shape.frameBytes
    }

    /// Checks that `bytes` are exactly a seek table, and returns its shape; `offset` is used only in errors.
    package static func shape(of bytes: UnsafeRawBufferPointer, at offset: UInt64 = 0) throws(FormatError) -> Shape {
        guard let frame = SkippableFrame(bytes), frame.nibble == SkippableFrame.seekTableNibble else {
            throw .damaged(.seekTable, at: offset, .magic)
        }
        guard bytes.count >= fixedBytes, frame.frameBytes == UInt64(bytes.count) else {
            throw .damaged(.seekTable, at: offset, .length)
        }
        let shape = try Shape(footerOf: bytes, at: offset)
        guard shape.frameBytes == bytes.count else {
            throw .damaged(.seekTable, at: offset, .length)
        }
        return shape
    }

    /// Parses the table in `bytes`, which must be exactly the whole frame.
    ///
    /// Allocates memory for the rows given, never for what they announce. `offset` is used only in errors.
    public static func parse(_ bytes: UnsafeRawBufferPointer, at offset: UInt64 = 0) throws(FormatError) -> SeekTable {
        let shape = try shape(of: bytes, at: offset)
        return SeekTable(
            rows: (0..<shape.rowCount).map { shape.row($0, of: bytes) }, hasChecksums: shape.hasChecksums)
    }
}
