import SeekableZstd

/// A part of a damaged file, as `FrameFinder` reports it.
package enum FoundPart {
    /// A frame with content, from its magic number to its end. Its content may still be damaged.
    case frame(FoundFrame)
    /// A frame that decoders skip.
    case skippable(LocatedFrame)
    /// Bytes that are not a frame.
    case gap(FoundGap)

    /// Its range in the file.
    package var range: Range<UInt64> {
        switch self {
        case .frame(let found): found.range
        case .skippable(let frame): frame.offset..<frame.offset + frame.compressedBytes
        case .gap(let gap): gap.range
        }
    }
}

/// A frame with content that ends where its header and blocks say.
package struct FoundFrame {
    package let frame: LocatedFrame
    /// The content checksum at the end of the frame, if there is one.
    let contentChecksum: UInt32?

    package var range: Range<UInt64> { frame.offset..<frame.offset + frame.compressedBytes }
}

/// Bytes between frames, or between a frame and the end of the file, that are not a frame.
package struct FoundGap {
    package let range: Range<UInt64>
    /// Why no valid frame begins there.
    let reason: String
    /// The headers of damaged frames in it, in order; at most a few thousand are kept.
    let heads: [FrameHead]

    /// The frame header at the start of the gap, if there is one.
    var firstHead: FrameHead? {
        heads.first.flatMap { $0.offset == range.lowerBound ? $0 : nil }
    }
}
