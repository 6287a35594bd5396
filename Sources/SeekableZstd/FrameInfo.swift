/// What can be learned about a frame without decompressing it.
public struct FrameInfo: Equatable, Sendable {
    /// The two kinds of frames in a file.
    public enum Kind: Equatable, Sendable {
        /// A frame with content.
        case zstandard
        /// A frame that decoders skip.
        ///
        /// The value is the last hexadecimal digit of its magic number, 0 … 15.
        case skippable(UInt8)
    }

    /// The kind of the frame.
    public var kind: Kind

    /// The length of the whole frame, from its magic number to its last byte.
    public var compressedBytes: UInt64

    /// The size of the content according to the frame's header; nil if it does not say.
    ///
    /// 0 for a skippable frame.
    public var contentBytes: UInt64?

    /// An upper bound of the content size, computed from the blocks: exact if none of them is compressed.
    public var contentBound: UInt64 = 0

    /// The window that a decoder needs; 0 for a skippable frame.
    public var windowBytes: UInt64 = 0

    /// The dictionary that the frame needs; nil if it names none.
    public var dictionaryID: UInt32?

    /// Whether the frame ends with a checksum of its content.
    public var hasChecksum = false

    /// That checksum: the low 32 bits of the XXH64 of the content.
    public var contentChecksum: UInt32?

    /// The mark of a section's first frame; nil for other frames.
    public var mark: SectionMark?

    /// The largest size of a block of this frame, compressed or not.
    var blockLimit: UInt64 {
        min(windowBytes, FrameInfo.maximumBlockBytes)
    }

    /// The largest size of a block of any frame.
    public static let maximumBlockBytes: UInt64 = 128 << 10

    /// The number of bytes before the payload of a skippable frame.
    public static let skippableHeaderBytes = 8
}
