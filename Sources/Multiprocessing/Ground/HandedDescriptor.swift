import Glibc

/// An open file, under a key that all processes of a pool know it by.
final class HandedDescriptor {
    let key: UInt64
    private let descriptor: PrivateDescriptor

    init(owning number: Int32, key: UInt64) {
        self.key = key
        descriptor = PrivateDescriptor(owning: number)
    }

    var number: Int32 { descriptor.number }

    private struct Known {
        var lastCount: UInt64 = 0
        /// What this process was handed, if it is a worker.
        var handed: [UInt64: HandedDescriptor] = [:]
    }

    // Reached under the lock only.
    private nonisolated(unsafe) static var known = Known()
    private static let lock = ThreadLock()

    /// Unlike that of any other descriptor, here and in other processes that run.
    static func freshKey() -> UInt64 {
        lock.withLock {
            known.lastCount += 1
            return UInt64(UInt32(bitPattern: getpid())) << 32 | known.lastCount & 0xFFFF_FFFF
        }
    }

    /// In a worker: the one with a key that it was handed.
    static func handed(under key: UInt64) throws(MultiprocessingError) -> HandedDescriptor {
        guard let handed = lock.withLock({ known.handed[key] }) else {
            throw MultiprocessingError(
                .invalidState, "this process has no descriptor \(key): it may have too many files open")
        }
        return handed
    }

    /// In a worker: knows a descriptor from now on; nil takes the place of one that could not be received.
    static func learn(_ key: UInt64, _ number: Int32?) {
        let handed = number.map { HandedDescriptor(owning: $0, key: key) }
        lock.withLock { known.handed[key] = handed }
    }

    /// In a worker: no task that comes uses it.
    static func forget(_ key: UInt64) {
        // Taken out under the lock, and closed behind it.
        _ = lock.withLock { known.handed.removeValue(forKey: key) }
    }

    /// In a process that has just been forked: what its parent was handed is not its own.
    static func forgetInherited() {
        lock.withLock { known.handed = [:] }
    }
}
