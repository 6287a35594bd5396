import CMultiprocessing
import Glibc
import SystemPackage

/// A valid name for shared memory.
struct SharedMemoryName {
    /// The folder that `shm_open` uses.
    private static let folder = "/dev/shm"

    /// Without a slash.
    let text: String

    /// Throws `invalidState` for a name that `shm_open` would reject or change.
    init(_ name: String) throws(MultiprocessingError) {
        text = name.hasPrefix("/") ? String(name.dropFirst()) : name
        let isPossible = !text.isEmpty && text != "." && text != ".." && text.utf8.count <= 255
        guard isPossible, !text.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 }) else {
            throw MultiprocessingError(.invalidState, "invalid name for shared memory: \"\(name)\"")
        }
    }

    var path: String {
        "\(SharedMemoryName.folder)/\(text)"
    }

    /// Makes a nameless file in the folder, with memory for all of it.
    static func makeFile(byteCount: Int) throws(MultiprocessingError) -> OwnedDescriptor {
        try requirePossible(byteCount: byteCount)
        guard byteCount <= memoryOfMachine else {
            throw MultiprocessingError(
                .systemCallFailed, "shared memory of \(byteCount) bytes is more than the machine has", errno: .noMemory)
        }
        let file = OwnedDescriptor(owning: try checked("open") { mp_open_nameless(folder) })
        let number = file.number
        var result: Int32
        repeat {
            result = posix_fallocate(number, 0, byteCount)
        } while result == EINTR
        guard result == 0 else {
            throw MultiprocessingError.systemCall("posix_fallocate", Errno(rawValue: result))
        }
        return file
    }

    /// Throws unless a process may make a file of this size: trying would end it by a signal.
    static func requirePossible(byteCount: Int) throws(MultiprocessingError) {
        guard byteCount > 0 else {
            throw MultiprocessingError(.invalidState, "shared memory must have at least 1 byte (got \(byteCount))")
        }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        guard byteCount <= Int(clamping: limit.rlim_cur) else {
            throw MultiprocessingError(
                .systemCallFailed, "shared memory of \(byteCount) bytes exceeds this process's limit",
                errno: .fileTooLarge)
        }
    }

    /// In bytes, including swap space: beyond that the kernel would kill arbitrary processes to free memory.
    private static var memoryOfMachine: Int {
        let lines = textOfFile("/proc/meminfo")?.split(separator: "\n") ?? []
        let kibibytes = lines.filter { $0.hasPrefix("MemTotal:") || $0.hasPrefix("SwapTotal:") }.compactMap {
            $0.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
        return kibibytes.isEmpty ? .max : kibibytes.reduce(0, +) * 1024
    }

    /// Gives the file this name, which must not exist yet.
    func give(to file: Int32, _ identity: FileIdentity, guarded: Bool) throws(MultiprocessingError) {
        // The guardian is told first: if it were told afterwards, a kill in between would leave the name forever. It
        // does not remove a name that refers to another file.
        if guarded {
            try NameGuardian.register(GuardedName(path: path, identity: identity))
        }
        do {
            _ = try checked("linkat") {
                linkat(AT_FDCWD, "/proc/self/fd/\(file)", AT_FDCWD, path, Int32(AT_SYMLINK_FOLLOW))
            }
        } catch {
            if guarded {
                NameGuardian.forget(GuardedName(path: path, identity: identity))
            }
            throw error
        }
    }

    /// Gives the file an unused name, and returns it.
    static func giveRandom(
        to file: Int32, _ identity: FileIdentity, guarded: Bool
    ) throws(MultiprocessingError) -> SharedMemoryName {
        while true {
            let digits = String(UInt32.random(in: .min ... .max), radix: 16)
            let name = try SharedMemoryName("psm_" + String(repeating: "0", count: 8 - digits.count) + digits)
            do {
                try name.give(to: file, identity, guarded: guarded)
                return name
            } catch  where error.errno == .fileExists {
                continue
            }
        }
    }

    /// Opens the file with this name.
    func open() throws(MultiprocessingError) -> OwnedDescriptor {
        let file = OwnedDescriptor(
            owning: try checked("shm_open") {
                mp_above_standard(shm_open("/" + text, O_RDWR | O_CLOEXEC, 0))
            })
        var information = stat()
        let number = file.number
        _ = try checked("fstat") { fstat(number, &information) }
        guard information.st_mode & S_IFMT == S_IFREG, information.st_size > 0 else {
            throw MultiprocessingError(.invalidState, "\"\(text)\" is not shared memory of at least 1 byte")
        }
        return file
    }

    /// Removes the name from this file; throws if it is gone or refers to another file.
    func unlink(_ identity: FileIdentity) throws(MultiprocessingError) {
        // The guardian is told afterwards: this process may be killed in between.
        defer { NameGuardian.forget(GuardedName(path: path, identity: identity)) }
        guard FileIdentity(at: path) == identity else {
            throw MultiprocessingError.systemCall("shm_unlink", .noSuchFileOrDirectory)
        }
        _ = try checked("shm_unlink") { shm_unlink("/" + text) }
    }
}
