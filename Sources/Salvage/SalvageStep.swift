import SeekableZstd

/// The next step of a salvage, in the order of the recovered content.
package enum SalvageStep {
    /// Recover a frame.
    case frame(SalvageFrame)
    /// Check a skippable frame against the rules of the format, in its place among the others.
    case skippable(LocatedFrame)
    /// Content that is lost.
    case lost(SalvageLoss)
    /// Damage that loses no content.
    case harmless(String)
}

/// A frame to be recovered, and what the tables say about it.
package struct SalvageFrame {
    package let found: FoundFrame
    /// Its index among all frames with content, including lost ones, from 0.
    package let number: Int
    /// The content size required by the first frame of its section; nil if that does not determine it.
    package var contentBytes: UInt64?
    /// The content size according to the seek table.
    var rowContentBytes: UInt64?
    /// The content checksum according to the seek table.
    package var rowChecksum: UInt32?
    /// Its CRC-32C according to the section table.
    package var crc32c: UInt32?
    /// Whether it must have a content checksum.
    package var mustHaveChecksum = false

    /// The loss to report if it cannot be recovered.
    package func loss(_ reason: String) -> SalvageLoss {
        // The size in a frame's own header is trusted only if its blocks have room for it.
        let own = found.frame.contentBytes.flatMap { $0 <= found.frame.contentBound ? $0 : nil }
        return SalvageLoss(
            frames: number...number, file: found.range, contentBytes: contentBytes ?? rowContentBytes ?? own,
            isAssumed: false, reason: reason)
    }
}

/// The lost content of one frame, or of several consecutive ones.
package struct SalvageLoss {
    /// The indexes of the frames; nil if their number is unknown.
    package let frames: ClosedRange<Int>?
    /// Where they are in the file, or should be.
    package let file: Range<UInt64>
    /// The length of the content; nil if unknown.
    package let contentBytes: UInt64?
    /// Whether the length is only an estimate, because no table gives the number of frames.
    package let isAssumed: Bool
    package let reason: String
}
