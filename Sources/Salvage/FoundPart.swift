import SeekableZstd

/// A stretch of a damaged file, as `FrameFinder` sees it.
package enum FoundPart {
    /// A frame with content, from its magic number to its end. Its content may still be damaged.
    case frame(FoundFrame)
    /// A frame that decoders step over.
    case skippable(LocatedFrame)
    /// Bytes that are no frame.
    case gap(FoundGap)

    /// Where it is in the file.
    package var range: Range<UInt64> {
        switch self {
        case .frame(let found): found.range
        case .skippable(let frame): frame.offset..<frame.offset + frame.compressedBytes
        case .gap(let gap): gap.range
        }
    }
}

/// A frame with content that ends where its header and its blocks say.
package struct FoundFrame {
    package let frame: LocatedFrame
    /// What the frame says of its content at its end, if it does.
    let contentChecksum: UInt32?

    package var range: Range<UInt64> { frame.offset..<frame.offset + frame.compressedBytes }
}

/// Bytes between two frames, or between a frame and the end of the file, that are no frame.
package struct FoundGap {
    package let range: Range<UInt64>
    /// Why the frame that should begin there is none.
    let reason: String
    /// The headers of damaged frames in it, in order; of a great many the first.
    let heads: [FrameHead]

    /// The header of the frame that begins where the gap does.
    var firstHead: FrameHead? {
        heads.first.flatMap { $0.offset == range.lowerBound ? $0 : nil }
    }
}
