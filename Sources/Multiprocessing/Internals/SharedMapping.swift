import CMultiprocessing
import Glibc
import SystemPackage

/// Memory that this process and every process forked from it see alike, zero at first.
///
/// It has no name, so nothing is left behind whatever is killed; pages take memory only once they are touched.
struct SharedMapping: ~Copyable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    init(byteCount: Int, name: String) throws(MultiprocessingError) {
        let file = OwnedDescriptor(owning: try checked("memfd_create") { mp_memfd_create(name) })
        let number = file.number
        _ = try checked("ftruncate") { ftruncate(number, byteCount) }
        let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, number, 0)
        guard let address, address != MAP_FAILED else {
            throw MultiprocessingError.systemCall("mmap", Errno(rawValue: errno))
        }
        self.base = address
        self.byteCount = byteCount
    }

    deinit {
        munmap(base, byteCount)
    }
}
