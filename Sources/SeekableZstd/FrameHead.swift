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
        guard bytes.count > FrameLayout.descriptorOffset, bytes.littleEndian(UInt32.self, at: 0) == FrameLayout.magic
        else {
            return nil
        }
        let descriptor = FrameDescriptor(bytes[FrameLayout.descriptorOffset])
        guard !descriptor.hasReservedBit, bytes.count >= FrameLayout.headerBytes(of: bytes) else { return nil }
        self.offset = offset
        let fields = bytes.bytes(in: FrameLayout.descriptorOffset + 1..<bytes.count)
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
}
