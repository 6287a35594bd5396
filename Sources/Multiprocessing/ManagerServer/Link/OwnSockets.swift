import Glibc

/// The sockets over which this process talks to manager servers, which no child may keep.
///
/// A server takes the end of a process's connections for the end of the process, and gives its locks to others. A child
/// that has a copy of a socket would hide that. So every fork, also one that the library knows nothing of, closes them
/// in the child, and counts: who finds another count than before knows that it lives in a child now, and connects anew.
///
/// Threads may come here at the same time. The lock is taken around a fork, so that the child finds the list whole.
enum OwnSockets {
    static let lock = ThreadLock()
    nonisolated(unsafe) private static var numbers: Set<Int32> = []
    nonisolated(unsafe) private static var isWatching = false
    /// How many forks lie between the first process and this one.
    ///
    /// It changes only in a child, before anything else happens there.
    nonisolated(unsafe) private(set) static var generation: UInt64 = 0

    /// Takes over a socket.
    static func add(_ number: Int32) {
        lock.withLock {
            if !isWatching {
                isWatching = true
                pthread_atfork({ OwnSockets.lock.lock() }, { OwnSockets.lock.unlock() }, { OwnSockets.forget() })
            }
            numbers.insert(number)
        }
    }

    /// Closes a socket that was added in this generation.
    static func close(_ number: Int32) {
        lock.withLock { _ = numbers.remove(number) }
        _ = Glibc.close(number)
    }

    private static func forget() {
        for number in numbers {
            _ = Glibc.close(number)
        }
        numbers.removeAll()
        generation += 1
        lock.unlock()
    }
}
