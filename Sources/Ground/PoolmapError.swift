import Glibc
import SystemPackage

/// What went wrong with one input or output, as the one line that the user sees.
///
/// It is `Codable`, since most errors happen in a worker and are told in the front.
@usableFromInline
package struct PoolmapError: Error, Codable, Hashable, Sendable {
    /// The kinds of failure.
    package enum Code: String, Codable, Sendable {
        /// An option has a value that cannot be.
        case invalidOption
        /// The input is not what it should be: not Zstandard, cut, with flipped bits.
        case damaged
        /// The input is right, but this program cannot read it.
        case unsupported
        /// The content is more than the run may make.
        case tooLarge
        /// The input changed while it was read.
        case changed
        /// The input has another digest than was wanted.
        case mismatch
        /// The kernel said no: no such file, no permission, disk full.
        case system
        /// The target is there already, and `--force` was not given.
        case targetExists
        /// The input is left alone, which is no failure.
        case ignored
        /// The target lacks the input's mode, owner or times, which is no failure.
        case metadata
        /// Standard output was closed by its reader: no fault of ours, and no message.
        case outputClosed
        /// No memory.
        case outOfMemory
        /// A worker or the pool manager died.
        case processDied
        /// Anything else.
        case failed
    }

    /// What kind of failure it is.
    package let code: Code
    /// What failed, without the name of the file.
    package let message: String
    /// The error number of the system call that failed, if one did.
    package let errno: Int32?

    package init(_ code: Code, _ message: String, errno: Errno? = nil) {
        self.code = code
        self.message = message
        self.errno = errno?.rawValue
    }

    /// An input that the command itself refuses, as for its name.
    package static func unusable(_ message: String) -> PoolmapError {
        PoolmapError(.failed, message)
    }

    /// Damage that the command itself tells of.
    package static func damaged(_ message: String) -> PoolmapError {
        PoolmapError(.damaged, message)
    }

    /// A symbolic link that is not followed.
    package static let ignoredLink = PoolmapError(.ignored, "is a symbolic link, ignored; use -f to follow it")

    /// Whether there is no file of the name.
    package var isMissingFile: Bool { code == .system && errno == ENOENT }

    /// The error of a system call: what it was to do, and what the kernel said.
    @usableFromInline
    package static func system(_ action: String, _ errno: Errno) -> PoolmapError {
        PoolmapError(errno == .noMemory ? .outOfMemory : .system, action, errno: errno)
    }

    /// The same error as one of the whole run, which says the file that it is about.
    package func about(_ name: String) -> PoolmapError {
        at(name)
    }

    /// The same error, with the place where it happened.
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
