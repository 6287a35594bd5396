import Ground

/// Decides how many names go to a worker together: what it does in about 12 ms or, in a long run, in 1/32 of the time
/// so far.
///
/// Bundles are small enough to keep all workers busy to the end, and large enough that the third of a millisecond for
/// which a worker waits for the next one matters little, and that the front and the pool manager wake rarely. A worker
/// that runs out of time returns the names it has not started.
package final class BundleSize {
    /// The least time that a worker spends on a bundle before it returns the rest.
    package static let wantedNanoseconds: UInt64 = 12_000_000
    /// The largest bundle; each of its names may have a note.
    package static let mostNames = 512
    private static let firstNames = 1
    private static let mostNanoseconds: UInt64 = 64_000_000
    private var nanosecondsOfName: UInt64?
    private let start = monotonicNanoseconds()

    package init() {}

    /// How long a worker should spend on the next bundle.
    var nanoseconds: UInt64 {
        min(max(BundleSize.wantedNanoseconds, (monotonicNanoseconds() - start) / 32), BundleSize.mostNanoseconds)
    }

    /// How many names the next bundle should have.
    package var count: Int {
        guard let nanosecondsOfName else { return BundleSize.firstNames }
        // Aim below the limit: returned names cost one more message.
        return max(1, Int(min(nanoseconds * 3 / 4 / nanosecondsOfName, UInt64(BundleSize.mostNames))))
    }

    /// Learns how long `count` names took.
    package func learn(_ count: Int, _ nanoseconds: UInt64) {
        guard count > 0 else { return }
        let latest = max(1, nanoseconds / UInt64(count))
        nanosecondsOfName = nanosecondsOfName.map { (3 * $0 + latest) / 4 } ?? latest
    }
}
