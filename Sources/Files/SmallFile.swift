import Glibc
import Ground
import SystemPackage

extension FolderCache {
    /// The whole content of a small file, with no more system calls than it takes to be sure of that: it was looked at by
    /// its name, and is opened, read, and looked at once more.
    ///
    /// nil where the name leads to another file by now, where it cannot be read, and where its status says little, as of
    /// what the kernel makes up: `InputFile` tells then what it is. Of what has taken the file's place nothing is consumed,
    /// as a pipe cannot be read by offset.
    ///
    /// Blocks. Throws `changed` where it was changed since it was found.
    ///
    /// - Parameter found: what the name has just led to, not as somebody remembered it.
    package func content(
        of place: Place, as found: FileStatus, into space: inout Scratch
    ) throws(PoolmapError) -> UnsafeRawBufferPointer? {
        guard found.isRegular, !found.isSparse, 1...UInt64(Int32.max) ~= found.byteCount,
            let descriptor = try? open(place, O_RDONLY | O_NOCTTY | O_NONBLOCK)
        else { return nil }
        defer { try? descriptor.close() }
        // One byte more would be what the file has grown by.
        let memory = try space.space(of: Int(found.byteCount) + 1)
        let count = pread(descriptor.rawValue, memory.baseAddress, memory.count, 0)
        // A file that is gone may have left its number to something else.
        guard let now = try? FileStatus(of: descriptor), now.isRegular, now.isSameFile(as: found) else { return nil }
        if now.hasChanged(since: found) { throw .changedWhileRead }
        return count == memory.count - 1 ? UnsafeRawBufferPointer(rebasing: memory[..<count]) : nil
    }
}
