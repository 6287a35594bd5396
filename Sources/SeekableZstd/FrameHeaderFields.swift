import Ground

/// The layout of the beginning of a frame.
package enum FrameLayout {
    /// The magic number of a frame with content.
    static let magic: UInt32 = 0xFD2F_B528

    /// The magic numbers of skippable frames.
    static var skippableMagics: ClosedRange<UInt32> { 0x184D_2A50...0x184D_2A5F }

    /// The offset of the descriptor in a frame with content.
    static let descriptorOffset = 4

    /// The length of the longest header of a frame with content.
    package static let mostHeaderBytes = 18

    /// The length of the header of the frame with content at the start of `bytes`, up to its first block.
    static func headerBytes(of bytes: UnsafeRawBufferPointer) -> Int {
        descriptorOffset + 1 + FrameDescriptor(bytes[descriptorOffset]).headerBytes
    }

    /// Whether a frame of either kind can begin with this magic number.
    package static func isMagic(_ magic: UInt32) -> Bool {
        magic == FrameLayout.magic || skippableMagics.contains(magic)
    }
}

/// The byte of a frame header that says which fields follow.
package struct FrameDescriptor {
    private let byte: UInt8

    /// The descriptor with the value `byte`.
    package init(_ byte: UInt8) {
        self.byte = byte
    }

    /// Whether the reserved bit is set; decoders must reject such a frame.
    var hasReservedBit: Bool { byte & 0x08 != 0 }

    /// Whether the frame ends with a checksum of its content.
    package var hasChecksum: Bool { byte & 0x04 != 0 }

    /// The number of header bytes after the descriptor.
    package var headerBytes: Int { windowWidth + dictionaryWidth + contentSizeWidth }

    private var isSingleSegment: Bool { byte & 0x20 != 0 }
    private var windowWidth: Int { isSingleSegment ? 0 : 1 }

    private var dictionaryWidth: Int {
        switch byte & 3 {
        case 3: 4
        case let width: Int(width)
        }
    }

    private var contentSizeWidth: Int {
        switch byte >> 6 {
        case 0: isSingleSegment ? 1 : 0
        case 1: 2
        case 2: 4
        default: 8
        }
    }

    /// The window size; nil for a single-segment frame, whose window is the content.
    ///
    /// `header` is at least `headerBytes` of what follows the descriptor.
    package func windowBytes(in header: UnsafeRawBufferPointer) -> UInt64? {
        guard !isSingleSegment else { return nil }
        let field = header.littleEndian(UInt8.self, at: 0)
        let base = UInt64(1) << (10 + UInt64(field >> 3))
        return base + base / 8 * UInt64(field & 7)
    }

    /// The dictionary that the frame names; nil if it names none.
    ///
    /// A field of 0 means none, as does no field.
    package func dictionaryID(in header: UnsafeRawBufferPointer) -> UInt32? {
        var value: UInt32 = 0
        for index in 0..<dictionaryWidth {
            value |= UInt32(header.littleEndian(UInt8.self, at: windowWidth + index)) << (8 * UInt32(index))
        }
        return value == 0 ? nil : value
    }

    /// The size of the content; nil if the header does not give it.
    package func contentBytes(in header: UnsafeRawBufferPointer) -> UInt64? {
        let offset = windowWidth + dictionaryWidth
        return switch contentSizeWidth {
        case 1: UInt64(header.littleEndian(UInt8.self, at: offset))
        // Sizes below 256 fit in one byte, so the two-byte field is offset by 256.
        case 2: UInt64(header.littleEndian(UInt16.self, at: offset)) + 256
        case 4: UInt64(header.littleEndian(UInt32.self, at: offset))
        case 8: header.littleEndian(UInt64.self, at: offset)
        default: nil
        }
    }
}

/// The three bytes before each block of a Zstandard frame.
struct BlockHeader {
    /// How the content of a block is stored.
    package enum Kind: UInt32 {
        /// Uncompressed.
        case raw
        /// As one byte that is repeated.
        case repeatedByte
        /// Compressed.
        case compressed
        /// Reserved.
        case reserved
    }

    /// The length of a block header.
    package static let byteCount = 3

    /// Whether this is the frame's last block.
    package let isLast: Bool

    /// How the content is stored.
    package let type: Kind

    /// The size of the stored block, or the number of repetitions of a repeated byte.
    package let size: UInt64

    /// Reads the header in the first three of `bytes`.
    package init(_ bytes: UnsafeRawBufferPointer) {
        let low = UInt32(bytes.littleEndian(UInt16.self, at: 0))
        let value = low | UInt32(bytes.littleEndian(UInt8.self, at: 2)) << 16
        isLast = value & 1 != 0
        type = Kind(rawValue: value >> 1 & 3) ?? .reserved
        size = UInt64(value >> 3)
    }

    /// Whether the block is empty and raw, as those of a `SectionMark` are.
    var isEmptyRaw: Bool { !isLast && type == .raw && size == 0 }
}
