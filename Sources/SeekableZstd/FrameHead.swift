import Ground

/// The header of a frame with content; its blocks may be damaged.
package struct FrameHead {
    package let offset: UInt64
    /// The size of the content, if the header gives it.
    package let contentBytes: UInt64?
    /// The window that a decoder needs; nil if the header does not say.
    package let windowBytes: UInt64?
    package let hasChecksum: Bool
    /// The dictionary that the frame needs; nil if it names none.
    package let dictionaryID: UInt32?
    /// The mark of a section's first frame; nil for other frames.
    package let mark: SectionMark?

    /// Reads the header at the start of `bytes`; nil if there is none that a decoder would accept.
    ///
    /// The mark is found only if there are at least `SectionMark.shownBytes`, or the whole frame.
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

    /// The rules of the section that this frame begins; nil if it begins none.
    package var rules: SectionRules? {
        SectionRules(mark: mark, contentBytes: contentBytes, hasChecksums: hasChecksum)
    }
}
