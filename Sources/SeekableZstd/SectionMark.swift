import Ground

/// A mark in the first frame of a section, which says that tables follow: empty raw blocks right after the header.
///
/// Decoders ignore such blocks, and no encoder writes them. The layout is in docs/format.md.
public enum SectionMark: Int, BitwiseCopyable, Sendable {
    /// Every frame of the section but the last has as much content as the first.
    case equalChunks = 2
    /// Each frame may have a different content size.
    case anyChunks = 3

    /// The length of the mark.
    public var byteCount: Int { rawValue * BlockHeader.byteCount }

    /// The length of the longest mark.
    public static let mostBytes = SectionMark.anyChunks.byteCount

    /// How many bytes of a frame are needed to recognize its mark; includes the header of the block after it.
    public static let shownBytes = FrameLayout.mostHeaderBytes + mostBytes + BlockHeader.byteCount

    /// Reads the mark of the frame at the start of `bytes`, which are at least `shownBytes` or the whole frame; nil if
    /// it has none.
    public init?(of bytes: UnsafeRawBufferPointer) {
        guard bytes.count > FrameLayout.descriptorOffset, bytes.littleEndian(UInt32.self, at: 0) == FrameLayout.magic
        else {
            return nil
        }
        var place = FrameLayout.headerBytes(of: bytes)
        var count = 0
        while place + BlockHeader.byteCount <= bytes.count,
            BlockHeader(bytes.bytes(in: place..<bytes.count)).isEmptyRaw
        {
            count += 1
            place += BlockHeader.byteCount
        }
        self.init(rawValue: count)
    }

    /// Inserts the mark into a frame that begins at offset `byteCount` of `space`; afterwards the frame begins at
    /// offset 0.
    public func insert(into space: UnsafeMutableRawBufferPointer) {
        let frame = UnsafeRawBufferPointer(space).bytes(in: byteCount..<space.count)
        let headerBytes = FrameLayout.headerBytes(of: frame)
        space.copyMemory(from: frame.bytes(in: 0..<headerBytes))
        UnsafeMutableRawBufferPointer(rebasing: space[headerBytes..<headerBytes + byteCount])
            .initializeMemory(as: UInt8.self, repeating: 0)
    }
}

/// What the first frame of a section determines for all its frames.
package struct SectionRules: Equatable, Sendable {
    /// Whether the data frames have content checksums and the tables have checksums too.
    package let hasChecksums: Bool

    /// The content size of every data frame but the last; nil if sizes may differ.
    package let chunkBytes: UInt32?

    /// The mark of the first frame.
    package var mark: SectionMark { chunkBytes == nil ? .anyChunks : .equalChunks }

    /// Derives the rules from a first frame; nil if it has no mark, or a content size that a seek table cannot record.
    package init?(mark: SectionMark?, contentBytes: UInt64?, hasChecksums: Bool) {
        guard let mark, let contentBytes, contentBytes > 0, let size = UInt32(exactly: contentBytes) else { return nil }
        self.hasChecksums = hasChecksums
        chunkBytes = mark == .equalChunks ? size : nil
    }
}
