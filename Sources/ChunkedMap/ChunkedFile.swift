import Chunks
import Glibc
import Ground
import Multiprocessing
import SystemPackage

/// A regular file and the way it is cut into chunks, over which the workers of a pool map a function.
///
///     let file = try ChunkedFile("access.log", cut: .lines)
///     let counts = try file.map { chunk in … }
///
/// The chunks are those of `poolmap map` with the same options. Each worker reads its own chunks, and the workers look
/// for the borders of chunks: this process reads nothing of the file. If the file changes between opening and the last
/// read of a map, that map fails.
///
/// An empty file has one chunk, which is empty.
public final class ChunkedFile: Sendable {
    /// The path as given.
    public let path: String
    /// The size of the file in bytes.
    public let byteCount: UInt64

    let settings: CutSettings
    /// The file's status, which must not change until all is read.
    let status: FileStatus
    /// Immutable except for the callbacks of its release, which only its duplicates have, one for each map.
    nonisolated(unsafe) private let descriptor: SharedDescriptor

    /// Opens a file; it is closed when this object is released.
    ///
    /// Does not read it.
    ///
    /// - Parameters:
    ///   - path: the path of a regular file, or of a symbolic link to one.
    ///   - cut: where chunks may end. This is never guessed from the file's content.
    ///   - chunkBytes: the distance between cuts in bytes, from 1 to 1 GiB.
    ///   - recordCount: the number of records in a chunk, whatever their size, instead of `chunkBytes`; the workers
    ///     then read the file once more to count them. nil for as many as fit.
    ///   - mostRecordBytes: how far a chunk may extend past its cut for its last record to end, from 1 to 1 GiB.
    ///
    /// Throws `invalidCut`, `notRegularFile`, `systemCallFailed`. A pipe or a folder is refused without waiting.
    public init(
        _ path: String, cut: Cut, chunkBytes: Int = 8 << 20, recordCount: Int? = nil, mostRecordBytes: Int = 64 << 20
    ) throws(ChunkedMapError) {
        settings = try CutSettings(cut, chunkBytes, recordCount, mostRecordBytes)
        self.path = path
        // Checked first: opening a pipe would block, or wake its writer for nothing.
        if let found = FileStatus(ofPath: path) {
            try found.requireRegular(path)
        }
        do throws(Errno) {
            descriptor = SharedDescriptor(owning: try openFile(path, O_RDONLY | O_NONBLOCK))
            status = try FileStatus(of: descriptor.fileDescriptor)
        } catch {
            throw ChunkedMapError(.systemCallFailed, "cannot open it", of: path, errno: error)
        }
        try status.requireRegular(path)
        byteCount = status.byteCount
    }

    /// A duplicate for one map, on any thread.
    func handed() throws(ChunkedMapError) -> SharedDescriptor {
        let number = fcntl(descriptor.fileDescriptor.rawValue, F_DUPFD_CLOEXEC, 3)
        guard number >= 0 else {
            throw ChunkedMapError(
                .systemCallFailed, "cannot duplicate its descriptor", of: path, errno: Errno(rawValue: Glibc.errno))
        }
        return SharedDescriptor(owning: FileDescriptor(rawValue: number))
    }
}

/// A cut and its sizes.
struct CutSettings: Sendable {
    let cut: Cut
    let chunkBytes: Int
    let recordCount: Int?
    let mostRecordBytes: Int
    let chunkCut: ChunkCut

    private static let sizes = 1...1 << 30
    private static let counts = 1...1_000_000_000

    init(_ cut: Cut, _ chunkBytes: Int, _ recordCount: Int?, _ mostRecordBytes: Int) throws(ChunkedMapError) {
        (self.cut, self.chunkBytes, self.recordCount) = (cut, chunkBytes, recordCount)
        self.mostRecordBytes = mostRecordBytes
        func require(_ isMet: Bool, _ text: String) throws(ChunkedMapError) {
            if !isMet { throw ChunkedMapError(.invalidCut, text) }
        }
        for (size, name) in [(chunkBytes, "chunkBytes"), (mostRecordBytes, "mostRecordBytes")] {
            try require(CutSettings.sizes.contains(size), "\(name) must be between 1 byte and 1 GiB (got \(size))")
        }
        if let recordCount {
            try require(
                CutSettings.counts.contains(recordCount),
                "recordCount must be between 1 and 1000000000 (got \(recordCount))")
        }
        switch cut.kind {
        case .bytes: try require(recordCount == nil, "recordCount requires a cut into records, such as lines")
        case .separator(let bytes): try require(!bytes.isEmpty, "a separator must have at least one byte")
        case .recordBytes(let byteCount):
            try require(
                CutSettings.sizes.contains(byteCount), "recordBytes must be between 1 byte and 1 GiB (got \(byteCount))"
            )
            try require(
                byteCount * (recordCount ?? 1) <= 1 << 30, "the records of a chunk exceed 1 GiB together")
        case .csv, .recordStart: break
        }
        do {
            chunkCut = try cut.kind.chunkCut(recordCount: recordCount)
        } catch {
            throw ChunkedMapError(.invalidCut, "invalid regular expression: \(error.message)")
        }
    }
}

extension FileStatus {
    fileprivate func requireRegular(_ path: String) throws(ChunkedMapError) {
        guard isRegular else {
            throw ChunkedMapError(
                .notRegularFile, "is \(kindOfFile), but a ChunkedFile must be a regular file", of: path)
        }
    }

    /// For messages.
    private var kindOfFile: String {
        if isDirectory { return "a directory" }
        if isPipe { return "a pipe" }
        return isBlockDevice ? "a block device" : "not a regular file"
    }
}
