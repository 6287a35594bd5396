import Ground
import Multiprocessing
import SystemPackage

/// An error of a map that has no result, or only a part.
///
/// This is the error type of the whole module. `code` says how to react and may gain new values; the other properties
/// say where it happened. Its description is one sentence for people, which names the file, the chunk and its bytes.
public struct ChunkedMapError: Error, Sendable {
    /// The kinds of failure.
    ///
    /// New ones may be added, so a `switch` over them needs a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code's name, as it is printed.
        public let description: String

        private init(_ description: String) {
            self.description = description
        }

        /// An invalid cut or size: an empty separator, an invalid regular expression, a size not between 1 and 1 GiB.
        public static let invalidCut = Code("invalidCut")
        /// The path leads to something other than a regular file: a folder, a pipe, a device.
        public static let notRegularFile = Code("notRegularFile")
        /// The kernel refused something: no such file, no permission, no memory.
        public static let systemCallFailed = Code("systemCallFailed")
        /// No record ends within `mostRecordBytes` after a cut.
        public static let recordTooLong = Code("recordTooLong")
        /// The file has changed since it was opened: it is shorter, longer, or was written to.
        public static let fileChanged = Code("fileChanged")
        /// The function threw an error, or its output could not be encoded; the description has the text.
        public static let chunkFailed = Code("chunkFailed")
        /// Workers died while processing this chunk, as often as the pool allows.
        public static let workerDied = Code("workerDied")
        /// The chunk took longer than the pool's `chunkTimeout`; the worker was killed.
        public static let timedOut = Code("timedOut")
        /// The output arrived as bytes that are not a value of its type.
        public static let decodingFailed = Code("decodingFailed")
        /// The map was cancelled, by `Task.cancel` or by `terminate`.
        public static let cancelled = Code("cancelled")
        /// The pool cannot be made, or has failed as a whole: `poolError` says why.
        public static let poolFailed = Code("poolFailed")
    }

    /// The kind of failure.
    public let code: Code
    /// The path of the file; nil if the pool itself has failed.
    public let path: String?
    /// The chunk's number in its file, from 0, if the error concerns a chunk.
    public let chunk: Int?
    /// The chunk's bytes in its file, if the error concerns a chunk.
    public let bytes: Range<UInt64>?
    /// The errno of the system call that failed, if any.
    public let errno: Errno?
    /// The pool's error, if there is one.
    public let poolError: MultiprocessingError?

    private let detail: String

    init(_ code: Code, _ detail: String, of path: String? = nil, errno: Errno? = nil) {
        self.init(code, detail, path, nil, errno, nil)
    }

    private init(
        _ code: Code, _ detail: String, _ path: String?, _ place: ChunkPlace?, _ errno: Errno?,
        _ poolError: MultiprocessingError?
    ) {
        self.code = code
        self.detail = detail
        self.path = path
        chunk = place?.index
        bytes = place.map { $0.offset..<$0.offset + $0.byteCount }
        self.errno = errno
        self.poolError = poolError
    }
}

extension ChunkedMapError {
    /// The error of a map whose task was cancelled.
    static func cancelled(mapOf path: String?) -> ChunkedMapError {
        ChunkedMapError(.cancelled, "the map was cancelled", of: path)
    }

    static let poolTerminated = ChunkedMapError(.cancelled, "the pool was terminated")

    /// The error of the pool as a whole.
    init(_ error: MultiprocessingError, of path: String? = nil) {
        self.init(.poolFailed, "\(error)", path, nil, error.errno, error)
    }

    /// The error of a task of the pool, for one chunk or for a look at the file.
    init(_ error: MultiprocessingError, of path: String, at place: ChunkPlace?, attempts: Int) {
        let status = error.status.map { "\($0)" } ?? "ended"
        let worker = error.pid.map { "process \($0)" } ?? "its process"
        let (code, text): (Code, String) =
            switch error.code {
            case .taskFailed: (.chunkFailed, error.text)
            case .workerDied where attempts > 1:
                (.workerDied, "\(attempts) workers died, the last one: \(worker) \(status)")
            case .workerDied: (.workerDied, "its worker died: \(worker) \(status)")
            case .taskTimedOut: (.timedOut, "exceeded the pool's time limit, and \(worker) was killed")
            case .cancelled: (.cancelled, "was cancelled")
            case .decodingFailed: (.decodingFailed, "\(error)")
            default: (.poolFailed, "\(error)")
            }
        self.init(code, text, path, place, error.errno, error)
    }

    /// The error of the file itself.
    init(_ error: PoolmapError, of path: String, at place: ChunkPlace? = nil) {
        let code: Code =
            switch error.code {
            case .changed: .fileChanged
            case .invalidOption: .invalidCut
            default: .systemCallFailed
            }
        self.init(code, error.message, path, place, error.errno.map { Errno(rawValue: $0) }, nil)
    }
}

extension ChunkedMapError: CustomStringConvertible {
    /// One sentence: which file, which chunk, what failed, and the kernel's error text.
    public var description: String {
        var text = path.map { "\(FileName.printable($0)): " } ?? ""
        if let chunk {
            text += "chunk \(chunk)"
            if let bytes, !bytes.isEmpty {
                text += " (bytes \(bytes.lowerBound) to \(bytes.upperBound - 1))"
            }
            text += ": "
        }
        text += detail
        // The pool's own text already contains it.
        if let errno, poolError == nil {
            text += ": \(errno)"
        }
        return text
    }
}
