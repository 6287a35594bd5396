import CMultiprocessing
import Glibc

/// The entry point of a spawned guardian.
struct NameGuardianEntry: ProcessEntry {
    let socket: DuplicatedDescriptor
    let creator: DuplicatedDescriptor

    func main() -> Never {
        NameGuardianProcess.run(socket: socket.fileDescriptor.rawValue, creator: creator.fileDescriptor.rawValue)
    }
}

/// The guardian's side, which runs in its own process.
enum NameGuardianProcess {
    /// The largest message: its kind, the file's identity, the path of a name of 255 bytes.
    private static let messageBytes = 512

    static func run(socket: Int32, creator: Int32) -> Never {
        leaveCreatorsSurroundings(keeping: [socket, creator])
        // From here on, nothing that ends the creator also ends this process; the creator waits for this message.
        _ = send(socket, [UInt8(1)], 1, Int32(MSG_NOSIGNAL))
        var names: Set<GuardedName> = []
        var message = [UInt8](repeating: 0, count: messageBytes)
        while true {
            var entries = [socket, creator].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard (try? poll(&entries, until: Deadline(after: nil))) != nil else { break }
            // Messages first: the creator may have sent some just before it ended.
            let count = recv(socket, &message, message.count, Int32(MSG_DONTWAIT))
            if count > 0 {
                message.withUnsafeBytes { take(UnsafeRawBufferPointer(rebasing: $0[..<count]), &names) }
            } else if count == 0 || entries[1].revents != 0 {
                break
            }
        }
        for name in names where FileIdentity(at: name.path) == name.identity {
            unlink(name.path)
        }
        _exit(EXIT_SUCCESS)
    }

    private static func take(_ message: UnsafeRawBufferPointer, _ names: inout Set<GuardedName>) {
        if let name = GuardedName(message, is: .register) {
            names.insert(name)
        } else if let name = GuardedName(message, is: .forget) {
            names.remove(name)
        }
    }

    /// Releases everything of the creator's that this process does not need, so that it delays no other process and
    /// keeps nothing open or in memory.
    private static func leaveCreatorsSurroundings(keeping kept: [Int32]) {
        // From here on, whatever ends the creator's process group, or its terminal, does not end this process.
        setsid()
        mp_reset_signal_handlers()
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP] {
            signal(number, SIG_IGN)
        }
        _ = mp_set_process_name("name guardian")
        chdir("/")
        closeDescriptors(keeping: kept)
        unmapSharedMemory()
    }

    private static func closeDescriptors(keeping kept: [Int32]) {
        let null = open("/dev/null", O_RDWR)
        for number in 0...2 {
            dup2(null, Int32(number))
        }
        guard let folder = opendir("/proc/self/fd") else { return }
        var numbers: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let number = Int32(name), number > 2, !kept.contains(number) {
                numbers.append(number)
            }
        }
        closedir(folder)
        for number in numbers {
            close(number)
        }
    }

    /// Shared memory is freed when the last process has unmapped it, and this one does not use it.
    private static func unmapSharedMemory() {
        for line in textOfFile("/proc/self/maps")?.split(separator: "\n") ?? [] {
            // For example "7f0c2a000000-7f0c2a001000 rw-s 00000000 00:01 5125 /memfd:x (deleted)".
            let fields = line.split(separator: " ", maxSplits: 2)
            guard fields.count == 3, fields[1].hasSuffix("s") else { continue }
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            if ends.count == 2, let start = UnsafeMutableRawPointer(bitPattern: ends[0]) {
                munmap(start, Int(ends[1] - ends[0]))
            }
        }
    }
}
