import Synchronization

/// The position up to which a ring has been filled, or emptied: a byte offset that only grows, and the number of values
/// up to there.
///
/// Both change in one store, although they are two words. Offsets are multiples of eight, so the lowest bit of the
/// stored one can select which of two counts belongs to it: the new count is written to the unused one, which is not
/// read until the offset with the other bit is stored. A process that is killed before that store has changed nothing.
///
/// Offsets and counts are compared only by their differences, so they may wrap around.
struct RingCursor: @unchecked Sendable {
    /// The offset's word, followed by the two counts.
    static let byteCount = 24

    private let words: UnsafeMutablePointer<Atomic<UInt64>>

    init(at address: UnsafeMutableRawPointer) {
        words = address.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// The position of the ring's other side.
    @inline(__always)
    var offset: UInt64 {
        words.pointee.load(ordering: .acquiring) & ~1
    }

    /// The number of values up to the offset; callable from either side.
    ///
    /// Does not block: it retries only if the owner has moved on twice in the meantime.
    var count: UInt64 {
        while true {
            let before = words.pointee.load(ordering: .acquiring)
            let count = words[1 + Int(before & 1)].load(ordering: .acquiring)
            if words.pointee.load(ordering: .acquiring) == before {
                return count
            }
        }
    }

    /// Both, for the holder of this side's lock.
    @inline(__always)
    var position: (offset: UInt64, count: UInt64) {
        let word = words.pointee.load(ordering: .relaxed)
        return (word & ~1, words[1 + Int(word & 1)].load(ordering: .relaxed))
    }

    /// Moves on; for the holder of this side's lock.
    ///
    /// Earlier writes are visible to every process that sees the new offset.
    @inline(__always)
    func advance(bytes: UInt64, values: UInt64) {
        let word = words.pointee.load(ordering: .relaxed)
        let (current, other) = (1 + Int(word & 1), 1 + Int(~word & 1))
        words[other].store(words[current].load(ordering: .relaxed) &+ values, ordering: .relaxed)
        words.pointee.store((word & ~1) &+ bytes | (~word & 1), ordering: .releasing)
    }
}
