/// What can be known of a frame without decompressing it.
public struct FrameInfo: Equatable, Sendable {
    /// The two kinds of frame that a file is made of.
    public enum Kind: Equatable, Sendable {
        /// A frame with content.
        case zstandard
        /// A frame that decoders step over. The value is the last hexadecimal digit of its magic number, 0 … 15.
        case skippable(UInt8)
    }

    /// The kind of the frame.
    public var kind: Kind

    /// The length of the whole frame, from its magic number to its last byte.
    public var compressedBytes: UInt64

    /// The size of the content as the frame's header has it, nil if it does not.
    ///
    /// 0 for a skippable frame.
    public var contentBytes: UInt64?

    /// A size that the content cannot exceed, by the blocks of the frame: exact if none of them is compressed.
    public var contentBound: UInt64 = 0

    /// How far back a decoder must remember, 0 for a skippable frame.
    public var windowBytes: UInt64 = 0

    /// The dictionary that the frame needs, nil if it names none.
    public var dictionaryID: UInt32?

    /// Whether the frame ends with a checksum of its content.
    public var hasChecksum = false

    /// That checksum, the low 32 bits of the XXH64 of the content.
    public var contentChecksum: UInt32?

    /// What says that it is the first of a section, nil of any other.
    public var mark: SectionMark?

    /// The most bytes that one block can have, compressed or not.
    var blockLimit: UInt64 {
        min(windowBytes, FrameInfo.maximumBlockBytes)
    }

    /// The most bytes that a block of any frame can have.
    public static let maximumBlockBytes: UInt64 = 128 << 10

    /// The number of bytes before the payload of a skippable frame.
    public static let skippableHeaderBytes = 8
}
