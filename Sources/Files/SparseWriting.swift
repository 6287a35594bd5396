import Glibc
import Ground
import SystemPackage

/// Where zeros become holes, which take no space on disk and read as zeros.
package enum SparseOutput: Sendable {
    /// Nowhere: all bytes are written.
    case never
    /// In targets that are new files.
    case files
    /// Also on standard output, if that is a regular file not open for appending.
    case filesAndStandardOutput
}

/// The block size of common file systems; a hole must fill whole blocks to save space.
private let blockBytes = 4096
/// The smallest run of zeros that becomes a hole between two parts with data.
///
/// Measured on ext4, including the write to disk: with holes of 4 KiB decompression takes two to three times as long,
/// with holes of 16 KiB a third longer; holes of 32 KiB make it faster.
private let leastHoleBytes = 32 << 10

extension UnsafeRawBufferPointer {
    /// Calls `body` with each part that must be written, in order; everything between them and at both ends is zeros.
    ///
    /// - Parameter offset: the offset of the bytes in the file.
    fileprivate func forEachWrittenPart(
        at offset: UInt64, _ body: (Range<Int>) throws(PoolmapError) -> Void
    ) throws(PoolmapError) {
        var written: Range<Int>?
        var position = 0
        while position < count {
            let end = Swift.min(count, position + blockBytes - Int((offset + UInt64(position)) % UInt64(blockBytes)))
            if !isZero(in: position..<end) {
                if let part = written, position - part.upperBound >= leastHoleBytes {
                    try body(part)
                    written = nil
                }
                written = (written?.lowerBound ?? position)..<end
            }
            position = end
        }
        if let written { try body(written) }
    }

    private func isZero(in range: Range<Int>) -> Bool {
        guard self[range.lowerBound] == 0, let base = baseAddress?.advanced(by: range.lowerBound) else { return false }
        // All bytes are zero if each one equals the one before it.
        return memcmp(base, base + 1, range.count - 1) == 0
    }
}

extension FileDescriptor {
    /// Writes all of `bytes` at an offset where nothing was written before.
    ///
    /// Blocks. The name is for the error. Returns false if nothing had to be written.
    ///
    /// - Parameter leavesHoles: whether to leave zeros out; the file may then end before them.
    @discardableResult
    package func write(
        _ bytes: UnsafeRawBufferPointer, at offset: UInt64, to name: String, leavesHoles: Bool
    ) throws(PoolmapError) -> Bool {
        guard leavesHoles else {
            try writeAll(bytes, at: offset, to: name)
            return true
        }
        var isAnything = false
        try bytes.forEachWrittenPart(at: offset) { (part) throws(PoolmapError) in
            isAnything = true
            try writeAll(
                UnsafeRawBufferPointer(rebasing: bytes[part]), at: offset + UInt64(part.lowerBound), to: name)
        }
        return isAnything
    }

    /// Extends a file that ends in a hole to its full length.
    ///
    /// The C function is `ftruncate`.
    package func extend(to byteCount: UInt64, name: String) throws(PoolmapError) {
        try attempt("cannot write \(name)") { () throws(Errno) in
            if try FileStatus(of: self).byteCount < byteCount {
                _ = try retryingInterrupted { ftruncate(rawValue, off_t(clamping: byteCount)) }
            }
        }
    }
}

/// Standard output, which may be a file that gets holes.
///
/// Bytes can be left out only after the end of that file, where they read as zeros.
package final class SparseStream {
    private let descriptor: FileDescriptor
    /// The offset of the next bytes, and the descriptor's own offset; nil before the first bytes, since another process
    /// may still be writing, and nil if nothing can be left out.
    private var place: (next: UInt64, descriptor: UInt64)?
    private var hasBegun = false

    package init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    deinit {
        // After an error, the output written so far is complete, including its last zeros.
        try? finish()
    }

    /// Blocks.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        if !hasBegun {
            hasBegun = true
            place = firstPlace()
        }
        guard let start = place?.next else { return try descriptor.writeAll(bytes, to: name) }
        try bytes.forEachWrittenPart(at: start) { (part) throws(PoolmapError) in
            try seek(to: start + UInt64(part.lowerBound))
            try descriptor.writeAll(UnsafeRawBufferPointer(rebasing: bytes[part]), to: name)
            place?.descriptor = start + UInt64(part.upperBound)
        }
        place?.next = start + UInt64(bytes.count)
    }

    private let name = "standard output"

    private func firstPlace() -> (UInt64, UInt64)? {
        let flags = fcntl(descriptor.rawValue, F_GETFL)
        guard flags >= 0, flags & O_APPEND == 0, let status = try? FileStatus(of: descriptor), status.isRegular else {
            return nil
        }
        let offset = lseek(descriptor.rawValue, 0, SEEK_CUR)
        guard offset >= 0, UInt64(offset) >= status.byteCount else { return nil }
        return (UInt64(offset), UInt64(offset))
    }

    private func seek(to offset: UInt64) throws(PoolmapError) {
        guard place?.descriptor != offset else { return }
        try attempt("cannot write \(name)") { () throws(Errno) in
            _ = try retryingInterrupted { lseek(descriptor.rawValue, off_t(clamping: offset), SEEK_SET) }
        }
    }

    /// Writes the zeros at the end of the file, and leaves the offset after them.
    package func finish() throws(PoolmapError) {
        guard let end = place?.next else { return }
        try seek(to: end)
        place?.descriptor = end
        try descriptor.extend(to: end, name: name)
    }
}
