/// A stretch of a damaged file, as `FrameFinder` sees it.
enum FoundPart {
    /// A frame with content, from its magic number to its end. Its content may still be damaged.
    case frame(FoundFrame)
    /// A frame that decoders step over.
    case skippable(LocatedFrame)
    /// Bytes that are no frame.
    case gap(FoundGap)

    /// Where it is in the file.
    var range: Range<UInt64> {
        switch self {
        case .frame(let found): found.range
        case .skippable(let frame): frame.offset..<frame.offset + frame.compressedBytes
        case .gap(let gap): gap.range
        }
    }
}

/// A frame with content that ends where its header and its blocks say.
struct FoundFrame {
    let frame: LocatedFrame
    /// What the frame says of its content at its end, if it does.
    let contentChecksum: UInt32?

    var range: Range<UInt64> { frame.offset..<frame.offset + frame.compressedBytes }
}

/// Bytes between two frames, or between a frame and the end of the file, that are no frame.
struct FoundGap {
    let range: Range<UInt64>
    /// Why the frame that should begin there is none.
    let reason: String
    /// The headers of damaged frames in it, in order; of a great many the first.
    let heads: [FrameHead]

    /// The header of the frame that begins where the gap does.
    var firstHead: FrameHead? {
        heads.first.flatMap { $0.offset == range.lowerBound ? $0 : nil }
    }
}

/// The header of a frame with content whose blocks may be damaged.
struct FrameHead {
    let offset: UInt64
    /// The size of the content, if the header has it.
    let contentBytes: UInt64?
    let hasChecksum: Bool

    /// The header that `bytes` begin with; nil if they begin with none that a decoder would take.
    init?(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
        guard bytes.count >= 5, bytes.littleEndian(UInt32.self, at: 0) == FrameHead.magic else { return nil }
        let descriptor = FrameDescriptor(bytes[4])
        guard !descriptor.hasReservedBit, bytes.count >= 5 + descriptor.headerBytes else { return nil }
        self.offset = offset
        contentBytes = descriptor.contentBytes(in: bytes.bytes(in: 5..<bytes.count))
        hasChecksum = descriptor.hasChecksum
    }

    static let magic: UInt32 = 0xFD2F_B528

    /// The most bytes that a header has.
    static let mostBytes = 18

    /// Whether a frame, of either kind, can begin with this magic number.
    static func isMagic(_ magic: UInt32) -> Bool {
        magic == FrameHead.magic || magic & ~15 == 0x184D_2A50
    }
}
