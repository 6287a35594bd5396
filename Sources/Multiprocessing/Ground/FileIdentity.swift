import Glibc

/// The identity of a file, whatever its name.
struct FileIdentity: Hashable {
    let device: UInt64
    let number: UInt64

    init(device: UInt64, number: UInt64) {
        (self.device, self.number) = (device, number)
    }

    /// The file that a descriptor refers to.
    init(of descriptor: Int32) throws(MultiprocessingError) {
        var information = stat()
        _ = try checked("fstat") { fstat(descriptor, &information) }
        self.init(device: UInt64(information.st_dev), number: UInt64(information.st_ino))
    }

    /// The file at this path; nil if there is none.
    init?(at path: String) {
        var information = stat()
        guard lstat(path, &information) == 0 else { return nil }
        self.init(device: UInt64(information.st_dev), number: UInt64(information.st_ino))
    }
}
