import Glibc

/// An open file, with a key that identifies it in all processes of a pool.
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
        /// The descriptors that this process was given, if it is a worker.
        var handed: [UInt64: HandedDescriptor] = [:]
    }

    // Only accessed under the lock.
    private nonisolated(unsafe) static var known = Known()
    private static let lock = ThreadLock()

    /// A key that no other descriptor has, here or in other running processes.
    static func freshKey() -> UInt64 {
        lock.withLock {
            known.lastCount += 1
            return UInt64(UInt32(bitPattern: getpid())) << 32 | known.lastCount & 0xFFFF_FFFF
        }
    }

    /// In a worker: the descriptor that it was given under a key.
    static func handed(under key: UInt64) throws(MultiprocessingError) -> HandedDescriptor {
        guard let handed = lock.withLock({ known.handed[key] }) else {
            throw MultiprocessingError(
                .invalidState, "this process has no descriptor \(key): it may have too many files open")
        }
        return handed
    }

    /// In a worker: records a descriptor; nil if it could not be received.
    static func learn(_ key: UInt64, _ number: Int32?) {
        let handed = number.map { HandedDescriptor(owning: $0, key: key) }
        lock.withLock { known.handed[key] = handed }
    }

    /// In a worker: drops a descriptor that no later task uses.
    static func forget(_ key: UInt64) {
        // Removed under the lock, but closed after releasing it.
        _ = lock.withLock { known.handed.removeValue(forKey: key) }
    }

    /// In a process that has just been forked: drops what its parent was given.
    static func forgetInherited() {
        lock.withLock { known.handed = [:] }
    }
}
