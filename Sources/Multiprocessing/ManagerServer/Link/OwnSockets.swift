import Glibc

/// This process's sockets to manager servers, which no child may keep.
///
/// When a process's connections close, a server assumes that the process has ended, and gives its locks to others. A
/// child with a copy of a socket would hide that. So every fork, even one that the library does not know of, closes
/// them in the child, and increments a count: code that finds a changed count knows that it now runs in a child, and
/// connects again.
///
/// Several threads may use this at a time. The lock is held across a fork, so that the child finds the list in order.
enum OwnSockets {
    static let lock = ThreadLock()
    nonisolated(unsafe) private static var numbers: Set<Int32> = []
    nonisolated(unsafe) private static var isWatching = false
    /// The number of forks between the first process and this one.
    ///
    /// It changes only in a child, before anything else happens there.
    nonisolated(unsafe) private(set) static var generation: UInt64 = 0

    /// Takes ownership of a socket.
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
