import Glibc

/// How much a process's own memory has grown since a moment.
struct MemoryGrowth {
    private let begin: Int
    private let limit: Int

    /// Begins now.
    init(atMost bytes: Int) {
        begin = MemoryGrowth.ownBytes() ?? 0
        limit = bytes
    }

    /// Whether it has grown by more than it may; false where /proc cannot be read.
    var isTooMuch: Bool {
        MemoryGrowth.ownBytes().map { $0 - begin > limit } ?? false
    }

    /// What is resident of the process's memory and neither shared nor a file's.
    private static func ownBytes() -> Int? {
        // Pages: size, resident, and how many of those are of files and shared memory.
        let fields = textOfFile("/proc/self/statm")?.split(separator: " ") ?? []
        guard fields.count > 2, let resident = Int(fields[1]), let shared = Int(fields[2]) else { return nil }
        return (resident - shared) * sysconf(Int32(_SC_PAGESIZE))
    }
}
