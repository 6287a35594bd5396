import CFiles
import Glibc
import Ground
import SystemPackage

/// An input that is open in the front: a file that workers read at any place, or a pipe, which only the front reads, from
/// its beginning to its end.
package final class InputFile {
    /// As the user gave it; for messages.
    package let name: String
    package let descriptor: FileDescriptor
    /// A regular file or a block device, which is read by offset.
    package let isRegular: Bool
    package let status: FileStatus
    /// Where the content begins: of what is on standard input, where its offset stood.
    package let start: UInt64
    /// Where it ends; 0 where only reading tells.
    private let end: UInt64
    /// Whether the descriptor is its own, and not standard input.
    package let isOwned: Bool
    /// Bytes of a pipe that were looked at, and are to be read again.
    private var looked: [UInt8] = []
    /// Owns the descriptor in place of this, once others have it too.
    package var owner: AnyObject?
    /// Where it was found, and the folders that were open then.
    private let place: Place
    private let folders: FolderCache
    /// Where its holes are; nil where it has none.
    private var extents: FileExtents?

    /// Opens a file by its path; does not wait for a writer where it is a named pipe.
    package static func open(path: String) throws(PoolmapError) -> InputFile {
        try open(Place(path: path), FolderCache())
    }

    /// The same where its folder may be open already.
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
            // Reads are to wait; `hasInput` tells who does not want to. It is false while there was never a writer,
            // where a read would find the end.
            let flags = fcntl(file.descriptor.rawValue, F_GETFL)
            _ = fcntl(file.descriptor.rawValue, F_SETFL, flags & ~O_NONBLOCK)
        }
        return file
    }

    /// What is open already, as `/dev/stdin`; nil for a file with a size, which workers read by an offset of their own.
    ///
    /// To open such a name anew takes rights that who opened it need not have, and a socket has no other way.
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
            // Another program has a lease on the file, and gives it up now.
            return try folders.open(place, O_RDONLY | O_NOCTTY)
        }
    }

    /// The standard input: a pipe, or a regular file from where its offset stands.
    package static func standardInput() throws(PoolmapError) -> InputFile {
        try InputFile(name: "standard input", .standardInput, isOwned: false, Place(path: "-"), FolderCache())
    }

    /// A pipe that this process has made, which it takes over; the name is for messages.
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
        // One that has all its room on the disk has no hole that would be worth a question.
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

    /// The number of bytes from `start` to the end, where `isRegular`.
    package var byteCount: UInt64 {
        end > start ? end - start : 0
    }

    /// A regular file that says it is empty.
    package var isEmptyFile: Bool { status.isRegular && status.byteCount == 0 }

    /// Whether a regular file has something at its beginning, whatever it says; the next read is not another for that.
    package var hasContent: Bool {
        var byte: UInt8 = 0
        return Glibc.pread(descriptor.rawValue, &byte, 1, 0) > 0
    }

    /// What an output is to take over; nil of a pipe, and of standard input, which has no name to be kept beside.
    package var metadata: FileStatus? {
        isOwned && status.isRegular ? status : nil
    }

    /// The data or the hole at a place of a sparse file, counted from the file's own beginning; nil of any other.
    package func extent(at place: UInt64) -> (isHole: Bool, end: UInt64)? {
        extents?.extent(at: place)
    }

    /// Reads a part of a regular file; `offset` counts from where the input begins.
    package func reader(at offset: UInt64, byteCount: UInt64) -> FileReader {
        FileReader(descriptor, at: start + offset, byteCount: byteCount, hasHoles: extents != nil)
    }

    /// Leaves the offset of a file on standard input behind what was read of it, where others may go on: the workers
    /// have read elsewhere, and moved it as they asked for holes.
    ///
    /// The C function is `lseek`.
    package func leaveOffset(behind byteCount: UInt64) {
        if !isOwned && isRegular {
            lseek(descriptor.rawValue, off_t(clamping: start + byteCount), SEEK_SET)
        }
    }

    /// Throws if the file is not as it was when it was opened.
    package func requireUnchanged() throws(PoolmapError) {
        guard status.isRegular else { return }
        let now = try attempt("") { () throws(Errno) in try FileStatus(of: descriptor) }
        if now.hasChanged(since: status) { throw .changedWhileRead }
    }

    /// Takes the file's name away, if it is still this file's, and the file as it was read.
    ///
    /// False where it is no regular file, and so keeps its name. The C function is `unlinkat`.
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
            throw PoolmapError(.changed, "was replaced by another file while it was read; that is not removed")
        }
        return true
    }

    /// Whether the name is that of an open descriptor, as `/dev/stdin`, which stays.
    private var isNamedByDescriptor: Bool {
        guard place.root == nil, FileStatus(ofPath: place.path, followsLinks: false)?.isSymbolicLink == true else {
            return false
        }
        return DescriptorName(place.path) != nil
    }

    /// Reads from a pipe: at least one byte, or 0 at its end.
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
                // Standard input may be a pipe that others read without waiting, and they may have been faster.
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
    /// Throws `changed` where it has more than `limit` bytes, or another size than it had. Blocks.
    package func readWhole(into space: inout Scratch, atMost limit: Int) throws(PoolmapError) -> UnsafeRawBufferPointer
    {
        let memory = try space.space(of: min(limit, Int(byteCount == 0 ? UInt64(limit) : byteCount)) + 1)
        var count = 0
        // A file that has all that it said has no more, or it has changed, which whoever reads it asks next.
        while count < memory.count, !isRegular || count < byteCount {
            let read = try readSome(into: UnsafeMutableRawBufferPointer(rebasing: memory[count...]))
            if read == 0 { break }
            count += read
        }
        if count > limit || (isRegular && count != byteCount) { throw .changedWhileRead }
        return UnsafeRawBufferPointer(rebasing: memory[..<count])
    }

    /// Has the next read from a pipe begin with these bytes, which were read.
    package func putBack(_ bytes: [UInt8]) {
        looked = bytes
    }

    /// A file whose size its name tells, and not standard input.
    package var hasKnownSize: Bool { isOwned && isRegular }
}

extension FileDescriptor {
    /// Whether a regular file has as many bytes as it says.
    ///
    /// What the kernel makes up, as in /sys, often says the size of a page or nothing, and so may a file system that is
    /// a program. Such a file has no room on a disk, and is read to its end, like a pipe.
    fileprivate func endsWhere(_ status: FileStatus) -> Bool {
        guard status.byteCount > 0 else { return false }
        if status.allocatedBytes >= status.byteCount { return true }
        var bytes: UInt16 = 0
        let count = Glibc.pread(rawValue, &bytes, 2, off_t(clamping: status.byteCount - 1))
        // What cannot be read says so again, and what is being written is not the file that was found.
        guard count == 0 || count == 2, let now = try? FileStatus(of: self) else { return true }
        return now.hasChanged(since: status)
    }

    /// The size of a block device, which its status does not say.
    fileprivate var deviceBytes: UInt64 {
        let offset = Glibc.lseek(rawValue, 0, SEEK_CUR)
        let end = Glibc.lseek(rawValue, 0, SEEK_END)
        Glibc.lseek(rawValue, offset, SEEK_SET)
        return UInt64(max(0, end))
    }
}

extension InputFile {
    /// Reads a part of a regular file; offsets count from where the input begins.
    package func readBytes(at offset: UInt64, count: Int) throws(PoolmapError) -> [UInt8] {
        try descriptor.readBytes(at: start + offset, count: count)
    }

    /// Whether a read from a pipe would not block: there are bytes, or its end.
    ///
    /// Waits for that no longer than `timeout`; nil is for ever.
    package func hasInput(timeout: Duration? = .zero) -> Bool {
        if !looked.isEmpty { return true }
        return descriptor.waitUntilReady(for: POLLIN, timeout: timeout)
    }
}
