import Glibc

/// The name of a bound Unix socket in the file system, which its maker removes when the socket is closed.
///
/// The kernel does not remove it: a killed process leaves the name behind, and the next one that binds there gets
/// "address in use". A normal exit removes the remaining names. Only the file that was made is removed, since another
/// process may have put its own in its place.
final class SocketName {
    // C strings, so that a signal handler can remove the name without allocating memory.
    private let path: UnsafeMutablePointer<CChar>?
    private let directory: UnsafeMutablePointer<CChar>?
    private let device: dev_t
    private let inode: ino_t
    private let owner = getpid()

    private static let lock = ThreadLock()
    nonisolated(unsafe) private static var known: [ObjectIdentifier: Unmanaged<SocketName>] = [:]
    nonisolated(unsafe) private static var hasExitHandler = false

    /// Records a name that was just made.
    ///
    /// - Parameter directory: made only for this name, and removed with it.
    init(_ path: String, directory: String?) {
        var information = stat()
        lstat(path, &information)
        (device, inode) = (information.st_dev, information.st_ino)
        self.path = strdup(path)
        self.directory = directory.flatMap { strdup($0) }
        SocketName.lock.withLock {
            SocketName.known[ObjectIdentifier(self)] = .passUnretained(self)
            if !SocketName.hasExitHandler {
                SocketName.hasExitHandler = true
                atexit { SocketName.removeAll() }
            }
        }
    }

    deinit {
        SocketName.lock.withLock { _ = SocketName.known.removeValue(forKey: ObjectIdentifier(self)) }
        free(path)
        free(directory)
    }

    /// Removes the name, if this process made it and it is still the same file.
    ///
    /// A signal handler may call it.
    func remove() {
        guard owner == getpid(), let path else { return }
        var information = stat()
        if lstat(path, &information) == 0 && information.st_dev == device && information.st_ino == inode {
            unlink(path)
        }
        if let directory {
            rmdir(directory)
        }
    }

    private static func removeAll() {
        for name in known.values {
            name.takeUnretainedValue().remove()
        }
    }
}
