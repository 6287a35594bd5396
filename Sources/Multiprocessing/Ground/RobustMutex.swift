import CMultiprocessing
import Glibc
import SystemPackage

/// A mutex in shared memory that survives its holder: if that is killed, the next to lock it gets it and is told so.
///
/// It belongs to a thread, not a process: only the thread that locked it can unlock it. The C type is `pthread_mutex_t`
/// with `PTHREAD_PROCESS_SHARED`, `PTHREAD_MUTEX_ROBUST` and `PTHREAD_MUTEX_ERRORCHECK`.
///
/// Each thread keeps a list of the robust mutexes that it holds, which runs through the mutexes themselves and which
/// the kernel walks when the thread ends. So memory with a mutex must stay mapped while a thread of this process holds
/// it.
struct RobustMutex: @unchecked Sendable {
    typealias Acquisition = Multiprocessing.Acquisition

    /// The result of an attempt to lock without waiting.
    enum Attempt {
        case acquired
        case recovered
        case held
        case heldByCaller
    }

    static let byteCount = MemoryLayout<pthread_mutex_t>.size

    private let pointer: UnsafeMutablePointer<pthread_mutex_t>

    /// Makes a mutex in zeroed shared memory, before another process can see it.
    init(makingAt address: UnsafeMutableRawPointer) throws(MultiprocessingError) {
        pointer = address.bindMemory(to: pthread_mutex_t.self, capacity: 1)
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        pthread_mutexattr_setpshared(&attributes, Int32(PTHREAD_PROCESS_SHARED))
        pthread_mutexattr_setrobust(&attributes, Int32(PTHREAD_MUTEX_ROBUST))
        pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_ERRORCHECK))
        let result = pthread_mutex_init(pointer, &attributes)
        pthread_mutexattr_destroy(&attributes)
        guard result == 0 else {
            throw MultiprocessingError.systemCall("pthread_mutex_init", Errno(rawValue: result))
        }
    }

    /// Finds the mutex that another process has made here.
    init(at address: UnsafeMutableRawPointer) {
        pointer = address.assumingMemoryBound(to: pthread_mutex_t.self)
    }

    /// Locks the mutex if it is free.
    @inline(__always)
    func attempt() throws(MultiprocessingError) -> Attempt {
        let result = pthread_mutex_trylock(pointer)
        return result == 0 ? .acquired : try outcome(result)
    }

    /// Locks the mutex; nil on a timeout.
    ///
    /// Throws `invalidState` if the calling thread already holds it, which would be a deadlock.
    @inline(__always)
    func lock(until deadline: Deadline = Deadline(after: nil)) throws(MultiprocessingError) -> Acquisition? {
        switch try attempt() {
        case .acquired: .acquired
        case .recovered: .recovered
        case .held: try wait(until: deadline)
        case .heldByCaller: throw RobustMutex.heldByCaller
        }
    }

    /// The same, once an attempt has found it held.
    func wait(until deadline: Deadline) throws(MultiprocessingError) -> Acquisition? {
        while !deadline.hasPassed {
            var limit = RobustMutex.earlier(deadline, Deadline(after: .milliseconds(500)))
            switch try outcome(mp_mutex_lock_until(pointer, &limit)) {
            case .acquired: return .acquired
            case .recovered: return .recovered
            // The kernel wakes a waiter when the holder is killed, but older kernels not in every case. So never sleep
            // long without checking again.
            case .held: continue
            case .heldByCaller: throw RobustMutex.heldByCaller
            }
        }
        return nil
    }

    private static func earlier(_ one: Deadline, _ other: Deadline) -> timespec {
        let moments = [one, other].compactMap(\.monotonicTime)
        return moments.min { ($0.tv_sec, $0.tv_nsec) < ($1.tv_sec, $1.tv_nsec) } ?? timespec()
    }

    private static var heldByCaller: MultiprocessingError {
        MultiprocessingError(.invalidState, "the calling thread already holds this lock and would deadlock")
    }

    private func outcome(_ result: Int32) throws(MultiprocessingError) -> Attempt {
        switch result {
        case 0:
            return .acquired
        case EOWNERDEAD:
            // Without this call, an unlock would make the mutex unusable forever.
            pthread_mutex_consistent(pointer)
            return .recovered
        case EBUSY, ETIMEDOUT:
            return .held
        case EDEADLK:
            return .heldByCaller
        default:
            throw MultiprocessingError.systemCall("pthread_mutex_lock", Errno(rawValue: result))
        }
    }

    /// Unlocks the mutex; false if the calling thread does not hold it.
    @inline(__always)
    @discardableResult
    func unlock() -> Bool {
        pthread_mutex_unlock(pointer) == 0
    }

    /// The thread ID of its holder; 0 if there is none, -1 if the holder has ended without unlocking it.
    var owner: Int32 {
        mp_mutex_owner(pointer)
    }

    /// Whether any thread of this process holds it, including the calling one.
    var isHeldInThisProcess: Bool {
        mp_mutex_is_held_here(pointer) != 0
    }
}
