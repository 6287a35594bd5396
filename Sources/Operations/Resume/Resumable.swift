import Files
import Ground

/// Opens an input that can be read again from any offset.
func openResumable(_ path: String) throws(PoolmapError) -> InputFile {
    func require(_ status: FileStatus) throws(PoolmapError) {
        guard !status.isRegular, !status.isDirectory else { return }
        throw PoolmapError(.failed, "is not a regular file; --resume needs one")
    }
    // Checked before the open, because opening and closing a named pipe signals end of file to its writer. Checked
    // again after it, because another file may have been opened.
    if let status = FileStatus(ofPath: path) { try require(status) }
    let input = try InputFile.open(path: path)
    try require(input.status)
    return input
}
