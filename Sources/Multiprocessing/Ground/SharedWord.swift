import CMultiprocessing
import Glibc
import Synchronization
import SystemPackage

/// A number in shared memory that processes can sleep on until another changes it.
///
/// The system call is `futex`.
struct SharedWord: @unchecked Sendable {
    private let pointer: UnsafeMutablePointer<Atomic<UInt32>>

    /// Binds to four bytes, aligned to four, which are zero or were bound so before.
    init(at address: UnsafeMutableRawPointer) {
        pointer = address.assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    /// A process that is killed between its change and its call of `wake` takes the wake-up with it.
    ///
    /// So nobody sleeps longer than this without looking again.
    private static let longestSleepNanoseconds: UInt64 = 100_000_000

    var atomic: UnsafeMutablePointer<Atomic<UInt32>> {
        pointer
    }

    /// Sleeps while the word has this value, at most until the deadline, and now and then for no reason.
    ///
    /// The caller looks at what it waits for and comes back.
    func sleep(while value: UInt32, until deadline: Deadline) {
        let nanoseconds = min(deadline.remainingNanoseconds ?? UInt64.max, SharedWord.longestSleepNanoseconds)
        _ = pointer.withMemoryRebound(to: UInt32.self, capacity: 1) {
            mp_futex_wait($0, value, Int64(nanoseconds))
        }
    }

    /// Wakes up to `count` of the processes that sleep on the word, and returns how many it has woken.
    @discardableResult
    func wake(_ count: Int32 = .max) -> Int32 {
        pointer.withMemoryRebound(to: UInt32.self, capacity: 1) {
            mp_futex_wake($0, count)
        }
    }
}
