import CFiles
import Glibc
import Ground
import SystemPackage

/// An input that is open in the front: a file, which workers read by offset, or a pipe, which only the front reads,
/// from beginning to end.
package final class InputFile {
    /// The name that the user gave, for messages.
    package let name: String
    package let descriptor: FileDescriptor
    /// Whether it is a regular file or a block device, which is read by offset.
    package let isRegular: Bool
    package let status: FileStatus
    /// Where the content begins; for standard input, its offset at the start.
    package let start: UInt64
    /// Where it ends; 0 if only reading tells.
    private let end: UInt64
    /// Whether this object owns the descriptor, unlike that of standard input.
    package let isOwned: Bool
    /// Bytes of a pipe that were read ahead, and will be returned by the next read.
    private var looked: [UInt8] = []
    /// Owns the descriptor instead of this object, once it is shared.
    package var owner: AnyObject?
    /// Where it was found, and the folders that were open then.
    private let place: Place
    private let folders: FolderCache
    /// Where its holes are; nil if it has none.
    private var extents: FileExtents?

    /// Opens a file by its path; does not wait for a writer if it is a named pipe.
    package static func open(path: String) throws(PoolmapError) -> InputFile {
        try open(Place(path: path), FolderCache())
    }

    /// Opens a file whose folder may be open already.
    package static func open(_ place: Place, _ folders: FolderCache) throws(PoolmapError) -> InputFile {
        if place.root == nil, let file = try openDescriptor(place) { return file }
        let descriptor: FileDescriptor
        do throws(Errno) {
            descriptor = try openWithoutWaiting(place, folders)
        } catch {
            throw place.error("", error)
        }
        let file = try InputFile(name: place.path, descriptor, isOwned: true, place, folders)
        if !file.isRegular {
            // Reads must block; callers that must not block ask `hasInput` first. It is false as long as there has been
            // no writer, when a read would report the end.
            let flags = fcntl(file.descriptor.rawValue, F_GETFL)
            _ = fcntl(file.descriptor.rawValue, F_SETFL, flags & ~O_NONBLOCK)
        }
        return file
    }

    /// The input of a name such as `/dev/stdin` that stands for an open descriptor; nil for a file with a size, which
    /// workers read by an offset of their own.
    ///
    /// Opening such a name again needs permissions that this process may lack, and is impossible for a socket.
    private static func openDescriptor(_ place: Place) throws(PoolmapError) -> InputFile? {
        guard case .own(let number)? = DescriptorName(spelled: place.path) else { return nil }
        let descriptor = FileDescriptor(rawValue: number)
        let status = try attempt("") { () throws(Errno) in try FileStatus(of: descriptor) }
        if status.isRegular || status.isBlockDevice || status.isDirectory { return nil }
        return try InputFile(name: place.path, descriptor, isOwned: false, place, FolderCache())
    }

    private static func openWithoutWaiting(
        _ place: Place, _ folders: FolderCache
    ) throws(Errno) -> FileDescriptor {
        do throws(Errno) {
            return try folders.open(place, O_RDONLY | O_NOCTTY | O_NONBLOCK)
        } catch .resourceTemporarilyUnavailable {
            // Another program holds a lease on the file, and is giving it up now.
            return try folders.open(place, O_RDONLY | O_NOCTTY)
        }
    }

    /// Standard input: a pipe, or a regular file from its current offset on.
    package static func standardInput() throws(PoolmapError) -> InputFile {
        try InputFile(name: "standard input", .standardInput, isOwned: false, Place(path: "-"), FolderCache())
    }

    /// Takes over a pipe that this process has created; the name is for messages.
    package convenience init(reading pipe: FileDescriptor, name: String) throws(PoolmapError) {
        try self.init(name: name, pipe, isOwned: true, Place(path: "-"), FolderCache())
    }

    private init(
        name: String, _ descriptor: FileDescriptor, isOwned: Bool, _ place: Place, _ folders: FolderCache
    ) throws(PoolmapError) {
        self.name = name
        (self.place, self.folders) = (place, folders)
        self.descriptor = descriptor
        self.isOwned = isOwned
        let status = try attempt("") { () throws(Errno) in try FileStatus(of: descriptor) }
        self.status = status
        if status.isRegular {
            end = descriptor.endsWhere(status) ? status.byteCount : 0
        } else {
            end = status.isBlockDevice ? descriptor.deviceBytes : 0
        }
        isRegular = end > 0
        // A file with all its blocks allocated has no holes worth asking for.
        extents = isRegular && status.isSparse ? FileExtents(of: descriptor) : nil
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
        if isOwned && owner == nil {
            try? descriptor.close()
        }
    }

    /// The number of bytes from `start` to the end; only for `isRegular`.
    package var byteCount: UInt64 {
        end > start ? end - start : 0
    }

    /// Whether it is a regular file whose size is 0.
    package var isEmptyFile: Bool { status.isRegular && status.byteCount == 0 }

    /// Whether a regular file has content, whatever its size says; does not affect later reads.
    package var hasContent: Bool {
        var byte: UInt8 = 0
        return Glibc.pread(descriptor.rawValue, &byte, 1, 0) > 0
    }

    /// The metadata that an output takes over; nil for a pipe and for standard input.
    package var metadata: FileStatus? {
        isOwned && status.isRegular ? status : nil
    }

    /// The data or the hole at an offset of a sparse file, counted from the file's own beginning; nil for any other
    /// file.
    package func extent(at place: UInt64) -> (isHole: Bool, end: UInt64)? {
        extents?.extent(at: place)
    }

    /// Reads a part of a regular file; `offset` counts from `start`.
    package func reader(at offset: UInt64, byteCount: UInt64) -> FileReader {
        FileReader(descriptor, at: start + offset, byteCount: byteCount, hasHoles: extents != nil)
    }

    /// Sets the offset of a file on standard input to the end of what was read, for other programs to continue.
    ///
    /// The workers read by offset, and moved it only by asking for holes. The C function is `lseek`.
    package func leaveOffset(behind byteCount: UInt64) {
        if !isOwned && isRegular {
            lseek(descriptor.rawValue, off_t(clamping: start + byteCount), SEEK_SET)
        }
    }

    /// Throws if the file has changed since it was opened.
    package func requireUnchanged() throws(PoolmapError) {
        guard status.isRegular else { return }
        let now = try attempt("") { () throws(Errno) in try FileStatus(of: descriptor) }
        if now.hasChanged(since: status) { throw .changedWhileRead }
    }

    /// Removes the file's name, if it still leads to this file and the file is unchanged.
    ///
    /// Returns false if it is not a regular file, which keeps its name. The C function is `unlinkat`.
    package func remove() throws(PoolmapError) -> Bool {
        guard isOwned, !isNamedByDescriptor else { return true }
        guard status.isRegular else { return false }
        var isChanged = false
        let isRemoved = try folders.remove(place) { now in
            guard now.isSameFile(as: status) else { return false }
            isChanged = now.hasChanged(since: status)
            return !isChanged
        }
        if isChanged { throw .changedAfterRead }
        if !isRemoved {
            throw PoolmapError(
                .changed, "was replaced by another file while it was read; the other file is not removed")
        }
        return true
    }

    /// Whether the name stands for an open descriptor, such as `/dev/stdin`, and must stay.
    private var isNamedByDescriptor: Bool {
        guard place.root == nil, FileStatus(ofPath: place.path, followsLinks: false)?.isSymbolicLink == true else {
            return false
        }
        return DescriptorName(place.path) != nil
    }

    /// Reads at least one byte from a pipe; returns 0 at its end.
    ///
    /// Blocks.
    package func readSome(into space: UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int {
        if !looked.isEmpty {
            let count = min(space.count, looked.count)
            space.copyBytes(from: looked.prefix(count))
            looked.removeFirst(count)
            return count
        }
        while true {
            do throws(Errno) {
                return try retryingInterrupted { read(descriptor.rawValue, space.baseAddress, space.count) }
            } catch .resourceTemporarilyUnavailable {
                // Standard input may be a non-blocking pipe that other programs read, too.
                descriptor.waitUntilReady(for: POLLIN)
            } catch {
                throw PoolmapError.system("cannot read", error)
            }
        }
    }
}

extension InputFile {
    /// Reads a small file from its beginning to its end.
    ///
    /// Throws `changed` if it has more than `limit` bytes, or its size has changed. Blocks.
    package func readWhole(into space: inout Scratch, atMost limit: Int) throws(PoolmapError) -> UnsafeRawBufferPointer
    {
        let memory = try space.space(of: min(limit, Int(byteCount == 0 ? UInt64(limit) : byteCount)) + 1)
        var count = 0
        // Stop at the size: if the file has grown, the caller's next check finds that out.
        while count < memory.count, !isRegular || count < byteCount {
            let read = try readSome(into: UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
            if read == 0 { break }
            count += read
        }
        if count > limit || (isRegular && count != byteCount) { throw .changedWhileRead }
        return UnsafeRawBufferPointer(rebasing: memory[..<count])
    }

    /// Puts bytes that were read from a pipe back, for the next read.
    package func putBack(_ bytes: [UInt8]) {
        looked = bytes
    }

    /// Whether it is a file of known size, and not standard input.
    package var hasKnownSize: Bool { isOwned && isRegular }
}

extension FileDescriptor {
    /// Whether a regular file has as many bytes as its size says.
    ///
    /// Files that the kernel generates, as in /sys, often claim the size of a page or 0, and so may those of a
    /// user-space file system. Such a file has no blocks on a disk, and is read to its end, like a pipe.
    fileprivate func endsWhere(_ status: FileStatus) -> Bool {
        guard status.byteCount > 0 else { return false }
        if status.allocatedBytes >= status.byteCount { return true }
        var bytes: UInt16 = 0
        let count = Glibc.pread(rawValue, &bytes, 2, off_t(clamping: status.byteCount - 1))
        // An unreadable file fails again later, and a file that is being written has changed since it was found.
        guard count == 0 || count == 2, let now = try? FileStatus(of: self) else { return true }
        return now.hasChanged(since: status)
    }

    /// The size of a block device, which its status does not give.
    fileprivate var deviceBytes: UInt64 {
        let offset = Glibc.lseek(rawValue, 0, SEEK_CUR)
        let end = Glibc.lseek(rawValue, 0, SEEK_END)
        Glibc.lseek(rawValue, offset, SEEK_SET)
        return UInt64(max(0, end))
    }
}

extension InputFile {
    /// Reads a part of a regular file; offsets count from `start`.
    package func readBytes(at offset: UInt64, count: Int) throws(PoolmapError) -> [UInt8] {
        try descriptor.readBytes(at: start + offset, count: count)
    }

    /// Whether a read from a pipe would not block, because there are bytes or it has ended.
    ///
    /// Waits for that for at most `timeout`; nil means forever.
    package func hasInput(timeout: Duration? = .zero) -> Bool {
        if !looked.isEmpty { return true }
        return descriptor.waitUntilReady(for: POLLIN, timeout: timeout)
    }
}
