/// What was recovered from a damaged file, and what was lost.
package struct SalvageSummary: Sendable {
    /// A lost range of the content.
    package struct Lost: Sendable {
        /// Its position in the content, not counting earlier losses of unknown length; empty if its own length is
        /// unknown.
        package var content: Range<UInt64>
        /// Whether its length is known.
        ///
        /// If not, the output has no placeholder for it.
        package let isLengthKnown: Bool
        /// Whether the length is only an estimate, because no table gives the number of frames.
        package var isLengthAssumed: Bool
        /// The indexes of its frames, from 0; nil if the number of frames before it is unknown.
        package var frames: ClosedRange<Int>?
        /// Where the frames are in the file, or would have to be, in bytes.
        package var file: Range<UInt64>
        /// Why the first of its frames is lost.
        package let reason: String
        /// Whether other frames in it are lost for other reasons.
        package var hasOtherReasons = false
    }

    /// The losses in content order, adjacent ones merged; only the first `mostListed`.
    package private(set) var lost: [Lost] = []
    /// The number of lost ranges, including those not in `lost`.
    package private(set) var lostCount = 0
    /// Total bytes lost, as far as lengths are known.
    package private(set) var lostBytes: UInt64 = 0
    /// Bytes recovered.
    package var restoredBytes: UInt64 = 0
    /// Whether the length of every loss is known.
    package private(set) var isLostKnown = true
    /// Places of damage that lose no content; only the first `mostListed`.
    package private(set) var harmless: [String] = []
    /// The number of such places, including those not in `harmless`.
    package private(set) var harmlessCount = 0

    /// Whether there is no damage.
    package var isWhole: Bool { lostCount == 0 && harmlessCount == 0 }

    /// The length of the content, lost and recovered; nil if unknown.
    package var contentBytes: UInt64? { isLostKnown ? restoredBytes + lostBytes : nil }

    /// The length limit of both lists.
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
