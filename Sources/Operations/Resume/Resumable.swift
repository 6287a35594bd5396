import Files
import Ground

/// Opens an input that may be read again from any place.
func openResumable(_ path: String) throws(PoolmapError) -> InputFile {
    func require(_ status: FileStatus) throws(PoolmapError) {
        guard !status.isRegular, !status.isDirectory else { return }
        throw PoolmapError(.failed, "is no regular file, and --resume reads nothing else")
    }
    // Before it is opened: to open a named pipe and close it is an end of file to its writer. And what was opened may be
    // another.
    if let status = FileStatus(ofPath: path) { try require(status) }
    let input = try InputFile.open(path: path)
    try require(input.status)
    return input
}
