import Glibc

/// Asks the kernel for pages of 2 MiB in new memory that is about to be filled.
///
/// A large message is copied into new memory several times on its way, and allocating that in pages of 4 KiB takes
/// three times as long as the copy. Memory of less than `leastBytes` is left alone: there a whole huge page would waste
/// too much.
enum HugePages {
    static let leastBytes = 4 << 20
    private static let pageBytes = UInt(2 << 20)

    /// Does nothing if the kernel has no huge pages, or refuses.
    @inline(__always)
    static func advise(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        if byteCount >= leastBytes { adviseLarge(memory, byteCount) }
    }

    @inline(never)
    private static func adviseLarge(_ memory: UnsafeMutableRawPointer, _ byteCount: Int) {
        let start = (UInt(bitPattern: memory) + pageBytes - 1) / pageBytes * pageBytes
        let end = (UInt(bitPattern: memory) + UInt(byteCount)) / pageBytes * pageBytes
        let error = errno
        madvise(UnsafeMutableRawPointer(bitPattern: start), Int(end - start), MADV_HUGEPAGE)
        errno = error
    }
}
