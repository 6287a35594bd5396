/// The magic number and length before the payload of a skippable frame, and what the frames of a section share.
struct SkippableFrame {
    /// The last hexadecimal digit of the magic number of headers and checksum tables.
    static let sectionNibble: UInt8 = 0xC

    /// The last hexadecimal digit of the magic number of seek tables.
    static let seekTableNibble: UInt8 = 0xE

    /// The version of the layout that this code writes and reads.
    static let version: UInt8 = 1

    /// How the identifiers of our own frames begin; one letter for the part follows.
    static let identifierPrefix: [UInt8] = Array("poolmap".utf8)

    /// The length of an identifier.
    static let identifierBytes = 8

    /// The last hexadecimal digit of the magic number.
    let nibble: UInt8

    /// The length of the whole frame.
    let frameBytes: UInt64

    /// The header of the skippable frame that `bytes` begins with, nil if none does.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= FrameInfo.skippableHeaderBytes else { return nil }
        let magic = bytes.littleEndian(UInt32.self, at: 0)
        guard magic & ~15 == 0x184D_2A50 else { return nil }
        nibble = UInt8(magic & 15)
        frameBytes = UInt64(FrameInfo.skippableHeaderBytes) + UInt64(bytes.littleEndian(UInt32.self, at: 4))
    }

    /// The first bytes of a skippable frame of `frameBytes` bytes in all, ready for the payload.
    static func prefix(nibble: UInt8, frameBytes: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(frameBytes)
        bytes.append(littleEndian: 0x184D_2A50 | UInt32(nibble))
        bytes.append(littleEndian: UInt32(frameBytes - FrameInfo.skippableHeaderBytes))
        return bytes
    }

    /// The letter that ends the identifier in `bytes`, the beginning of a frame, nil if it is none of ours.
    static func partLetter(of bytes: UnsafeRawBufferPointer) -> UInt8? {
        let start = FrameInfo.skippableHeaderBytes
        guard bytes.count >= start + identifierBytes, SkippableFrame(bytes)?.nibble == sectionNibble,
            bytes.bytes(in: start..<start + identifierPrefix.count).elementsEqual(identifierPrefix)
        else { return nil }
        return bytes.littleEndian(at: start + identifierPrefix.count)
    }

    /// Whether `bytes`, the beginning of a skippable frame, are of a kind that sections have.
    static func mayBePart(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let nibble = SkippableFrame(bytes)?.nibble
        return nibble == sectionNibble || nibble == seekTableNibble
    }

    /// Checks what headers and checksum tables have in common: length, identifier, checksum, version, in that order.
    static func check(
        _ bytes: UnsafeRawBufferPointer, part: FormatError.Part, letter: UInt8, frameBytes: Int, at offset: UInt64
    ) throws(FormatError) {
        guard let frame = SkippableFrame(bytes), frame.nibble == sectionNibble else {
            throw .damaged(part, at: offset, .magic)
        }
        guard bytes.count == frameBytes, frame.frameBytes == UInt64(frameBytes) else {
            throw .damaged(part, at: offset, .length)
        }
        guard partLetter(of: bytes) == letter else {
            throw .damaged(part, at: offset, .identifier)
        }
        let checksumOffset = frameBytes - 4
        guard CRC32C.checksum(of: bytes.bytes(in: 0..<checksumOffset)) == bytes.littleEndian(at: checksumOffset) else {
            throw .damaged(part, at: offset, .checksum)
        }
        try checkVersion(bytes, part, at: offset)
    }

    /// Only after the checksum, so that a damaged byte does not pass for a newer version.
    static func checkVersion(
        _ bytes: UnsafeRawBufferPointer, _ part: FormatError.Part, at offset: UInt64
    ) throws(FormatError) {
        let version: UInt8 = bytes.littleEndian(at: 16)
        guard version == SkippableFrame.version else {
            throw .unsupportedVersion(part, at: offset, version: version)
        }
    }
}
