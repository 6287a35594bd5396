import Synchronization

/// Values of one type in shared memory with their recursive lock: the caller's, or one stored before them.
///
///     0   lock, unless it is the caller's      64   turn of a change      72   the values
struct GuardedElements<Element: BitwiseCopyable> {
    private enum CodingKeys: CodingKey {
        case memory, lock
    }

    let elements: SharedElements<Element>
    let lock: RLock

    private static var headBytes: Int { LockCore.byteCount + MemoryLayout<UInt64>.size }

    /// Maps zeroed memory for `count` values.
    init(_ kind: SharedObject, count: Int, lock: RLock?) throws(MultiprocessingError) {
        elements = try SharedElements(kind, headBytes: GuardedElements.headBytes, count: count)
        if let lock {
            self.lock = lock
        } else {
            self.lock = RLock(core: try LockCore(makingIn: elements.mapping, isRecursive: true))
        }
    }

    /// Takes the values and the lock from a message.
    init(_ kind: SharedObject, from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let mapping = try container.decode(SharedMapping.self, forKey: .memory)
        elements = try SharedElements(kind, headBytes: GuardedElements.headBytes, in: mapping)
        if let lock = try container.decodeIfPresent(RLock.self, forKey: .lock) {
            self.lock = lock
        } else {
            lock = RLock(core: LockCore(in: mapping, isRecursive: true))
        }
    }

    /// Attaches the memory, and that of the caller's lock, to a message.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(elements.mapping, forKey: .memory)
        if lock.core.mapping !== elements.mapping {
            try container.encode(lock, forKey: .lock)
        }
    }

    /// Whether the protected values are lent for a change; for the holder of the lock.
    ///
    /// It stores the number of a turn and is false in later turns, so neither a kill nor a fork leaves it set. It is
    /// stored with the values, as the lock may be shared with others.
    var isLent: Bool {
        get {
            lentTurn.pointee.load(ordering: .relaxed) == lock.core.holdersTurn
        }
        nonmutating set {
            lentTurn.pointee.store(newValue ? lock.core.holdersTurn : 0, ordering: .relaxed)
        }
    }

    private var lentTurn: UnsafeMutablePointer<Atomic<UInt64>> {
        (elements.mapping.object + LockCore.byteCount).assumingMemoryBound(to: Atomic<UInt64>.self)
    }
}
