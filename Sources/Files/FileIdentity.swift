import Ground

/// Identifies a file and its state, to tell later whether a name still leads to the same unchanged file.
///
/// A name that is looked up twice may lead to another file the second time, for example through a symbolic link.
package struct FileIdentity: Equatable, BitwiseCopyable {
    package let device: UInt64
    let inode: UInt64
    package let byteCount: UInt64
    package let modifiedSeconds: Int64
    package let modifiedNanoseconds: Int64
    let changedSeconds: Int64
    let changedNanoseconds: Int64
    /// The file type and the permissions.
    package let mode: UInt32

    package init(_ status: FileStatus) {
        device = UInt64(status.device)
        inode = UInt64(status.inode)
        byteCount = status.byteCount
        modifiedSeconds = Int64(status.modified.tv_sec)
        modifiedNanoseconds = Int64(status.modified.tv_nsec)
        changedSeconds = Int64(status.changed.tv_sec)
        changedNanoseconds = Int64(status.changed.tv_nsec)
        mode = status.mode
    }

    /// Throws unless the status is of the same file, unchanged.
    package func require(_ status: FileStatus) throws(PoolmapError) {
        guard FileIdentity(status) == self else { throw .changedWhileRead }
    }
}

extension FileIdentity {
    /// The identity as numbers, the form in which the identities of many files are sent.
    package var numbers: [UInt64] {
        [
            device, inode, byteCount, UInt64(bitPattern: modifiedSeconds), UInt64(bitPattern: modifiedNanoseconds),
            UInt64(bitPattern: changedSeconds), UInt64(bitPattern: changedNanoseconds), UInt64(mode),
        ]
    }

    static let numberCount = 8

    /// The identity from `numberCount` numbers.
    package init(numbers: ArraySlice<UInt64>) {
        var rest = numbers
        func next() -> UInt64 { rest.popFirst() ?? 0 }
        device = next()
        inode = next()
        byteCount = next()
        modifiedSeconds = Int64(bitPattern: next())
        modifiedNanoseconds = Int64(bitPattern: next())
        changedSeconds = Int64(bitPattern: next())
        changedNanoseconds = Int64(bitPattern: next())
        mode = UInt32(truncatingIfNeeded: next())
    }
}

extension PoolmapError {
    /// The file changed during the read, so the bytes read may mix old and new content.
    package static let changedWhileRead = PoolmapError(.changed, "changed while it was read")

    /// The file changed after the read, so its present content was not read.
    package static let changedAfterRead = PoolmapError(.changed, "changed after it was read; it is not removed")
}
