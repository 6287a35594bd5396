import Ground

/// How many names go to a worker together: as many as it does in about 12 ms, and in a long run in a 32nd of what that has
/// taken.
///
/// So few that all workers are busy to the end of a run, and so many that the third of a millisecond in which a worker
/// waits for the next ones is little, and that the front and the pool manager wake seldom. A worker that needs more time
/// for them gives back what it has not begun.
package final class BundleSize {
    /// What a worker takes for a bundle at least, before it gives back the rest.
    package static let wantedNanoseconds: UInt64 = 12_000_000
    /// The most, for each of which there may be a note.
    package static let mostNames = 512
    private static let firstNames = 1
    private static let mostNanoseconds: UInt64 = 64_000_000
    private var nanosecondsOfName: UInt64?
    private let start = monotonicNanoseconds()

    package init() {}

    /// What a worker should take for the next one.
    var nanoseconds: UInt64 {
        min(max(BundleSize.wantedNanoseconds, (monotonicNanoseconds() - start) / 32), BundleSize.mostNanoseconds)
    }

    /// So many names the next one should have.
    package var count: Int {
        guard let nanosecondsOfName else { return BundleSize.firstNames }
        // With some time to spare, as what comes back is one more message.
        return max(1, Int(min(nanoseconds * 3 / 4 / nanosecondsOfName, UInt64(BundleSize.mostNames))))
    }

    /// Takes account of what names took.
    package func learn(_ count: Int, _ nanoseconds: UInt64) {
        guard count > 0 else { return }
        let latest = max(1, nanoseconds / UInt64(count))
        nanosecondsOfName = nanosecondsOfName.map { (3 * $0 + latest) / 4 } ?? latest
    }
}
