import CFiles
import Glibc
import SystemPackage

extension FileDescriptor {
    /// Makes a part of this file share the blocks of a part of another, if the file system can do that.
    ///
    /// The C function is `ioctl` with `FICLONERANGE`. May block while the other file's blocks are written to disk.
    ///
    /// - Returns: how many bytes, from the beginning, are shared; the caller copies the rest.
    package func share(
        _ byteCount: UInt64, at offset: UInt64, with source: FileDescriptor, at sourceOffset: UInt64
    ) -> UInt64 {
        let whole = byteCount / FileDescriptor.blockBytes * FileDescriptor.blockBytes
        guard whole > 0, offset % FileDescriptor.blockBytes == 0, sourceOffset % FileDescriptor.blockBytes == 0,
            poolmap_clone_range(
                source.rawValue, off_t(clamping: sourceOffset), off_t(clamping: whole), rawValue,
                off_t(clamping: offset)) == 0
        else { return 0 }
        return whole
    }

    /// The block size of file systems that share blocks; others refuse.
    private static let blockBytes: UInt64 = 4096
}
