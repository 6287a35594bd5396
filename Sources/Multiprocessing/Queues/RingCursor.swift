import Synchronization

/// How far a ring was filled, or emptied: a byte offset that only grows, and the number of values up to there.
///
/// Both change in one store, though they are two words. Offsets are multiples of eight, so the lowest bit of the stored
/// one is free to say which of two counts belongs to it: the new count is written where the old one is not, and nobody
/// looks there until the offset with the other bit is stored. Whoever is killed before that store has changed nothing.
///
/// Offsets and counts are compared by their differences only, so that they may wrap around.
struct RingCursor: @unchecked Sendable {
    /// The offset's word and the two counts, which lie behind one another.
    static let byteCount = 24

    private let words: UnsafeMutablePointer<Atomic<UInt64>>

    init(at address: UnsafeMutableRawPointer) {
        words = address.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// Where the ring's other side has got to.
    @inline(__always)
    var offset: UInt64 {
        words.pointee.load(ordering: .acquiring) & ~1
    }

    /// The number of values up to the offset, for anybody.
    ///
    /// Does not block: it looks again only if the owner has moved on twice in the meantime.
    var count: UInt64 {
        while true {
            let before = words.pointee.load(ordering: .acquiring)
            let count = words[1 + Int(before & 1)].load(ordering: .acquiring)
            if words.pointee.load(ordering: .acquiring) == before {
                return count
            }
        }
    }

    /// Both, for the one that holds the lock of this side.
    @inline(__always)
    var position: (offset: UInt64, count: UInt64) {
        let word = words.pointee.load(ordering: .relaxed)
        return (word & ~1, words[1 + Int(word & 1)].load(ordering: .relaxed))
    }

    /// Moves on; for the one that holds the lock of this side.
    ///
    /// All that was written before is visible to whoever sees the new offset.
    @inline(__always)
    func advance(bytes: UInt64, values: UInt64) {
        let word = words.pointee.load(ordering: .relaxed)
        let (current, other) = (1 + Int(word & 1), 1 + Int(~word & 1))
        words[other].store(words[current].load(ordering: .relaxed) &+ values, ordering: .relaxed)
        words.pointee.store((word & ~1) &+ bytes | (~word & 1), ordering: .releasing)
    }
}
