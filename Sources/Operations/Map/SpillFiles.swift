import Files
import Glibc
import Ground
import Multiprocessing
import SystemPackage

/// The folder for nameless files: TMPDIR.
struct SpillFolder {
    let path: String

    init() {
        let given = getenv("TMPDIR").map { FileName.text(of: $0) } ?? ""
        path = given.isEmpty ? "/tmp" : given
    }

    func open() throws(Errno) -> FileDescriptor {
        do throws(Errno) {
            return try Folder(path: path).openNameless(0o600)
        } catch .notSupported, .isDirectory, .invalidArgument, .noFunction {
            var name = FileName.bytes(of: "\(path)/poolmap-XXXXXX").map { CChar(bitPattern: $0) } + [0]
            let descriptor = FileDescriptor(rawValue: try retryingInterrupted { mkstemp(&name) })
            _ = fcntl(descriptor.rawValue, F_SETFD, FD_CLOEXEC)
            unlink(name)
            return descriptor
        }
    }

    /// Opens a file that can be passed to workers.
    func openShared() throws(PoolmapError) -> SharedDescriptor {
        do throws(Errno) {
            return SharedDescriptor(owning: try open())
        } catch {
            throw refusal(error)
        }
    }

    func refusal(_ error: Errno) -> PoolmapError {
        .system("cannot save the output of a command in \(path); see TMPDIR and --memory", error)
    }
}

/// The files for output of commands that does not fit in memory: two nameless files for each slot, in TMPDIR.
///
/// They are created before workers are forked, so that each process has them; and nothing is left of them, whatever is
/// killed.
final class SpillFiles {
    /// One of a command's output streams.
    enum Stream: Int {
        case output, error
    }

    private var files: [FileDescriptor?]
    private let folder = SpillFolder()

    init(slotCount: Int) {
        files = Array(repeating: nil, count: 2 * slotCount)
    }

    deinit {
        for file in files {
            try? file?.close()
        }
    }

    /// Creates all files that do not exist yet; failures are reported when a file is needed.
    func makeAll() {
        for place in files.indices where files[place] == nil {
            files[place] = try? folder.open()
        }
    }

    func file(_ stream: Stream, of slot: Int) throws(PoolmapError) -> FileDescriptor {
        let place = 2 * slot + stream.rawValue
        if let file = files[place] { return file }
        do throws(Errno) {
            let file = try folder.open()
            files[place] = file
            return file
        } catch {
            throw folder.refusal(error)
        }
    }

    /// Writes bytes of a command that do not fit elsewhere.
    func write(
        _ bytes: UnsafeRawBufferPointer, _ stream: Stream, of slot: Int, at offset: UInt64
    ) throws(PoolmapError) {
        let file = try file(stream, of: slot)
        do throws(PoolmapError) {
            try file.writeAll(bytes, at: offset, to: folder.path)
        } catch {
            throw error.errno.map { folder.refusal(Errno(rawValue: $0)) } ?? error
        }
    }

    /// Frees the disk space.
    func clear(_ stream: Stream, of slot: Int) {
        if let file = files[2 * slot + stream.rawValue] {
            ftruncate(file.rawValue, 0)
        }
    }
}
