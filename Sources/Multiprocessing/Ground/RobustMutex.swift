import CMultiprocessing
import Glibc
import SystemPackage

/// A mutex in shared memory that survives its holder: when that is killed, the next to lock it gets it and is told so.
///
/// Threads count, not processes: it is released by the thread that took it. The C type is `pthread_mutex_t` with
/// `PTHREAD_PROCESS_SHARED`, `PTHREAD_MUTEX_ROBUST` and `PTHREAD_MUTEX_ERRORCHECK`.
///
/// Each thread keeps a list of the robust mutexes that it holds, which the kernel walks when the thread ends, and the
/// list runs through the mutexes themselves. So memory with a mutex must stay mapped while a thread of this process
/// holds it.
struct RobustMutex: @unchecked Sendable {
    typealias Acquisition = Multiprocessing.Acquisition

    /// What an attempt at the mutex that does not wait has met.
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

    /// Takes the mutex if that needs no waiting.
    @inline(__always)
    func attempt() throws(MultiprocessingError) -> Attempt {
        let result = pthread_mutex_trylock(pointer)
        return result == 0 ? .acquired : try outcome(result)
    }

    /// Takes the mutex; nil when the time is over first.
    ///
    /// Throws `invalidState` when the calling thread has it already: it would wait for itself.
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
            // The kernel wakes a waiter when the holder is killed; older kernels not in every case. So nobody
            // sleeps long without looking again.
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
        MultiprocessingError(.invalidState, "the calling thread has this lock already, and would wait for itself")
    }

    private func outcome(_ result: Int32) throws(MultiprocessingError) -> Attempt {
        switch result {
        case 0:
            return .acquired
        case EOWNERDEAD:
            // Until this is said, a release would make the mutex useless for ever.
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

    /// Lets go of the mutex; false when the calling thread does not have it.
    @inline(__always)
    @discardableResult
    func unlock() -> Bool {
        pthread_mutex_unlock(pointer) == 0
    }

    /// The number of the thread that holds it; 0 where none does, -1 where it has ended with it.
    var owner: Int32 {
        mp_mutex_owner(pointer)
    }

    /// Whether a thread of this process holds it, be it the calling one.
    var isHeldInThisProcess: Bool {
        mp_mutex_is_held_here(pointer) != 0
    }
}
