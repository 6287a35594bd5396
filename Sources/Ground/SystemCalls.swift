import Glibc
import SystemPackage

/// Repeats a system call as long as signals interrupt it.
@inlinable
package func retryingInterrupted<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
        let result = call()
        if result >= 0 { return result }
        let error = Errno(rawValue: errno)
        if error != .interrupted { throw error }
    }
}

/// Runs system calls, and names the action in the error if they fail.
@inlinable
package func attempt<Result>(
    _ action: String, _ body: () throws(Errno) -> Result
) throws(PoolmapError) -> Result {
    do {
        return try body()
    } catch {
        throw PoolmapError.system(action, error)
    }
}

/// Opens a file by its path, close-on-exec.
package func openFile(_ path: String, _ flags: Int32, _ mode: mode_t = 0) throws(Errno) -> FileDescriptor {
    FileDescriptor(
        rawValue: try retryingInterrupted { path.withCName { name in Glibc.open(name, flags | O_CLOEXEC, mode) } })
}

/// The machine's monotonic clock.
package func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// Allocates memory of undefined content, to be released with `free`.
package func allocate(_ byteCount: Int) throws(PoolmapError) -> UnsafeMutableRawBufferPointer {
    var base: UnsafeMutableRawPointer?
    guard posix_memalign(&base, 64, byteCount) == 0 else {
        throw PoolmapError(.outOfMemory, "cannot allocate \(byteCount) bytes")
    }
    return UnsafeMutableRawBufferPointer(start: base, count: byteCount)
}
