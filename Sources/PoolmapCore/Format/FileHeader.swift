/// The header of a section: a skippable frame that says that a seek table must follow.
///
/// The layout is in docs/format.md.
struct FileHeader: Equatable, Sendable {
    /// The length of the header, the same in every version.
    static let byteCount = 44

    /// The largest chunk size.
    static let maximumChunkBytes: UInt32 = 1 << 30

    /// The letter that ends the identifier of a header.
    static let letter = UInt8(ascii: "H")

    /// The size of the content of every data frame but the last.
    let chunkBytes: UInt32

    /// Whether the section has checksums: of the content in the data frames, and of the frames in the tables.
    let hasChecksums: Bool

    /// A header for chunks of `chunkBytes` bytes, 1 … `maximumChunkBytes`.
    init(chunkBytes: UInt32, hasChecksums: Bool) {
        precondition(FileHeader.chunkSizes.contains(chunkBytes), "a chunk size of \(chunkBytes)")
        self.chunkBytes = chunkBytes
        self.hasChecksums = hasChecksums
    }

    private static let chunkSizes = 1...maximumChunkBytes

    /// The bytes of the frame.
    func serialized() -> [UInt8] {
        var bytes = SkippableFrame.prefix(nibble: SkippableFrame.sectionNibble, frameBytes: FileHeader.byteCount)
        bytes += SkippableFrame.identifierPrefix
        bytes += [FileHeader.letter, SkippableFrame.version, hasChecksums ? 1 : 0, 0, 0]
        bytes.append(littleEndian: chunkBytes)
        bytes += [UInt8](repeating: 0, count: 16)
        bytes.appendCRC32C()
        return bytes
    }

    /// Whether a frame that begins with `bytes` has the identifier of a header.
    ///
    /// It may yet be damaged.
    static func isHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        SkippableFrame.partLetter(of: bytes) == letter
    }

    /// The header in `bytes`, which must be the whole frame and no more.
    ///
    /// `offset` only appears in the errors.
    static func parse(_ bytes: UnsafeRawBufferPointer, at offset: UInt64 = 0) throws(FormatError) -> FileHeader {
        try SkippableFrame.check(bytes, part: .header, letter: letter, frameBytes: byteCount, at: offset)
        let flags: UInt8 = bytes.littleEndian(at: 17)
        let reserved =
            UInt64(bytes.littleEndian(UInt16.self, at: 18)) | bytes.littleEndian(at: 24) | bytes.littleEndian(at: 32)
        guard flags & ~1 == 0, reserved == 0 else {
            throw .damaged(.header, at: offset, .reserved)
        }
        let chunkBytes: UInt32 = bytes.littleEndian(at: 20)
        guard chunkSizes.contains(chunkBytes) else {
            throw .damaged(.header, at: offset, .chunkSize)
        }
        return FileHeader(chunkBytes: chunkBytes, hasChecksums: flags & 1 != 0)
    }
}
