import CPoolmap
import Glibc
import Ground
import SystemPackage

/// The two ends of a new pipe, both closed on exec.
///
/// The creator must close both. The standard descriptors are open, so these are others.
struct ClosedOnExecPipe {
    let reading: FileDescriptor
    let writing: FileDescriptor

    /// The C function is `pipe2`.
    init() throws(PoolmapError) {
        var ends: [Int32] = [0, 0]
        guard poolmap_make_pipe(&ends) == 0 else { throw .system("cannot make a pipe", Errno(rawValue: errno)) }
        (reading, writing) = (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
    }
}
