import Glibc
import Ground
import SystemPackage

/// An input of a command.
package enum Input: Sendable {
    /// A file by its path.
    case file(String)
    /// Standard input.
    case standardInput

    /// For messages.
    package var name: String {
        switch self {
        case .file(let path): path
        case .standardInput: "standard input"
        }
    }

    /// - Parameters:
    ///   - root: the folder in whose tree it is.
    ///   - folders: where its folder may be open already.
    package func open(in root: Root? = nil, _ folders: FolderCache = FolderCache()) throws(PoolmapError) -> InputFile {
        switch self {
        case .file(let path): try InputFile.open(Place(path: path, root: root), folders)
        case .standardInput: try InputFile.standardInput()
        }
    }
}

/// The output of a command.
package enum Target: Sendable {
    /// A file by its path, which appears once it is whole.
    case file(String)
    /// Standard output, written as it comes.
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

/// Reads all of standard input, yet no more than so many bytes.
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
