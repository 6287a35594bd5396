import ChunkedMap

/// Prints index, offset and length of each chunk of a file, cut by an option of `poolmap map`, one chunk per line.
///
/// - Parameter arguments: the file; the bytes of a chunk; the records of one, or 0; the option, and its value.
func printChunks(_ arguments: [String]) throws {
    guard arguments.count >= 3, let chunkBytes = Int(arguments[1]), let recordCount = Int(arguments[2]) else {
        fatalError("usage: scenarios --chunks FILE BYTES RECORDS [OPTION [VALUE]]")
    }
    let value = arguments.count > 4 ? arguments[4] : ""
    let cut: Cut =
        switch arguments.dropFirst(3).first {
        case "--lines": .lines
        case "-0": .nul
        case "--csv": .csv
        case "--separator": .separator(Array(value.utf8))
        case "--record-start": .recordStart(value)
        case "--record-size": .recordBytes(Int(value) ?? 0)
        default: .bytes
        }
    let file = try ChunkedFile(
        arguments[0], cut: cut, chunkBytes: chunkBytes, recordCount: recordCount > 0 ? recordCount : nil)
    for line in try file.map(processes: 2, { "\($0.index) \($0.offset) \($0.bytes.byteCount)" }) {
        print(line)
    }
}
