import CMultiprocessing
import Glibc
import SystemPackage

/// A name that shared memory may have.
struct SharedMemoryName {
    /// Where `shm_open` has its names.
    private static let folder = "/dev/shm"

    /// Without a slash.
    let text: String

    /// Throws `invalidState` for a name that `shm_open` would not take, or would take for another.
    init(_ name: String) throws(MultiprocessingError) {
        text = name.hasPrefix("/") ? String(name.dropFirst()) : name
        let isPossible = !text.isEmpty && text != "." && text != ".." && text.utf8.count <= 255
        guard isPossible, !text.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 }) else {
            throw MultiprocessingError(.invalidState, "shared memory cannot have the name \"\(name)\"")
        }
    }

    var path: String {
        "\(SharedMemoryName.folder)/\(text)"
    }

    /// A nameless file in the folder, with memory for all of it.
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

    /// Throws unless a process may make a file of this size: to try would end it by a signal.
    static func requirePossible(byteCount: Int) throws(MultiprocessingError) {
        guard byteCount > 0 else {
            throw MultiprocessingError(.invalidState, "shared memory of \(byteCount) bytes is impossible")
        }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        guard byteCount <= Int(clamping: limit.rlim_cur) else {
            throw MultiprocessingError(
                .systemCallFailed, "shared memory of \(byteCount) bytes is beyond this process's limit",
                errno: .fileTooLarge)
        }
    }

    /// In bytes, swap space included: beyond that the kernel would end processes at random to make room.
    private static var memoryOfMachine: Int {
        let lines = textOfFile("/proc/meminfo")?.split(separator: "\n") ?? []
        let kibibytes = lines.filter { $0.hasPrefix("MemTotal:") || $0.hasPrefix("SwapTotal:") }.compactMap {
            $0.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
        return kibibytes.isEmpty ? .max : kibibytes.reduce(0, +) * 1024
    }

    /// Gives the file this name, which nothing may have.
    func give(to file: Int32, _ identity: FileIdentity, guarded: Bool) throws(MultiprocessingError) {
        // The guardian is told first: were it told afterwards, a kill in between would leave the name for ever. It takes
        // away no name that means another file.
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

    /// Gives the file a name that nothing has, and returns it.
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

    /// Opens what has this name.
    func open() throws(MultiprocessingError) -> OwnedDescriptor {
        let file = OwnedDescriptor(
            owning: try checked("shm_open") {
                mp_above_standard(shm_open("/" + text, O_RDWR | O_CLOEXEC, 0))
            })
        var information = stat()
        let number = file.number
        _ = try checked("fstat") { fstat(number, &information) }
        guard information.st_mode & S_IFMT == S_IFREG, information.st_size > 0 else {
            throw MultiprocessingError(.invalidState, "what is called \"\(text)\" is not shared memory of any size")
        }
        return file
    }

    /// Takes the name away from this file; throws where it is gone or means another file.
    func unlink(_ identity: FileIdentity) throws(MultiprocessingError) {
        // The guardian forgets it only afterwards: this process may be killed in between.
        defer { NameGuardian.forget(GuardedName(path: path, identity: identity)) }
        guard FileIdentity(at: path) == identity else {
            throw MultiprocessingError.systemCall("shm_unlink", .noSuchFileOrDirectory)
        }
        _ = try checked("shm_unlink") { shm_unlink("/" + text) }
    }
}
