import CMultiprocessing
import Glibc
import SystemPackage

/// Runs a system call again for as long as a signal interrupts it; every blocking call of the module goes through here.
func retryingInterrupted<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
        let result = call()
        if result >= 0 {
            return result
        }
        let error = Errno(rawValue: errno)
        if error != .interrupted {
            throw error
        }
    }
}

/// Runs a system call and names its C function in the error that it throws.
func checked<Result: SignedInteger>(_ name: String, _ call: () -> Result) throws(MultiprocessingError) -> Result {
    do {
        return try retryingInterrupted(call)
    } catch {
        throw MultiprocessingError.systemCall(name, error)
    }
}

/// Time since an arbitrary start, the same in every process of this machine, in nanoseconds.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

extension Duration {
    /// 0 for less than nothing; a year for every longer time, so that no sum of two overflows.
    var boundedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(clamping: min(seconds, 31_536_000)) * 1_000_000_000
            + UInt64(clamping: attoseconds / 1_000_000_000)
    }
}

extension Duration? {
    /// For shared memory and messages; all ones for no limit.
    var limitNanoseconds: UInt64 {
        map(\.boundedNanoseconds) ?? .max
    }

    /// A limit as another process has written it.
    init(limitNanoseconds nanoseconds: UInt64) {
        self = nanoseconds == .max ? nil : .nanoseconds(Int64(clamping: nanoseconds))
    }
}

/// A moment by which a wait must have ended; `nil` of a timeout means never.
struct Deadline {
    private let nanoseconds: UInt64?

    /// A moment by the monotonic clock; `UInt64.max` for never.
    init(at nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds == .max ? nil : nanoseconds
    }

    init(after timeout: Duration?) {
        guard let timeout else {
            nanoseconds = nil
            return
        }
        nanoseconds = monotonicNanoseconds() + timeout.boundedNanoseconds
    }

    /// What `poll` takes: milliseconds rounded up, so that it never wakes before the time and spins; -1 for never.
    var pollMilliseconds: Int32 {
        remainingNanoseconds.map { Int32(clamping: ($0 + 999_999) / 1_000_000) } ?? -1
    }

    /// 0 once it has passed; nil for never.
    var remainingNanoseconds: UInt64? {
        guard let nanoseconds else { return nil }
        let now = monotonicNanoseconds()
        return nanoseconds <= now ? 0 : nanoseconds - now
    }

    /// The moment itself, by `CLOCK_MONOTONIC`; nil for never.
    var monotonicTime: timespec? {
        nanoseconds.map { timespec(tv_sec: Int($0 / 1_000_000_000), tv_nsec: Int($0 % 1_000_000_000)) }
    }

    var hasPassed: Bool {
        nanoseconds.map { $0 <= monotonicNanoseconds() } ?? false
    }
}

/// Waits until a descriptor is ready or the time is over; the answer is in the entries' `revents`.
///
/// Returns the number of ready entries, 0 when the time is over.
@discardableResult
func poll(_ entries: inout [pollfd], until deadline: Deadline) throws(MultiprocessingError) -> Int {
    while true {
        let count = Glibc.poll(&entries, nfds_t(entries.count), deadline.pollMilliseconds)
        if count > 0 || (count == 0 && deadline.hasPassed) {
            return Int(count)
        }
        if count < 0 && errno != EINTR {
            throw MultiprocessingError.systemCall("poll", Errno(rawValue: errno))
        }
    }
}

/// The text of a small file such as those in `/proc`; nil where it cannot be read.
func textOfFile(_ path: String) -> String? {
    guard let opened = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else { return nil }
    let file = FileDescriptor(rawValue: mp_above_standard(opened.rawValue))
    defer { try? file.close() }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
        guard let count = try? piece.withUnsafeMutableBytes({ try file.read(into: $0) }) else { return nil }
        if count == 0 {
            return String(decoding: text, as: UTF8.self)
        }
        text += piece[..<count]
    }
}

/// What the process may use of a resource; nil for as much as it likes.
///
/// The C function is `getrlimit`.
func limit(on resource: __rlimit_resource) -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else {
        return nil
    }
    return Int(clamping: limit.rlim_cur)
}
