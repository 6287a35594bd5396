import Glibc
import Synchronization

/// A robust mutex with the additions of `Lock` and `RLock`, at the start of an object's shared memory.
///
///     0   mutex      40   turn      48   depth      52   marks
///
/// Only the holder writes the words. If it is killed meanwhile, there are two cases: the mutex is not taken yet, or the
/// kernel marks it, and the next holder then sets the words anew.
final class LockCore: @unchecked Sendable {
    static let byteCount = 64

    private struct Words: ~Copyable {
        /// Counts the acquisitions, without nested ones.
        let turn: Atomic<UInt64>
        /// How many times the holder has acquired it.
        let depth: Atomic<UInt32>
        let marks: Atomic<UInt32>
    }

    private enum Mark {
        /// A process dropped the lock while it held it, so the next holder must be told.
        static let abandoned: UInt32 = 1
        /// The present holder was told.
        static let recovered: UInt32 = 2
    }

    let mapping: SharedMapping
    private let isRecursive: Bool
    private let mutex: RobustMutex
    private let words: UnsafeMutablePointer<Words>
    /// The turn of the last acquisition through this object.
    ///
    /// A process may have several objects of one lock, if it received it in several messages. Only the holder writes
    /// here.
    private var turn: UInt64 = 0

    /// Makes the lock in new memory.
    init(makingIn mapping: SharedMapping, isRecursive: Bool) throws(MultiprocessingError) {
        self.mapping = mapping
        self.isRecursive = isRecursive
        mutex = try RobustMutex(makingAt: mapping.object)
        words = LockCore.words(in: mapping)
    }

    /// Finds the lock that another process has made.
    init(in mapping: SharedMapping, isRecursive: Bool) {
        self.mapping = mapping
        self.isRecursive = isRecursive
        mutex = RobustMutex(at: mapping.object)
        words = LockCore.words(in: mapping)
    }

    private static func words(in mapping: SharedMapping) -> UnsafeMutablePointer<Words> {
        (mapping.object + RobustMutex.byteCount).assumingMemoryBound(to: Words.self)
    }

    deinit {
        // glibc's list of the mutexes that a thread holds runs through the mutexes: it must not lead into unmapped
        // memory, or the thread's next call for any robust mutex writes there.
        guard turn != 0, turn == words.pointee.turn.load(ordering: .relaxed), mutex.isHeldInThisProcess else { return }
        if isHeldByCaller {
            words.pointee.marks.store(Mark.abandoned, ordering: .relaxed)
            mutex.unlock()
            Log.warning("a lock was dropped by the thread that held it, without a release")
        } else {
            // Only its own thread could take it off its list. Keep the memory mapped for the rest of the process.
            _ = Unmanaged.passRetained(mapping)
            Log.warning("a lock was dropped while another thread of the process held it")
        }
    }
}

extension LockCore {
    /// Waits for the lock; nil on a timeout.
    @inline(__always)
    func acquire(timeout: Duration?) throws(MultiprocessingError) -> Acquisition? {
        switch try mutex.attempt() {
        case .acquired: begin(.acquired)
        case .recovered: begin(.recovered)
        case .held: try mutex.wait(until: Deadline(after: timeout)).map(begin)
        case .heldByCaller: try nest()
        }
    }

    /// The same without a timeout.
    @inline(__always)
    func acquire() throws(MultiprocessingError) -> Acquisition {
        while true {
            if let acquisition = try acquire(timeout: nil) {
                return acquisition
            }
        }
    }

    @inline(__always)
    private func begin(_ acquisition: Acquisition) -> Acquisition {
        turn = words.pointee.turn.load(ordering: .relaxed) &+ 1
        words.pointee.turn.store(turn, ordering: .relaxed)
        words.pointee.depth.store(1, ordering: .relaxed)
        let isUsual = acquisition == .acquired && words.pointee.marks.load(ordering: .relaxed) == 0
        return isUsual ? .acquired : beginAfterMishap(acquisition)
    }

    private func beginAfterMishap(_ acquisition: Acquisition) -> Acquisition {
        let wasAbandoned = words.pointee.marks.load(ordering: .relaxed) & Mark.abandoned != 0
        guard acquisition == .recovered || wasAbandoned else {
            // Impossible: a release clears the other mark.
            words.pointee.marks.store(0, ordering: .relaxed)
            return .acquired
        }
        words.pointee.marks.store(Mark.recovered, ordering: .relaxed)
        Log.warning("a lock's holder ended without releasing it; process \(getpid()) has the lock now")
        return .recovered
    }

    private func nest() throws(MultiprocessingError) -> Acquisition {
        guard isRecursive else {
            throw MultiprocessingError(
                .invalidState, "the calling thread already holds this lock and would deadlock")
        }
        words.pointee.depth.add(1, ordering: .relaxed)
        return .acquired
    }

    /// Releases the lock, or undoes the last of several acquisitions.
    ///
    /// Throws `invalidState` if the calling thread does not hold it.
    @inline(__always)
    func release() throws(MultiprocessingError) {
        // A thread that is not the holder may read anything here, and is rejected in either case.
        if words.pointee.depth.load(ordering: .relaxed) > 1 || words.pointee.marks.load(ordering: .relaxed) != 0 {
            try releaseWithCare()
        } else if !mutex.unlock() {
            throw LockCore.notHeld
        }
    }

    private func releaseWithCare() throws(MultiprocessingError) {
        try requireHeldByCaller()
        if words.pointee.depth.subtract(1, ordering: .relaxed).newValue == 0 {
            words.pointee.marks.store(0, ordering: .relaxed)
            mutex.unlock()
        }
    }

    static var notHeld: MultiprocessingError {
        MultiprocessingError(.invalidState, "the calling thread does not hold this lock")
    }
}

extension LockCore {
    /// Whether the calling thread holds the lock.
    ///
    /// An attempt is the cheapest way to find out. If it gets the lock, it releases it at once.
    var isHeldByCaller: Bool {
        switch try? mutex.attempt() {
        case .heldByCaller:
            return true
        case .acquired:
            mutex.unlock()
            return false
        case .recovered:
            // The next holder must be told instead.
            words.pointee.marks.store(Mark.abandoned, ordering: .relaxed)
            mutex.unlock()
            return false
        case .held, nil:
            return false
        }
    }

    func requireHeldByCaller() throws(MultiprocessingError) {
        guard isHeldByCaller else {
            throw LockCore.notHeld
        }
    }

    /// Whether the calling thread holds the lock, and was told that the previous holder had not released it.
    var isRecovered: Bool {
        words.pointee.marks.load(ordering: .relaxed) & Mark.recovered != 0 && isHeldByCaller
    }

    /// The current holder, for a description.
    var holder: String {
        let (owner, depth) = (mutex.owner, words.pointee.depth.load(ordering: .relaxed))
        return switch owner {
        case 0: "free"
        case ..<0: "its holder has ended"
        default: "held by thread \(owner)" + (isRecursive && depth > 1 ? ", \(depth) times" : "")
        }
    }

    /// The number of the acquisition by which the caller holds the lock; never 0.
    var holdersTurn: UInt64 {
        words.pointee.turn.load(ordering: .relaxed)
    }

    /// Releases the lock completely, however often the caller has acquired it; returns how often that was.
    func releaseAll() -> UInt32 {
        let depth = words.pointee.depth.load(ordering: .relaxed)
        words.pointee.marks.store(0, ordering: .relaxed)
        mutex.unlock()
        return depth
    }

    /// Undoes `releaseAll`.
    ///
    /// Blocks until the lock is free.
    func acquireAgain(_ depth: UInt32) throws(MultiprocessingError) {
        _ = try acquire()
        words.pointee.depth.store(depth, ordering: .relaxed)
    }
}

// For callers that cannot throw, such as a property. A recursive lock refuses nothing, so only the kernel could.
extension LockCore {
    func acquireOrEnd() -> Acquisition {
        do {
            return try acquire()
        } catch {
            fatalError("\(error)")
        }
    }

    func releaseOrEnd() {
        do {
            try release()
        } catch {
            fatalError("\(error)")
        }
    }
}
