import CMultiprocessing
import Glibc
import SystemPackage

/// A mutex in shared memory that survives its holder: when that is killed, the next to lock it gets it and is told so.
///
/// Threads count, not processes: it is released by the thread that took it. The C type is `pthread_mutex_t` with
/// `PTHREAD_PROCESS_SHARED`, `PTHREAD_MUTEX_ROBUST` and `PTHREAD_MUTEX_ERRORCHECK`.
struct RobustMutex: @unchecked Sendable {
    enum Acquisition {
        case acquired
        /// The last holder ended without releasing it: what it protects may be half done.
        case recovered
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

    /// Takes the mutex; nil when the time is over first.
    ///
    /// Throws `invalidState` when the calling thread has it already: it would wait for itself.
    @inline(__always)
    func lock(until deadline: Deadline = Deadline(after: nil)) throws(MultiprocessingError) -> Acquisition? {
        let result = pthread_mutex_trylock(pointer)
        if result == 0 {
            return .acquired
        }
        return try outcome(result == EBUSY ? wait(until: deadline) : result)
    }

    private func wait(until deadline: Deadline) -> Int32 {
        guard var limit = deadline.monotonicTime else {
            return pthread_mutex_lock(pointer)
        }
        return mp_mutex_lock_until(pointer, &limit)
    }

    private func outcome(_ result: Int32) throws(MultiprocessingError) -> Acquisition? {
        switch result {
        case 0:
            return .acquired
        case EOWNERDEAD:
            pthread_mutex_consistent(pointer)
            return .recovered
        case ETIMEDOUT, EBUSY:
            return nil
        case EDEADLK:
            throw MultiprocessingError(.invalidState, "the calling thread has this lock already")
        default:
            throw MultiprocessingError.systemCall("pthread_mutex_lock", Errno(rawValue: result))
        }
    }

    /// Lets go of the mutex; false when the calling thread does not have it.
    @inline(__always)
    @discardableResult
    func unlock() -> Bool {
        pthread_mutex_unlock(pointer) == 0
    }
}
