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
        var (flags, descriptor) = (MAP_SHARED | MAP_NORESERVE, number)
        do {
            _ = try retryingInterrupted { ftruncate(number, byteCount) }
        } catch .fileTooLarge {
            // The limit on the size of files (`ulimit -f`) counts here too, though nothing of this is on a disk. What
            // has no descriptor at all is free of it.
            (flags, descriptor) = (flags | MAP_ANONYMOUS, -1)
        } catch {
            throw MultiprocessingError.systemCall("ftruncate", error)
        }
        let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, descriptor, 0)
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
