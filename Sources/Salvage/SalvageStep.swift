import SeekableZstd

/// What salvage does next, in the order of the restored content.
package enum SalvageStep {
    /// Restore a frame.
    case frame(SalvageFrame)
    /// Hold a skippable frame against the rules of the format; it comes in its order among the others.
    case skippable(LocatedFrame)
    /// Content that is lost.
    case lost(SalvageLoss)
    /// Damage by which nothing of the content is lost.
    case harmless(String)
}

/// A frame to be restored, and what the tables say of it.
package struct SalvageFrame {
    package let found: FoundFrame
    /// Counted over all frames with content of the file, lost ones among them, from 0.
    package let number: Int
    /// What its content must have by the first frame of its section; nil where that does not say.
    package var contentBytes: UInt64?
    /// What its content has by the seek table.
    var rowContentBytes: UInt64?
    /// The checksum of its content by the seek table.
    package var rowChecksum: UInt32?
    /// Its CRC-32C by the section table.
    package var crc32c: UInt32?
    /// Whether it must have a content checksum.
    package var mustHaveChecksum = false

    /// What is lost when it cannot be restored.
    package func loss(_ reason: String) -> SalvageLoss {
        // What a frame says of itself is believed as far as its blocks have room for it.
        let own = found.frame.contentBytes.flatMap { $0 <= found.frame.contentBound ? $0 : nil }
        return SalvageLoss(
            frames: number...number, file: found.range, contentBytes: contentBytes ?? rowContentBytes ?? own,
            isAssumed: false, reason: reason)
    }
}

/// Lost content: one frame's, or several's that follow each other.
package struct SalvageLoss {
    /// The numbers of the frames; nil where nobody knows how many there were.
    package let frames: ClosedRange<Int>?
    /// Where they are in the file, or would be.
    package let file: Range<UInt64>
    /// How long the content was; nil where nobody knows.
    package let contentBytes: UInt64?
    /// Whether the length is only likely, since no table says how many frames there were.
    package let isAssumed: Bool
    package let reason: String
}
