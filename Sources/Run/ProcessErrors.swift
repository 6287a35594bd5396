import Ground
import Multiprocessing
import SystemPackage

extension PoolmapError {
    /// An error of processes or shared memory, with this code where the kernel did not say no.
    package init(_ error: MultiprocessingError, else code: Code) {
        let code: Code =
            error.errno == .noMemory ? .outOfMemory : error.code == .systemCallFailed ? .system : code
        guard let errno = error.errno else {
            self.init(code, "\(error)")
            return
        }
        // The description ends with what this one adds by itself.
        let (text, end) = ("\(error)", ": \(errno)")
        self.init(code, text.hasSuffix(end) ? String(text.dropLast(end.count)) : text, errno: errno)
    }
}
