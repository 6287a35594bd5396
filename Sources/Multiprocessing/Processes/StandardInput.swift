import CMultiprocessing
import Glibc
import SystemPackage

/// A child's standard input.
///
/// Python's children always read `/dev/null`: two processes that read from one terminal or pipe would each get only
/// pieces of the input.
public enum StandardInput: Codable, Hashable, Sendable {
    /// Nothing: `/dev/null`.
    case null
    /// The standard input of the process that starts the child, at its current position.
    ///
    /// Bytes that one process reads are not seen by the other. Bytes that the parent's `stdin` has read ahead, as with
    /// `readLine`, stay with the parent.
    case inherited

    /// In a child that has its parent's descriptors.
    func takeInForkedChild() {
        // For `inherited`, this replaces descriptor 0 by itself and only discards what the stream has read ahead.
        let number = self == .inherited ? STDIN_FILENO : -1
        _ = mp_set_standard_input(number)
    }

    /// What must be sent to a child that does not have this process's descriptors.
    var sent: DuplicatedDescriptor? {
        guard self == .inherited, fcntl(STDIN_FILENO, F_GETFD) >= 0 else { return nil }
        return DuplicatedDescriptor(.standardInput)
    }

    /// In a child that was sent its standard input, or none.
    static func take(_ sent: DuplicatedDescriptor?) {
        _ = mp_set_standard_input(sent?.fileDescriptor.rawValue ?? -1)
        try? sent?.fileDescriptor.close()
    }
}
