import CMultiprocessing
import Glibc
import SystemPackage

/// What a child reads as its standard input.
///
/// Python's children always read `/dev/null`: two processes that read one terminal or pipe take pieces of it from each
/// other.
public enum StandardInput: Codable, Hashable, Sendable {
    /// Nothing: `/dev/null`.
    case null
    /// The same file as the process that starts the child, at the place where that has come to.
    ///
    /// What either reads, the other does not see. What the parent's `stdin` has read ahead, as by `readLine`, is the
    /// parent's.
    case inherited

    /// In a child that has its parent's descriptors.
    func takeInForkedChild() {
        // To itself: only what the stream has read ahead is forgotten.
        let number = self == .inherited ? STDIN_FILENO : -1
        _ = mp_set_standard_input(number)
    }

    /// What a child has to be sent that does not have this process's descriptors.
    var sent: DuplicatedDescriptor? {
        guard self == .inherited, fcntl(STDIN_FILENO, F_GETFD) >= 0 else { return nil }
        return DuplicatedDescriptor(.standardInput)
    }

    /// In a child that was sent its standard input, or nothing.
    static func take(_ sent: DuplicatedDescriptor?) {
        _ = mp_set_standard_input(sent?.fileDescriptor.rawValue ?? -1)
        try? sent?.fileDescriptor.close()
    }
}
