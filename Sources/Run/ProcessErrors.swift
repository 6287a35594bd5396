import Ground
import Multiprocessing
import SystemPackage

extension PoolmapError {
    /// Converts an error of processes or shared memory; `code` is used when no system call failed.
    package init(_ error: MultiprocessingError, else code: Code) {
        let code: Code =
            error.errno == .noMemory ? .outOfMemory : error.code == .systemCallFailed ? .system : code
        guard let errno = error.errno else {
            self.init(code, "\(error)")
            return
        }
        // `PoolmapError` appends the errno's text itself, so drop it from the end of the description.
        let (text, end) = ("\(error)", ": \(errno)")
        self.init(code, text.hasSuffix(end) ? String(text.dropLast(end.count)) : text, errno: errno)
    }
}
