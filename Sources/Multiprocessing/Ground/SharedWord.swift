import CMultiprocessing
import Glibc
import Synchronization
import SystemPackage

/// A number in shared memory on which processes can sleep until another changes it.
///
/// The system call is `futex`.
struct SharedWord: @unchecked Sendable {
    private let pointer: UnsafeMutablePointer<Atomic<UInt32>>

    /// Binds to four bytes, aligned to four, which are zero or were bound this way before.
    init(at address: UnsafeMutableRawPointer) {
        pointer = address.assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    /// The longest sleep without checking again.
    ///
    /// If a process is killed between its change and its call of `wake`, the wake-up is lost.
    private static let longestSleepNanoseconds: UInt64 = 100_000_000

    var atomic: UnsafeMutablePointer<Atomic<UInt32>> {
        pointer
    }

    /// Sleeps while the word has this value, at most until the deadline; may also return early.
    ///
    /// The caller checks its condition and calls again.
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
