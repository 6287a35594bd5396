import Glibc

/// Memory that is reused from task to task.
package struct Scratch: ~Copyable {
    private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    package init() {}

    deinit {
        free(memory.baseAddress)
    }

    /// Returns `byteCount` bytes of undefined content, valid until the next call.
    ///
    /// Throws `outOfMemory`, whereas Swift's own allocation would end the process.
    package mutating func space(of byteCount: Int) throws(PoolmapError) -> UnsafeMutableRawBufferPointer {
        if memory.count < max(byteCount, 1) {
            free(memory.baseAddress)
            memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            memory = try allocate(max(byteCount, 1))
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[..<byteCount])
    }
}
