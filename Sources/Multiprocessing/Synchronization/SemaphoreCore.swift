import Synchronization

/// A number of units in shared memory, of which none can be taken while there is none.
///
/// All of it is one word of 64 bits, which changes in one step or not at all, so that a kill leaves no half change:
///
///     bits 0–30   units      bit 31   somebody may be asleep      bits 32–63   counts the releases
///
/// Waiters sleep on the lower half while it is exactly "no units, somebody may be asleep". To release is to add units;
/// only where the mark was set there is then a system call, to wake as many as there are new units. Woken ones compete
/// with newcomers, and go back to sleep if they lose. The mark is taken away when there was nobody left to wake and the
/// whole word is still as that release has left it: the count of releases tells an old word from a new one that looks
/// alike, so no waiter can have fallen asleep in between.
///
/// A process killed between its release and its wake-up call, or after it was woken and before it has taken the unit,
/// loses nothing but time: the unit is in the word, and no sleep is longer than `SharedWord` lets it be.
struct SemaphoreCore: Sendable {
    static let byteCount = 16
    static let maximum = Int(Int32.max)

    private static let unitMask: UInt64 = 0x7FFF_FFFF
    private static let sleepersMark: UInt64 = 0x8000_0000
    private static let oneRelease: UInt64 = 1 << 32

    let mapping: SharedMapping

    /// Makes the semaphore in new memory.
    init(making kind: SharedObject, _ value: Int, bound: Int) throws(MultiprocessingError) {
        guard (0...SemaphoreCore.maximum).contains(value) else {
            throw MultiprocessingError(.invalidState, "a semaphore cannot begin with \(value)")
        }
        mapping = try SharedMapping.making(kind, byteCount: SemaphoreCore.byteCount)
        state.pointee.store(UInt64(value), ordering: .relaxed)
        (mapping.object + 8).storeBytes(of: bound, as: Int.self)
    }

    /// Takes the semaphore out of a message.
    init(_ kind: SharedObject, from decoder: any Decoder) throws {
        mapping = try SharedMapping.received([kind], byteCount: SemaphoreCore.byteCount, from: decoder)
    }

    private var state: UnsafeMutablePointer<Atomic<UInt64>> {
        mapping.object.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// The lower half, which the kernel looks at.
    private var word: SharedWord {
        SharedWord(at: mapping.object)
    }

    private var bound: Int {
        (mapping.object + 8).load(as: Int.self)
    }

    var value: Int {
        Int(state.pointee.load(ordering: .acquiring) & SemaphoreCore.unitMask)
    }

    /// Takes a unit if there is one.
    @inline(__always)
    func attempt() -> Bool {
        var seen = state.pointee.load(ordering: .relaxed)
        while seen & SemaphoreCore.unitMask > 0 {
            let (exchanged, original) = state.pointee.weakCompareExchange(
                expected: seen, desired: seen - 1, successOrdering: .acquiring, failureOrdering: .relaxed)
            if exchanged {
                return true
            }
            seen = original
        }
        return false
    }

    @inline(__always)
    func acquire(timeout: Duration?) -> Bool {
        attempt() || wait(until: Deadline(after: timeout))
    }

    private func wait(until deadline: Deadline) -> Bool {
        while !deadline.hasPassed {
            let seen = state.pointee.load(ordering: .relaxed)
            let marked = seen | SemaphoreCore.sleepersMark
            if seen & SemaphoreCore.unitMask == 0
                && state.pointee.compareExchange(expected: seen, desired: marked, ordering: .relaxed).exchanged
            {
                word.sleep(while: UInt32(truncatingIfNeeded: marked), until: deadline)
            }
            if attempt() {
                return true
            }
        }
        return false
    }

    /// Adds units.
    ///
    /// Throws `invalidState` where there would be more than the bound, and then adds none.
    @inline(__always)
    func release(_ count: Int) throws(MultiprocessingError) {
        guard count > 0 else {
            throw MultiprocessingError(.invalidState, "a semaphore cannot be released \(count) times")
        }
        let bound = bound
        var seen = state.pointee.load(ordering: .relaxed)
        while true {
            guard count <= bound - Int(seen & SemaphoreCore.unitMask) else {
                throw SemaphoreCore.tooMany(count, bound)
            }
            let new = (seen &+ SemaphoreCore.oneRelease) + UInt64(count)
            let (exchanged, original) = state.pointee.weakCompareExchange(
                expected: seen, desired: new, successOrdering: .releasing, failureOrdering: .relaxed)
            if exchanged {
                if new & SemaphoreCore.sleepersMark != 0 {
                    wake(count, new)
                }
                return
            }
            seen = original
        }
    }

    private static func tooMany(_ count: Int, _ bound: Int) -> MultiprocessingError {
        MultiprocessingError(.invalidState, "releasing the semaphore \(count) times would give it more than \(bound)")
    }

    private func wake(_ count: Int, _ released: UInt64) {
        if word.wake(Int32(count)) < count {
            _ = state.pointee.compareExchange(
                expected: released, desired: released & ~SemaphoreCore.sleepersMark, ordering: .relaxed)
        }
    }
}
