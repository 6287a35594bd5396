import Glibc

/// How much a process's private memory has grown since a starting point.
struct MemoryGrowth {
    private let begin: Int
    private let limit: Int

    /// Starts measuring now.
    init(atMost bytes: Int) {
        begin = MemoryGrowth.ownBytes() ?? 0
        limit = bytes
    }

    /// Whether it has grown by more than the limit; false if /proc cannot be read.
    var isTooMuch: Bool {
        MemoryGrowth.ownBytes().map { $0 - begin > limit } ?? false
    }

    /// The resident memory of the process that is neither shared nor file-backed.
    private static func ownBytes() -> Int? {
        // In pages: size, resident, and the resident ones of files and shared memory.
        let fields = textOfFile("/proc/self/statm")?.split(separator: " ") ?? []
        guard fields.count > 2, let resident = Int(fields[1]), let shared = Int(fields[2]) else { return nil }
        return (resident - shared) * sysconf(Int32(_SC_PAGESIZE))
    }
}
