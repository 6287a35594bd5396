import Glibc
import Ground
import SystemPackage

extension FolderCache {
    /// Reads the whole content of a small file, with the fewest system calls that make sure of it: the name was looked
    /// up before, and the file is opened, read, and checked once more.
    ///
    /// Returns nil if the name leads to another file by now, if the file cannot be read, or if its status is of little
    /// use, as for files that the kernel generates; `InputFile` then finds out what it is. If a pipe has taken the
    /// file's place, nothing of it is consumed, since a pipe cannot be read by offset.
    ///
    /// Blocks. Throws `changed` if the file changed since it was found.
    ///
    /// - Parameter found: the fresh status of the file.
    package func content(
        of place: Place, as found: FileStatus, into space: inout Scratch
    ) throws(PoolmapError) -> UnsafeRawBufferPointer? {
        guard found.isRegular, !found.isSparse, 1...UInt64(Int32.max) ~= found.byteCount,
            let descriptor = try? open(place, O_RDONLY | O_NOCTTY | O_NONBLOCK)
        else { return nil }
        defer { try? descriptor.close() }
        // One byte more, to notice if the file has grown.
        let memory = try space.space(of: Int(found.byteCount) + 1)
        let count = pread(descriptor.rawValue, memory.baseAddress, memory.count, 0)
        // The inode number of a removed file may have been reused.
        guard let now = try? FileStatus(of: descriptor), now.isRegular, now.isSameFile(as: found) else { return nil }
        if now.hasChanged(since: found) { throw .changedWhileRead }
        return count == memory.count - 1 ? UnsafeRawBufferPointer(rebasing: memory[..<count]) : nil
    }
}
