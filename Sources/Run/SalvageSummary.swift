/// What could be had of a damaged file, and what not.
package struct SalvageSummary: Sendable {
    /// A range of the content that is lost.
    package struct Lost: Sendable {
        /// Its place in the content, counted without what was lost before it in an unknown length; empty where the
        /// length of this is not known.
        package var content: Range<UInt64>
        /// Whether its length is known.
        ///
        /// If not, nothing stands for it in the output.
        package let isLengthKnown: Bool
        /// Whether the length is only likely: no table says how many frames there were.
        package var isLengthAssumed: Bool
        /// The numbers of its frames, counted from 0; nil where nobody knows how many there were.
        package var frames: ClosedRange<Int>?
        /// Where the frames are in the file, or would have to be, in bytes.
        package var file: Range<UInt64>
        /// Why the first of them is lost.
        package let reason: String
        /// Whether others of them are lost for other reasons.
        package var hasOtherReasons = false
    }

    /// What is lost, in the order of the content, neighbours as one; of a great many ranges the first.
    package private(set) var lost: [Lost] = []
    /// How many ranges are lost, those among them that are not in `lost`.
    package private(set) var lostCount = 0
    /// What is lost in all, in bytes, as far as its length is known.
    package private(set) var lostBytes: UInt64 = 0
    /// What is restored, in bytes.
    package var restoredBytes: UInt64 = 0
    /// Whether the length of everything that is lost is known.
    package private(set) var isLostKnown = true
    /// Damage by which nothing of the content is lost; of a great many places the first.
    package private(set) var harmless: [String] = []
    /// In how many places there is such damage, those among them that are not in `harmless`.
    package private(set) var harmlessCount = 0

    /// Whether there is no damage.
    package var isWhole: Bool { lostCount == 0 && harmlessCount == 0 }

    /// The length of the content, lost and restored; nil where it is not known.
    package var contentBytes: UInt64? { isLostKnown ? restoredBytes + lostBytes : nil }

    /// The limit of both lists.
    package static let mostListed = 100_000

    private var last: Lost?

    package init() {}

    package mutating func add(harmless place: String) {
        harmlessCount += 1
        if harmless.count < SalvageSummary.mostListed {
            harmless.append(place)
        }
    }

    package mutating func addLoss(
        of contentBytes: UInt64?, isAssumed: Bool, frames: ClosedRange<Int>?, file: Range<UInt64>, reason: String
    ) {
        let place = restoredBytes + lostBytes
        let end = place + (contentBytes ?? 0)
        lostBytes = end - restoredBytes
        isLostKnown = isLostKnown && contentBytes != nil
        if var before = last, before.isLengthKnown, contentBytes != nil, before.content.upperBound == place {
            before.content = before.content.lowerBound..<end
            before.isLengthAssumed = before.isLengthAssumed || isAssumed
            before.hasOtherReasons = before.hasOtherReasons || before.reason != reason
            before.file =
                min(before.file.lowerBound, file.lowerBound)..<max(before.file.upperBound, file.upperBound)
            if let earlier = before.frames, let more = frames {
                before.frames = min(earlier.lowerBound, more.lowerBound)...max(earlier.upperBound, more.upperBound)
            } else {
                before.frames = nil
            }
            last = before
            if lostCount == lost.count {
                lost[lost.count - 1] = before
            }
            return
        }
        let new = Lost(
            content: place..<end, isLengthKnown: contentBytes != nil, isLengthAssumed: isAssumed,
            frames: frames, file: file, reason: reason)
        last = new
        lostCount += 1
        if lost.count < SalvageSummary.mostListed {
            lost.append(new)
        }
    }
}
