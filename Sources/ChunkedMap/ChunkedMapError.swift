import Ground
import Multiprocessing
import SystemPackage

/// Why a map has no result, or not all of them.
///
/// One type for the whole module: `code` says what to do about it and may grow, the other properties say where it
/// happened. Printing the error gives one sentence for a person, which names the file, the chunk and its bytes.
public struct ChunkedMapError: Error, Sendable {
    /// The kinds of failure.
    ///
    /// New ones may be added: a `switch` over them needs a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code's name, as it is printed.
        public let description: String

        private init(_ description: String) {
            self.description = description
        }

        /// A cut or a size that cannot be: an empty separator, no regular expression, a size that is not from 1 to 1 GiB.
        public static let invalidCut = Code("invalidCut")
        /// The path leads to something that is no regular file: a folder, a pipe, a device.
        public static let notRegularFile = Code("notRegularFile")
        /// The kernel refused something: no such file, no permission, no memory.
        public static let systemCallFailed = Code("systemCallFailed")
        /// No record ends within `mostRecordBytes` behind a cut.
        public static let recordTooLong = Code("recordTooLong")
        /// The file is not as it was when it was opened: shorter, longer, or written to.
        public static let fileChanged = Code("fileChanged")
        /// The function threw an error, or its output could not be encoded; the description has the text.
        public static let chunkFailed = Code("chunkFailed")
        /// Workers died while they were at this chunk, as often as the pool allows.
        public static let workerDied = Code("workerDied")
        /// The chunk took longer than the pool's `chunkTimeout`; the worker was killed.
        public static let timedOut = Code("timedOut")
        /// The output arrived as bytes that are none of its type.
        public static let decodingFailed = Code("decodingFailed")
        /// The map was cancelled, by `Task.cancel` or by `terminate`.
        public static let cancelled = Code("cancelled")
        /// The pool cannot be made, or has failed as a whole: `poolError` says why.
        public static let poolFailed = Code("poolFailed")
    }

    /// What kind of failure it is.
    public let code: Code
    /// The path of the file; nil where the pool itself has failed.
    public let path: String?
    /// The chunk's number in its file, from 0 on, where it is about one.
    public let chunk: Int?
    /// The chunk's bytes in its file, where it is about one.
    public let bytes: Range<UInt64>?
    /// The error number of the system call that failed, if one did.
    public let errno: Errno?
    /// What the pool says of it, if it does.
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
    /// A map that its task has no use for.
    static func cancelled(mapOf path: String?) -> ChunkedMapError {
        ChunkedMapError(.cancelled, "the map was cancelled", of: path)
    }

    static let poolTerminated = ChunkedMapError(.cancelled, "the pool was terminated")

    /// The error of the pool as a whole.
    init(_ error: MultiprocessingError, of path: String? = nil) {
        self.init(.poolFailed, "\(error)", path, nil, error.errno, error)
    }

    /// Why one chunk, or what is asked about the file, has no answer from the pool.
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

    /// What went wrong with the file itself.
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
    /// One sentence: which file, which chunk, what failed, and what the kernel said.
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
        // The pool's own text has it already.
        if let errno, poolError == nil {
            text += ": \(errno)"
        }
        return text
    }
}
