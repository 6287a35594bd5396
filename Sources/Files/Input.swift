import Glibc
import Ground
import SystemPackage

/// An input of a command.
package enum Input: Sendable {
    /// A file by its path.
    case file(String)
    /// Standard input.
    case standardInput

    /// The name for messages.
    package var name: String {
        switch self {
        case .file(let path): path
        case .standardInput: "standard input"
        }
    }

    /// - Parameters:
    ///   - root: the folder in whose tree it was found.
    ///   - folders: may have its folder open already.
    package func open(in root: Root? = nil, _ folders: FolderCache = FolderCache()) throws(PoolmapError) -> InputFile {
        switch self {
        case .file(let path): try InputFile.open(Place(path: path, root: root), folders)
        case .standardInput: try InputFile.standardInput()
        }
    }
}

/// The output of a command.
package enum Target: Sendable {
    /// A file by its path, which appears once it is complete.
    case file(String)
    /// Standard output, written in order.
    case standardOutput
    /// Nothing is written.
    case nowhere
}

/// Writes all bytes to standard output.
///
/// Blocks.
package func writeStandardOutput(_ bytes: [UInt8]) throws(PoolmapError) {
    try bytes.withBytes { (bytes) throws(PoolmapError) in
        try FileDescriptor.standardOutput.writeAll(bytes, to: "standard output")
    }
}

/// Reads standard input to its end, but at most `limit` bytes.
///
/// Blocks.
package func readStandardInput(atMost limit: Int) throws(PoolmapError) -> [UInt8] {
    let input = try InputFile.standardInput()
    let space = try allocate(limit)
    defer { free(space.baseAddress) }
    var count = 0
    while count < limit {
        let read = try input.readSome(into: UnsafeMutableRawBufferPointer(rebasing: space[count...]))
        if read == 0 { break }
        count += read
    }
    return Array(space[..<count])
}
