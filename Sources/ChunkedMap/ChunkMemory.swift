import Files
import Glibc
import Ground
import SystemPackage

/// The bytes of a chunk in a worker's memory: pages of the file, or a copy if it cannot be mapped.
///
/// Copying from the page cache would cost a third of the time of a loop that counts words. Bytes of mapped pages may
/// change while the function reads them, and SIGBUS ends the worker if the file becomes shorter. So the caller checks
/// before and after that the file has not changed, and discards the result if it has. If the worker has died, its
/// successor finds that the file has changed.
struct ChunkMemory: ~Copyable {
    let bytes: UnsafeRawBufferPointer
    /// The memory to unmap; nil for a copy.
    private let mapping: UnsafeMutableRawBufferPointer?

    /// - Parameter copies: room for a copy, which is in use as long as this object.
    init(of place: ChunkPlace, _ file: FileDescriptor, _ copies: inout Scratch) throws(PoolmapError) {
        let start = place.offset / ChunkMemory.pageBytes * ChunkMemory.pageBytes
        let (lead, byteCount) = (Int(place.offset - start), Int(place.byteCount))
        // Map all pages at once instead of one fault for each few of them.
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
