import Ground

/// The magic number and length before the payload of a skippable frame.
package struct SkippableFrame {
    /// The last hexadecimal digit of the magic number of section tables.
    package static let sectionNibble: UInt8 = 0xC

    /// The last hexadecimal digit of the magic number of seek tables.
    package static let seekTableNibble: UInt8 = 0xE

    /// The last hexadecimal digit of the magic number.
    package let nibble: UInt8

    /// The length of the whole frame.
    package let frameBytes: UInt64

    /// Reads the header of the skippable frame at the start of `bytes`; nil if there is none.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= FrameInfo.skippableHeaderBytes else { return nil }
        let magic = bytes.littleEndian(UInt32.self, at: 0)
        guard FrameLayout.skippableMagics.contains(magic) else { return nil }
        nibble = UInt8(magic & 15)
        frameBytes = UInt64(FrameInfo.skippableHeaderBytes) + UInt64(bytes.littleEndian(UInt32.self, at: 4))
    }

    /// The header of a skippable frame of `frameBytes` bytes in all; the payload is to be appended.
    package static func prefix(nibble: UInt8, frameBytes: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(frameBytes)
        bytes.append(littleEndian: FrameLayout.skippableMagics.lowerBound | UInt32(nibble))
        bytes.append(littleEndian: UInt32(frameBytes - FrameInfo.skippableHeaderBytes))
        return bytes
    }

    /// Whether `bytes`, the beginning of a skippable frame, may belong to a table of a section.
    package static func mayBePart(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let nibble = SkippableFrame(bytes)?.nibble
        return nibble == sectionNibble || nibble == seekTableNibble
    }
}
