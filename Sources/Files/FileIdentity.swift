import Ground

/// What tells that a file is still the one that was found, and as it was found.
///
/// Whoever reads a name twice may find another file the second time, also one that a symbolic link leads to.
package struct FileIdentity: Equatable, BitwiseCopyable {
    package let device: UInt64
    let inode: UInt64
    package let byteCount: UInt64
    package let modifiedSeconds: Int64
    package let modifiedNanoseconds: Int64
    let changedSeconds: Int64
    let changedNanoseconds: Int64
    /// The type and the permissions.
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

    /// Throws unless this is the file, and as it was.
    package func require(_ status: FileStatus) throws(PoolmapError) {
        guard FileIdentity(status) == self else { throw .changedWhileRead }
    }
}

extension FileIdentity {
    /// The same as numbers, which many files' identities travel as.
    package var numbers: [UInt64] {
        [
            device, inode, byteCount, UInt64(bitPattern: modifiedSeconds), UInt64(bitPattern: modifiedNanoseconds),
            UInt64(bitPattern: changedSeconds), UInt64(bitPattern: changedNanoseconds), UInt64(mode),
        ]
    }

    static let numberCount = 8

    /// The identity of so many numbers, `numberCount`.
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
    /// What was read is neither what was there before nor what is there now.
    package static let changedWhileRead = PoolmapError(.changed, "changed while it was read")

    /// What was read is there no more, and what is there was not read.
    package static let changedAfterRead = PoolmapError(.changed, "changed after it was read; it is not removed")
}
