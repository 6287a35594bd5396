import CPoolmap
import Glibc
import Multiprocessing
import SystemPackage

/// An input that is open in the front: a regular file, which workers read at any place, or a pipe, which only the
/// front reads, from its beginning to its end.
final class InputFile {
    /// As the user gave it; for messages.
    let name: String
    let descriptor: FileDescriptor
    /// A regular file that is read by offset.
    let isRegular: Bool
    let status: FileStatus
    /// Where the content begins: for a regular file on standard input, where its offset stood.
    let start: UInt64
    private let isOwned: Bool
    /// Owns the descriptor once workers may have use for it.
    private var shared: SharedDescriptor?
    /// Where it was found, and the folders that were open then.
    private let place: Place
    private let folders: FolderCache

    /// Opens a file by its path; does not wait for a writer where it is a named pipe.
    static func open(path: String) throws(PoolmapError) -> InputFile {
        try open(Place(path: path), FolderCache())
    }

    /// The same where its folder may be open already.
    static func open(_ place: Place, _ folders: FolderCache) throws(PoolmapError) -> InputFile {
        let descriptor: FileDescriptor
        do throws(Errno) {
            descriptor = try openWithoutWaiting(place, folders)
        } catch {
            throw place.error("", error)
        }
        let file = try InputFile(name: place.path, descriptor, isOwned: true, place, folders)
        if !file.isRegular {
            // Reads are to wait; `hasInput` tells who does not want to. It is false while there was never a writer,
            // where a read would find the end.
            let flags = fcntl(file.descriptor.rawValue, F_GETFL)
            _ = fcntl(file.descriptor.rawValue, F_SETFL, flags & ~O_NONBLOCK)
        }
        return file
    }

    private static func openWithoutWaiting(
        _ place: Place, _ folders: FolderCache
    ) throws(Errno) -> FileDescriptor {
        do throws(Errno) {
            return try folders.open(place, O_RDONLY | O_NOCTTY | O_NONBLOCK)
        } catch .resourceTemporarilyUnavailable {
            // Another program has a lease on the file, and gives it up now.
            return try folders.open(place, O_RDONLY | O_NOCTTY)
        }
    }

    /// The standard input: a pipe, or a regular file from where its offset stands.
    static func standardInput() throws(PoolmapError) -> InputFile {
        try InputFile(name: "standard input", .standardInput, isOwned: false, Place(path: "-"), FolderCache())
    }

    private init(
        name: String, _ descriptor: FileDescriptor, isOwned: Bool, _ place: Place, _ folders: FolderCache
    ) throws(PoolmapError) {
        self.name = name
        (self.place, self.folders) = (place, folders)
        self.descriptor = descriptor
        self.isOwned = isOwned
        status = try attempt("") { () throws(Errno) in try FileStatus(of: descriptor) }
        // Files such as those in /proc have content and no size: they are read to their end, like pipes.
        isRegular = status.isRegular && status.byteCount > 0
        let offset = isRegular && !isOwned ? lseek(descriptor.rawValue, 0, SEEK_CUR) : 0
        start = UInt64(max(0, offset))
        if status.isDirectory {
            throw PoolmapError(.system, "is a directory, not a file")
        }
        if !isRegular {
            poolmap_widen_pipe(descriptor.rawValue)
        }
    }

    deinit {
        if isOwned && shared == nil {
            try? descriptor.close()
        }
    }

    /// The number of bytes from `start` to the end, for a regular file.
    var byteCount: UInt64 {
        status.byteCount > start ? status.byteCount - start : 0
    }

    /// What an output is to take over; nil of a pipe, and of standard input, which has no name to be kept beside.
    var metadata: FileStatus? {
        isOwned && status.isRegular ? status : nil
    }

    /// How a worker has the file.
    var reference: FileReference {
        if isOwned && shared == nil {
            shared = SharedDescriptor(owning: descriptor)
        }
        return FileReference(name: name, shared: shared)
    }

    /// Throws if the file is not as it was when it was opened.
    func requireUnchanged() throws(PoolmapError) {
        guard isRegular else { return }
        let now = try attempt("") { () throws(Errno) in try FileStatus(of: descriptor) }
        if now.byteCount != status.byteCount || now.modified != status.modified {
            throw PoolmapError(.changed, "changed while it was read")
        }
    }

    /// Takes the file's name away, if it is still this file's.
    ///
    /// The C function is `unlinkat`.
    func remove() throws(PoolmapError) {
        guard isOwned else { return }
        let isRemoved = try folders.remove(place) { $0.isSameFile(as: status) }
        if !isRemoved {
            throw PoolmapError(.changed, "was replaced by another file while it was read; that is not removed")
        }
    }

    /// Reads from a pipe: at least one byte, or 0 at its end.
    ///
    /// Blocks.
    func readSome(into space: UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int {
        try attempt("cannot read") { () throws(Errno) in
            try retryingInterrupted { read(descriptor.rawValue, space.baseAddress, space.count) }
        }
    }
}

extension InputFile {
    /// Reads a part of a regular file; offsets count from where the input begins.
    func readBytes(at offset: UInt64, count: Int) throws(PoolmapError) -> [UInt8] {
        try descriptor.readBytes(at: start + offset, count: count)
    }

    /// Whether a read from a pipe would not block: there are bytes, or its end.
    ///
    /// Waits for that no longer than `timeout`; nil is for ever.
    func hasInput(timeout: Duration? = .zero) throws(PoolmapError) -> Bool {
        do {
            return try !Multiprocessing.wait(for: [descriptor], timeout: timeout).isEmpty
        } catch {
            throw PoolmapError(error, else: .failed)
        }
    }
}

/// Reads a part of a file from its beginning to its end.
struct FileReader {
    private let descriptor: FileDescriptor
    private var offset: UInt64
    private let end: UInt64

    init(_ descriptor: FileDescriptor, at offset: UInt64, byteCount: UInt64) {
        self.descriptor = descriptor
        self.offset = offset
        end = offset + byteCount
    }

    /// Fills the space, or as much of it as there is; returns the number of bytes, 0 at the end.
    mutating func read(into space: UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int {
        let count = Int(min(UInt64(space.count), end - offset))
        try descriptor.readAll(into: UnsafeMutableRawBufferPointer(rebasing: space[..<count]), at: offset)
        offset += UInt64(count)
        return count
    }
}
