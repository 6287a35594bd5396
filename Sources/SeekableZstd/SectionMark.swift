import Ground

/// What the first frame of a section bears right behind its header: empty raw blocks, which say that tables follow.
///
/// Decoders pass over such blocks, and no encoder writes them. The layout is in docs/format.md.
public enum SectionMark: Int, BitwiseCopyable, Sendable {
    /// Every frame of the section but the last has as much content as the first.
    case equalChunks = 2
    /// Each frame has content of a size of its own.
    case anyChunks = 3

    /// The length of the mark.
    public var byteCount: Int { rawValue * BlockHeader.byteCount }

    /// The length of the longest mark.
    public static let mostBytes = SectionMark.anyChunks.byteCount

    /// So many bytes of a frame show its mark: those of the block behind it too.
    public static let shownBytes = FrameLayout.mostHeaderBytes + mostBytes + BlockHeader.byteCount

    /// The mark of the frame that begins with `bytes`, which are `shownBytes` or all of it; nil if it has none.
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

    /// Puts the mark into a frame that begins `byteCount` bytes behind the beginning of `space`, where it begins then.
    public func insert(into space: UnsafeMutableRawBufferPointer) {
        let frame = UnsafeRawBufferPointer(space).bytes(in: byteCount..<space.count)
        let headerBytes = FrameLayout.headerBytes(of: frame)
        space.copyMemory(from: frame.bytes(in: 0..<headerBytes))
        UnsafeMutableRawBufferPointer(rebasing: space[headerBytes..<headerBytes + byteCount])
            .initializeMemory(as: UInt8.self, repeating: 0)
    }
}

/// What the first frame of a section says of all its frames.
package struct SectionRules: Equatable, Sendable {
    /// Whether the data frames carry content checksums, and the tables carry checksums too.
    package let hasChecksums: Bool

    /// The size of the content of every data frame but the last; nil where each has a size of its own.
    package let chunkBytes: UInt32?

    /// What the first frame bears.
    package var mark: SectionMark { chunkBytes == nil ? .anyChunks : .equalChunks }

    /// The rules by a first frame; nil if it is none, or has a content that a seek table cannot say.
    package init?(mark: SectionMark?, contentBytes: UInt64?, hasChecksums: Bool) {
        guard let mark, let contentBytes, contentBytes > 0, let size = UInt32(exactly: contentBytes) else { return nil }
        self.hasChecksums = hasChecksums
        chunkBytes = mark == .equalChunks ? size : nil
    }
}
