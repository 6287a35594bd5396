import Glibc

/// Calls `body` with the path of a fresh folder, which is removed afterwards with all its contents.
package func withTemporaryFolder(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/poolmap-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw NoFolder(errno: errno) }
    let folder = String(cString: made)
    defer { removeAll(folder) }
    try body(folder)
}

/// The folder could not be created.
private struct NoFolder: Error {
    let errno: Int32
}

/// Removes a folder with its contents; links are removed, not followed.
private func removeAll(_ path: String) {
    var status = stat()
    if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, let folder = opendir(path) {
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { removeAll("\(path)/\(name)") }
        }
    }
    remove(path)
}
