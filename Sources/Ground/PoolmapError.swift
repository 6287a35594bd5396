import Glibc
import SystemPackage

/// An error about one input or output, with the one-line message for the user.
///
/// It is `Codable`, since most errors occur in a worker and are printed by the front.
@usableFromInline
package struct PoolmapError: Error, Codable, Hashable, Sendable {
    /// The kinds of failure.
    package enum Code: String, Codable, Sendable {
        /// An option has an invalid value.
        case invalidOption
        /// The input is damaged: not Zstandard, truncated, or with flipped bits.
        case damaged
        /// The input is valid, but this program cannot read it.
        case unsupported
        /// The content exceeds the run's limit.
        case tooLarge
        /// The input changed while it was read.
        case changed
        /// The input does not have the expected digest.
        case mismatch
        /// A system call failed: no such file, no permission, disk full.
        case system
        /// The target exists, and `--force` was not given.
        case targetExists
        /// The input is skipped, which is not a failure.
        case ignored
        /// The target lacks the input's mode, owner or times, which is not a failure.
        case metadata
        /// Standard output was closed by its reader; no message is printed.
        case outputClosed
        /// Out of memory.
        case outOfMemory
        /// A worker or the pool manager died.
        case processDied
        /// Anything else.
        case failed
    }

    /// The kind of failure.
    package let code: Code
    /// What failed, without the name of the file.
    package let message: String
    /// The `errno` of the failed system call, if it was one.
    package let errno: Int32?

    package init(_ code: Code, _ message: String, errno: Errno? = nil) {
        self.code = code
        self.message = message
        self.errno = errno?.rawValue
    }

    package static let outputClosed = PoolmapError(.outputClosed, "the reader has closed the output")

    /// An input that the command itself refuses, for example because of its name.
    package static func unusable(_ message: String) -> PoolmapError {
        PoolmapError(.failed, message)
    }

    /// Damage that the command itself reports.
    package static func damaged(_ message: String) -> PoolmapError {
        PoolmapError(.damaged, message)
    }

    /// A symbolic link that is not followed.
    package static let ignoredLink = PoolmapError(.ignored, "is a symbolic link, ignored; use -f to follow it")

    /// Whether the file does not exist.
    package var isMissingFile: Bool { code == .system && errno == ENOENT }

    /// The error of a system call: the action that failed, and the `errno`.
    @usableFromInline
    package static func system(_ action: String, _ errno: Errno) -> PoolmapError {
        PoolmapError(errno == .noMemory ? .outOfMemory : .system, action, errno: errno)
    }

    /// The error as one of the whole run, preceded by the file that it is about.
    package func about(_ name: String) -> PoolmapError {
        at(name)
    }

    /// The error, preceded by the place where it occurred.
    package func at(_ place: String) -> PoolmapError {
        PoolmapError(code, "\(place): \(message)", errno: errno.map(Errno.init(rawValue:)))
    }
}

extension PoolmapError: CustomStringConvertible {
    /// The line for the user, after the name of the file.
    @usableFromInline
    package var description: String {
        guard let errno else { return message }
        return message.isEmpty ? "\(Errno(rawValue: errno))" : "\(message): \(Errno(rawValue: errno))"
    }
}
