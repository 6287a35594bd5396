import Synchronization

/// A number of units in shared memory; taking a unit requires that there is one.
///
/// All its state is one 64-bit word, which changes atomically, so a kill leaves no half-made change:
///
///     bits 0–30   units      bit 31   a waiter may be asleep      bits 32–63   counts the releases
///
/// Waiters sleep on the lower half while it is exactly "no units, a waiter may be asleep". A release adds units. Only
/// if the mark was set does it make a system call, to wake as many waiters as there are new units. Woken waiters
/// compete with newcomers, and go back to sleep if they lose. The mark is cleared when there was no waiter left to wake
/// and the whole word is still as that release has left it: the count of releases distinguishes an old word from a new
/// one with the same lower half, so no waiter can have fallen asleep in between.
///
/// If a process is killed between its release and its wake-up call, or after it was woken but before it has taken the
/// unit, only time is lost: the unit is in the word, and `SharedWord` never sleeps for long.
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
            throw MultiprocessingError(.invalidState, "a semaphore cannot start with \(value) units")
        }
        mapping = try SharedMapping.making(kind, byteCount: SemaphoreCore.byteCount)
        state.pointee.store(UInt64(value), ordering: .relaxed)
        (mapping.object + 8).storeBytes(of: bound, as: Int.self)
    }

    /// Takes the semaphore from a message.
    init(_ kind: SharedObject, from decoder: any Decoder) throws {
        mapping = try SharedMapping.received([kind], byteCount: SemaphoreCore.byteCount, from: decoder)
    }

    private var state: UnsafeMutablePointer<Atomic<UInt64>> {
        mapping.object.assumingMemoryBound(to: Atomic<UInt64>.self)
    }

    /// The lower half, on which the kernel lets waiters sleep.
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
    /// Throws `invalidState`, and adds none, if there would be more than the bound.
    @inline(__always)
    func release(_ count: Int) throws(MultiprocessingError) {
        guard count > 0 else {
            throw MultiprocessingError(
                .invalidState, "the number of units to release must be at least 1 (got \(count))")
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
        MultiprocessingError(.invalidState, "releasing \(count) units would exceed the semaphore's maximum of \(bound)")
    }

    private func wake(_ count: Int, _ released: UInt64) {
        if word.wake(Int32(count)) < count {
            _ = state.pointee.compareExchange(
                expected: released, desired: released & ~SemaphoreCore.sleepersMark, ordering: .relaxed)
        }
    }
}
