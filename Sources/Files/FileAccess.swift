import Glibc
import Ground
import SystemPackage

extension FileDescriptor {
    /// Reads `count` bytes from `offset` on; throws `changed` if the file ends before.
    package func readBytes(at offset: UInt64, count: Int) throws(PoolmapError) -> [UInt8] {
        var failure: PoolmapError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { space, initialized in
            do throws(PoolmapError) {
                try readAll(
                    into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(space)[..<count]),
                    at: offset)
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Fills `space` from `offset` on; throws `changed` if the file ends before.
    package func readAll(into space: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(PoolmapError) {
        var done = 0
        while done < space.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: space[done...])
            let place = off_t(clamping: offset + UInt64(done))
            let count = try attempt("cannot read") { () throws(Errno) in
                try retryingInterrupted { Glibc.pread(rawValue, rest.baseAddress, rest.count, place) }
            }
            if count == 0 {
                throw PoolmapError(.changed, "became shorter while it was read")
            }
            done += count
        }
    }

    /// Writes all of `bytes` at `offset`, or at the descriptor's own offset if that is nil.
    ///
    /// Blocks. The name is for the error.
    package func writeAll(
        _ bytes: UnsafeRawBufferPointer, at offset: UInt64? = nil, to name: String
    ) throws(PoolmapError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            do throws(Errno) {
                done += try retryingInterrupted {
                    guard let offset else { return Glibc.write(rawValue, rest.baseAddress, rest.count) }
                    return Glibc.pwrite(rawValue, rest.baseAddress, rest.count, off_t(clamping: offset + UInt64(done)))
                }
            } catch .resourceTemporarilyUnavailable {
                // The program that started this one set the pipe or socket to non-blocking; that is no error here.
                waitUntilReady(for: POLLOUT)
            } catch {
                throw error == .brokenPipe
                    ? .outputClosed
                    : PoolmapError.system("cannot write \(name)", error)
            }
        }
    }
}

extension FileDescriptor {
    /// Waits until a read or write would not block, or the other end is gone; false after the timeout.
    ///
    /// Blocks for at most `timeout`; nil means forever. The C function is `poll`.
    @discardableResult
    package func waitUntilReady(for events: Int32, timeout: Duration? = nil) -> Bool {
        var entry = pollfd(fd: rawValue, events: Int16(events), revents: 0)
        let milliseconds = timeout.map {
            Int32(clamping: $0.components.seconds * 1000 + $0.components.attoseconds / 1_000_000_000_000_000)
        }
        // The next read or write reports any other error.
        return (try? retryingInterrupted { poll(&entry, 1, milliseconds ?? -1) }) != 0
    }
}

extension FileDescriptor {
    /// Gives a file the mode that the umask gives to new files; returns the error, or nil.
    ///
    /// - Parameter now: its present status.
    package func giveModeOfNewFile(from now: FileStatus) -> Errno? {
        let mask = umask(0)
        umask(mask)
        let wanted = 0o666 & ~mask
        guard fchmod(rawValue, wanted) != 0 else { return nil }
        let refusal = Errno(rawValue: errno)
        // Some file systems have a fixed mode for all files, which may be enough.
        return now.permissions & wanted == wanted ? nil : refusal
    }

    /// Gives an output the mode, owner and times of its source, as far as possible.
    ///
    /// Not every file system has them, and this process may lack the permission to set them: the content is what
    /// counts.
    ///
    /// - Parameter now: its present status; nil if it is not known.
    /// - Returns: why the mode or the times could not be set, or, for root, the owner.
    package func carryOver(_ source: FileStatus, from now: FileStatus? = nil) -> Errno? {
        var refusal: Errno?
        func attempt(_ call: () -> Int32) -> Bool {
            do throws(Errno) {
                _ = try retryingInterrupted(call)
                return true
            } catch {
                refusal = refusal ?? error
                return false
            }
        }
        // Only root may change the owner; for others the file stays their own.
        let hasOwner = now.map { $0.owner == source.owner && $0.group == source.group } ?? false
        if !hasOwner {
            _ = attempt { fchown(rawValue, source.owner, source.group) }
        }
        if refusal != nil, geteuid() != 0 { refusal = nil }
        // Without the set-user-ID bit, as zstd, gzip and xz do: whoever created the file may have set it.
        let permissions = source.permissions & 0o777
        // Changing the owner may have changed the mode.
        if !hasOwner || now?.permissions != permissions {
            _ = attempt { fchmod(rawValue, permissions) }
        }
        let times = [source.accessed, source.modified]
        _ = attempt { futimens(rawValue, times) }
        return refusal
    }
}

extension FileDescriptor {
    /// Writes the file's content to disk.
    ///
    /// Blocks. The name is for the error. The C function is `fsync`.
    package func sync(name: String) throws(PoolmapError) {
        try attempt("cannot sync \(name)") { () throws(Errno) in
            _ = try retryingInterrupted { fsync(rawValue) }
        }
    }

    /// Returns the status of this file, which will become `path`; throws unless it has as many bytes as were written to
    /// it.
    package func status(having byteCount: UInt64, of path: String) throws(PoolmapError) -> FileStatus {
        let status = try attempt("cannot read \(path)") { () throws(Errno) in try FileStatus(of: self) }
        guard status.byteCount == byteCount else {
            throw PoolmapError(.failed, "\(path) has \(status.byteCount) bytes, but \(byteCount) were written")
        }
        return status
    }

    /// Whether the target already has this file's content and must be left alone; it is then as durable as a new one.
    ///
    /// - Parameter path: the target's path, for errors.
    package func isToBeDropped(
        for name: String, in folder: Folder, path: String, _ policy: OutputPolicy, byteCount: UInt64
    ) throws(PoolmapError) -> Bool {
        // Opening a named pipe would be noticed at its other end.
        guard policy.keepsUnchanged, folder.status(of: name, followsLinks: true)?.isRegular == true,
            let existing = try? folder.open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK)
        else { return false }
        defer { try? existing.close() }
        guard let status = try? FileStatus(of: existing), status.isRegular, status.byteCount == byteCount,
            try hasSameContent(as: existing, byteCount: byteCount)
        else { return false }
        if policy.isDurable {
            // Whoever wrote it may not have synced it.
            try existing.sync(name: path)
            try folder.sync(for: path)
        }
        return true
    }

    private func hasSameContent(as other: FileDescriptor, byteCount: UInt64) throws(PoolmapError) -> Bool {
        let pieceBytes = 1 << 17
        let memory = try allocate(2 * pieceBytes)
        defer { free(memory.baseAddress) }
        let spaces = [memory[..<pieceBytes], memory[pieceBytes...]].map { UnsafeMutableRawBufferPointer(rebasing: $0) }
        var one = FileReader(self, at: 0, byteCount: byteCount, hasHoles: true)
        var two = FileReader(other, at: 0, byteCount: byteCount, hasHoles: true)
        while true {
            let count = try one.read(into: spaces[0])
            if count == 0 { return true }
            _ = try two.read(into: spaces[1])
            guard let left = spaces[0].baseAddress, let right = spaces[1].baseAddress, memcmp(left, right, count) == 0
            else { return false }
        }
    }
}

/// A path up to and including its last slash; empty if it has none.
///
/// Compares bytes: a name may begin with a combining mark, which a `String` joins with the slash into one character.
package func folderPrefix(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
    return String(path[..<path.utf8.index(after: slash)])
}

/// The folder of a path, including the slash at its end; "." if it has none.
package func folderOf(_ path: String) -> String {
    let prefix = folderPrefix(of: path)
    return prefix.isEmpty ? "." : prefix
}

/// The part of a path after its last slash.
package func lastName(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
}
