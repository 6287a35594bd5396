import Synchronization

/// The first page of a ring's memory: its size, its locks, the positions of both sides, and who sleeps.
///
/// The comment at the top of `ValueRing` explains them.
struct RingControl: @unchecked Sendable {
    /// A whole page, so that the ring starts at a page boundary.
    static let byteCount = max(4096, RingMemory.pageBytes)

    /// "mpqueue", and the version of this layout.
    private static let magic: UInt64 = 0x0175_6575_6571_706D

    /// The layout of the page.
    ///
    /// Words that one side changes frequently have 128 bytes to themselves: processors fetch cache lines of 64 bytes in
    /// pairs.
    private enum Place {
        static let magic = 0
        static let capacity = 8
        static let limit = 16
        static let turn = 24
        static let putLock = 128
        static let tail = 256
        static let seenFreed = tail + RingCursor.byteCount
        static let seenTaken = seenFreed + 8
        static let getLock = 384
        static let head = 512
        static let freed = head + RingCursor.byteCount
        static let claim = freed + 8
        static let seenTail = claim + 8
        static let wait = seenTail + 8
        static let consumerSleeps = 640
        static let producerSleeps = 768
        static let done = 896
        static let joinerSleeps = 1024
    }

    /// The values of the word `wait`.
    enum Wait {
        /// The consumer is working, or there is none.
        static let none: UInt64 = 0
        /// It waits for a record and lets a producer use the consumer's part.
        static let lets: UInt64 = 1
        /// A producer is using it.
        static let lent: UInt64 = 2
    }

    private let base: UnsafeMutableRawPointer

    let putLock: RobustMutex
    let getLock: RobustMutex
    /// How far producers have filled the ring; changed by the holder of `putLock`.
    let tail: RingCursor
    /// How far consumers have emptied it; changed by the holder of `getLock`.
    let head: RingCursor
    /// Up to where consumers have given memory back; changed by the holder of `getLock`.
    let freed: UnsafeMutablePointer<Atomic<UInt64>>
    /// The end of the record that is being decoded in place; changed by the holder of `getLock`.
    let claim: UnsafeMutablePointer<Atomic<UInt64>>
    /// Added to an offset to find its place in the ring; changed by producers, see `turnToStart`.
    let turn: UnsafeMutablePointer<Atomic<UInt64>>
    /// The values of `freed` and of the head's count that producers have last seen; for the holder of `putLock`.
    let seenFreed: UnsafeMutablePointer<UInt64>
    let seenTaken: UnsafeMutablePointer<UInt64>
    /// The tail that consumers have last seen; for the holder of `getLock`.
    let seenTail: UnsafeMutablePointer<UInt64>
    /// Whether the holder of `getLock` waits: one of the `Wait` values.
    let wait: UnsafeMutablePointer<Atomic<UInt64>>
    /// 1 while the holder of `getLock` sleeps.
    let consumerSleeps: SharedWord
    /// 1 while the holder of `putLock` sleeps.
    let producerSleeps: SharedWord
    /// How many values were reported as done; used by `JoinableQueue`.
    let done: UnsafeMutablePointer<Atomic<UInt64>>
    /// 1 while a process sleeps until all values are done.
    let joinerSleeps: SharedWord

    /// Makes the control of an empty ring in zeroed memory.
    init(makingAt base: UnsafeMutableRawPointer, capacity: UInt64, limit: UInt64) throws(MultiprocessingError) {
        _ = try RobustMutex(makingAt: base + Place.putLock)
        _ = try RobustMutex(makingAt: base + Place.getLock)
        base.storeBytes(of: capacity, toByteOffset: Place.capacity, as: UInt64.self)
        base.storeBytes(of: limit, toByteOffset: Place.limit, as: UInt64.self)
        base.storeBytes(of: RingControl.magic, toByteOffset: Place.magic, as: UInt64.self)
        self.init(at: base)
    }

    /// Finds the control that another process has made here; nil if there is none.
    init?(findingAt base: UnsafeMutableRawPointer) {
        guard base.load(fromByteOffset: Place.magic, as: UInt64.self) == RingControl.magic else { return nil }
        self.init(at: base)
    }

    private init(at base: UnsafeMutableRawPointer) {
        func atomic(_ place: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
            (base + place).assumingMemoryBound(to: Atomic<UInt64>.self)
        }
        func plain(_ place: Int) -> UnsafeMutablePointer<UInt64> {
            (base + place).assumingMemoryBound(to: UInt64.self)
        }
        self.base = base
        putLock = RobustMutex(at: base + Place.putLock)
        getLock = RobustMutex(at: base + Place.getLock)
        tail = RingCursor(at: base + Place.tail)
        head = RingCursor(at: base + Place.head)
        (freed, claim, turn) = (atomic(Place.freed), atomic(Place.claim), atomic(Place.turn))
        (seenFreed, seenTaken) = (plain(Place.seenFreed), plain(Place.seenTaken))
        seenTail = plain(Place.seenTail)
        wait = atomic(Place.wait)
        consumerSleeps = SharedWord(at: base + Place.consumerSleeps)
        producerSleeps = SharedWord(at: base + Place.producerSleeps)
        done = atomic(Place.done)
        joinerSleeps = SharedWord(at: base + Place.joinerSleeps)
    }

    /// The size of the ring in bytes.
    var capacity: UInt64 {
        base.load(fromByteOffset: Place.capacity, as: UInt64.self)
    }

    /// The maximum number of values in the ring; `UInt64.max` if only memory limits it.
    var limit: UInt64 {
        base.load(fromByteOffset: Place.limit, as: UInt64.self)
    }
}

extension SharedWord {
    /// Announces that the caller is about to sleep on the word.
    ///
    /// The caller then checks once more whether it must. The fence ensures that either this check sees what the other
    /// side has done, or the other side sees the word set.
    @inline(__always)
    func announceSleep() {
        atomic.pointee.store(1, ordering: .relaxed)
        atomicMemoryFence(ordering: .sequentiallyConsistent)
    }

    /// Withdraws the announcement, if it is still there.
    @inline(__always)
    func cancelSleep() {
        atomic.pointee.store(0, ordering: .relaxed)
    }

    /// Whether a sleep is announced; call it after a fence that follows the change the sleeper waits for.
    @inline(__always)
    var isSleepAnnounced: Bool {
        atomic.pointee.load(ordering: .relaxed) != 0
    }

    /// Wakes those who have announced that they sleep.
    func wakeAnnounced(_ count: Int32) {
        atomic.pointee.store(0, ordering: .relaxed)
        wake(count)
    }
}
