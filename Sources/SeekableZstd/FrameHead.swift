import Ground

/// The beginning of a frame with content, whose blocks may be damaged.
package struct FrameHead {
    package let offset: UInt64
    /// The size of the content, if the header has it.
    package let contentBytes: UInt64?
    /// How far back a decoder must remember; nil where the header does not say.
    package let windowBytes: UInt64?
    package let hasChecksum: Bool
    /// The dictionary that the frame needs, nil if it names none.
    package let dictionaryID: UInt32?
    /// What says that it is the first of a section.
    package let mark: SectionMark?

    /// The header that `bytes` begin with; nil if they begin with none that a decoder would take.
    ///
    /// The mark is seen if they are `SectionMark.shownBytes` or all of the frame.
    package init?(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
        guard bytes.count > FrameHead.descriptorOffset, bytes.littleEndian(UInt32.self, at: 0) == FrameHead.magic else {
            return nil
        }
        let descriptor = FrameDescriptor(bytes[FrameHead.descriptorOffset])
        guard !descriptor.hasReservedBit, bytes.count >= FrameHead.byteCount(of: bytes) else { return nil }
        self.offset = offset
        let fields = bytes.bytes(in: FrameHead.descriptorOffset + 1..<bytes.count)
        contentBytes = descriptor.contentBytes(in: fields)
        windowBytes = descriptor.windowBytes(in: fields) ?? contentBytes
        dictionaryID = descriptor.dictionaryID(in: fields)
        hasChecksum = descriptor.hasChecksum
        mark = SectionMark(of: bytes)
    }

    /// What it says of the section that it begins; nil if it begins none.
    package var rules: SectionRules? {
        SectionRules(mark: mark, contentBytes: contentBytes, hasChecksums: hasChecksum)
    }

    package static let magic: UInt32 = 0xFD2F_B528

    /// Where the descriptor is.
    static let descriptorOffset = 4

    /// The most bytes that a header has.
    package static let mostBytes = 18

    /// The length of the header of a frame that begins with `bytes`, up to its first block.
    package static func byteCount(of bytes: UnsafeRawBufferPointer) -> Int {
        descriptorOffset + 1 + FrameDescriptor(bytes[descriptorOffset]).headerBytes
    }

    /// Whether a frame, of either kind, can begin with this magic number.
    package static func isMagic(_ magic: UInt32) -> Bool {
        magic == FrameHead.magic || magic & ~15 == 0x184D_2A50
    }
}
