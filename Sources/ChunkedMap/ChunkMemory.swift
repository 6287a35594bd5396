import Files
import Glibc
import Ground
import SystemPackage

/// The bytes of a chunk in a worker's memory: pages of the file, or where it cannot be mapped a copy.
///
/// A copy of what lies in the page cache would cost a third of a loop that counts words. Bytes of mapped pages may change
/// while the function looks at them, and those of a file that becomes shorter end the worker by SIGBUS. So who uses these
/// asks before and afterwards whether the file is as it was, and gives nobody what came of one that is not; and where the
/// worker has died, its successor finds that the file has changed.
struct ChunkMemory: ~Copyable {
    let bytes: UnsafeRawBufferPointer
    /// What is to be unmapped; nil for a copy.
    private let mapping: UnsafeMutableRawBufferPointer?

    /// - Parameter copies: room for a copy, which stays in use for as long as this.
    init(of place: ChunkPlace, _ file: FileDescriptor, _ copies: inout Scratch) throws(PoolmapError) {
        let start = place.offset / ChunkMemory.pageBytes * ChunkMemory.pageBytes
        let (lead, byteCount) = (Int(place.offset - start), Int(place.byteCount))
        // Its pages at once, in place of a fault for each few of them.
        let flags = MAP_PRIVATE | MAP_POPULATE
        if byteCount > 0,
            let base = mmap(nil, lead + byteCount, PROT_READ, flags, file.rawValue, off_t(start)), base != MAP_FAILED
        {
            mapping = UnsafeMutableRawBufferPointer(start: base, count: lead + byteCount)
            bytes = UnsafeRawBufferPointer(start: base + lead, count: byteCount)
            return
        }
        mapping = nil
        let space = try copies.space(of: byteCount)
        try file.readAll(into: space, at: place.offset)
        bytes = UnsafeRawBufferPointer(space)
    }

    deinit {
        if let mapping { munmap(mapping.baseAddress, mapping.count) }
    }

    private static let pageBytes = UInt64(sysconf(Int32(_SC_PAGESIZE)))
}
