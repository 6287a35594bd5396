import Glibc
import Ground
import SystemPackage

/// Why an input could not be written to its target, as far as that shows beforehand; nil for no reason.
///
/// - Parameter makesFolder: whether the target's folder would be created, with its parents.
package func obstacle(
    _ input: Input, _ target: Target, _ policy: OutputPolicy, makesFolder: Bool
) -> PoolmapError? {
    var status: FileStatus?
    if case .file(let path) = input {
        if access(path.cName, R_OK) != 0 { return .system("", Errno(rawValue: errno)) }
        status = FileStatus(ofPath: path)
    }
    guard case .file(let path) = target else { return nil }
    do throws(PoolmapError) {
        if let folder = try? Folder(path: folderOf(path)), let existing = TargetLook(at: path, in: folder) {
            if case .own = existing.descriptor { return nil }
            try existing.check(path, policy, for: status)
            if let existing = existing.status, !existing.isRegular { return nil }
        }
        try requireWritableFolder(of: path, makesFolder: makesFolder)
        return nil
    } catch {
        return error
    }
}

private func requireWritableFolder(of path: String, makesFolder: Bool) throws(PoolmapError) {
    var folder = folderOf(path)
    // New folders are created in the nearest existing one.
    while makesFolder, folder != ".", FileStatus(ofPath: folder) == nil, errno == ENOENT {
        let stem = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        folder = stem.isEmpty ? "/" : folderOf(stem)
    }
    let probe = folder.hasSuffix("/") ? folder : folder + "/"
    guard access(probe.cName, W_OK | X_OK) != 0 else { return }
    throw .system("cannot write \(path)", Errno(rawValue: errno))
}
