import CMultiprocessing
import Glibc
import SystemPackage

/// Repeats a system call as long as signals interrupt it; every blocking call of the module uses this.
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

/// Runs a system call; the error that it throws names the call's C function.
func checked<Result: SignedInteger>(_ name: String, _ call: () -> Result) throws(MultiprocessingError) -> Result {
    do {
        return try retryingInterrupted(call)
    } catch {
        throw MultiprocessingError.systemCall(name, error)
    }
}

/// Time since an arbitrary start that is the same in every process of this machine, in nanoseconds.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

extension Duration {
    /// Clamped to the range from 0 to a year, so that no sum of two overflows.
    var boundedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(clamping: min(seconds, 31_536_000)) * 1_000_000_000
            + UInt64(clamping: attoseconds / 1_000_000_000)
    }
}

extension Duration? {
    /// For shared memory and messages; all bits set for no limit.
    var limitNanoseconds: UInt64 {
        map(\.boundedNanoseconds) ?? .max
    }

    /// A limit written by another process.
    init(limitNanoseconds nanoseconds: UInt64) {
        self = nanoseconds == .max ? nil : .nanoseconds(Int64(clamping: nanoseconds))
    }
}

/// The latest end of a wait; a `nil` timeout means never.
struct Deadline {
    private let nanoseconds: UInt64?

    /// A point in time of the monotonic clock; `UInt64.max` for never.
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

    /// The timeout for `poll`: milliseconds rounded up, so that it never wakes too early and spins; -1 for never.
    var pollMilliseconds: Int32 {
        remainingNanoseconds.map { Int32(clamping: ($0 + 999_999) / 1_000_000) } ?? -1
    }

    /// 0 once it has passed; nil for never.
    var remainingNanoseconds: UInt64? {
        guard let nanoseconds else { return nil }
        let now = monotonicNanoseconds()
        return nanoseconds <= now ? 0 : nanoseconds - now
    }

    /// The deadline in `CLOCK_MONOTONIC` time; nil for never.
    var monotonicTime: timespec? {
        nanoseconds.map { timespec(tv_sec: Int($0 / 1_000_000_000), tv_nsec: Int($0 % 1_000_000_000)) }
    }

    var hasPassed: Bool {
        nanoseconds.map { $0 <= monotonicNanoseconds() } ?? false
    }
}

/// Waits until a descriptor is ready or the deadline has passed; the result is in the entries' `revents`.
///
/// Returns the number of ready entries, 0 on a timeout.
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

/// The text of a small file such as those in `/proc`; nil if it cannot be read.
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

/// The process's soft limit on a resource; nil if unlimited.
///
/// The C function is `getrlimit`.
func limit(on resource: __rlimit_resource) -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0, limit.rlim_cur != rlim_t.max else {
        return nil
    }
    return Int(clamping: limit.rlim_cur)
}
