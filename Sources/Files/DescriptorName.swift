import Glibc
import Ground
import SystemPackage

/// A name that stands for an open descriptor, such as `/dev/stdout`.
///
/// Opening such a name again means something else: a file would be written from its beginning, and a new file under the
/// name would never reach whoever opened the descriptor.
package enum DescriptorName {
    /// A descriptor that this process was started with.
    case own(Int32)
    /// A number that is not a descriptor that this process was started with.
    case closed
    /// A descriptor of another process.
    case foreign

    /// The descriptor that the path names, directly or through symbolic links; nil for any other file.
    ///
    /// - Parameter target: the link's target, if the path is known to be a link.
    init?(_ path: String, linkTo target: String? = nil) {
        var (path, target) = (path, target)
        // The kernel's own limit for links.
        for _ in 0..<40 {
            if let name = DescriptorName(spelled: path) ?? DescriptorName(listed: path) {
                self = name
                return
            }
            guard let next = target ?? DescriptorName.link(path) else { return nil }
            path = next.utf8.first == UInt8(ascii: "/") ? next : folderPrefix(of: path) + next
            target = nil
        }
        return nil
    }

    /// The descriptor of a well-known name; works without /proc, too.
    init?(spelled path: String) {
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        let parts = path.utf8.split(separator: UInt8(ascii: "/")).map { Substring($0) }.filter { $0 != "." }
        guard let top = parts.first, top == "dev" || top == "proc", let last = parts.last else { return nil }
        let folder = parts.dropLast().map { $0 == "\(getpid())" ? "self" : $0 }
        if folder == ["dev"], let number = ["stdin", "stdout", "stderr"].firstIndex(of: last) {
            self.init(number: Int32(number))
        } else if let number = DescriptorName.number(last), folder.last == "fd" {
            let isOfThread = folder.count == 5 && folder[2] == "task"
            let isOfSelf = folder.count > 2 && ["self", "thread-self"].contains(folder[1])
            if folder == ["dev", "fd"] || (isOfSelf && (folder.count == 3 || isOfThread)) {
                self.init(number: number)
            } else if top == "proc" {
                self = .foreign
            } else {
                return nil
            }
        } else {
            return nil
        }
    }

    /// The descriptor of a name in this process's list of descriptors, by any path.
    private init?(listed path: String) {
        guard let number = DescriptorName.number(lastName(of: path)[...]),
            let list = FileStatus(ofPath: "/proc/self/fd/."), let folder = FileStatus(ofPath: folderOf(path)),
            folder.isSameFile(as: list)
        else { return nil }
        self.init(number: number)
    }

    private init(number: Int32) {
        // Descriptors that this process has opened itself are close-on-exec.
        let flags = fcntl(number, F_GETFD)
        self = flags >= 0 && flags & FD_CLOEXEC == 0 ? .own(number) : .closed
    }

    private static func number(_ text: Substring) -> Int32? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int32(text) : nil
    }

    private static func link(_ path: String) -> String? {
        guard let folder = try? Folder(path: folderOf(path)), let target = try? folder.link(lastName(of: path)) else {
            return nil
        }
        return FileName.text(of: target)
    }

    /// A duplicate of the descriptor, which the caller closes; nil for one of another process.
    ///
    /// The C function is `fcntl` with `F_DUPFD_CLOEXEC`.
    func duplicate() throws(Errno) -> FileDescriptor? {
        switch self {
        case .own(let number):
            FileDescriptor(rawValue: try retryingInterrupted { fcntl(number, F_DUPFD_CLOEXEC, 0) })
        case .closed: throw .badFileDescriptor
        case .foreign: nil
        }
    }
}

/// The number of the descriptor that a target's path names, such as 1 for `/dev/stdout`; nil for a file.
package func descriptorNumber(ofTarget path: String) -> Int32? {
    guard case .own(let number) = DescriptorName(path) else { return nil }
    return number
}
