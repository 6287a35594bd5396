import Glibc
import Ground
import SystemPackage

/// A text file that is written in steps, and appears under its name only once it is complete.
///
/// Without `commit` it disappears with its object, and an older file of the name stays.
package final class LineFile {
    /// Whether it is a terminal.
    package var isTerminal: Bool { file.isTerminal }
    private let file: OutputFile
    private var buffer: [UInt8] = []
    private var byteCount: UInt64 = 0
    private static let bufferBytes = 1 << 16

    /// Opens the file, still without its name.
    ///
    /// - Parameters:
    ///   - path: its path.
    ///   - force: whether to replace an existing file; otherwise that is the error `targetExists`.
    package init(path: String, force: Bool) throws(PoolmapError) {
        var policy = OutputPolicy()
        policy.force = force
        do throws(PoolmapError) {
            file = try OutputFile(Place(path: path), policy, for: nil)
        } catch {
            throw strstr(error.message, path) != nil ? error : error.at(path)
        }
    }

    /// Appends bytes.
    ///
    /// Blocks.
    package func write(_ bytes: [UInt8]) throws(PoolmapError) {
        buffer += bytes
        if buffer.count >= LineFile.bufferBytes {
            try flush()
        }
    }

    /// Gives the complete file its name.
    package func commit() throws(PoolmapError) {
        try flush()
        _ = try file.commit(of: nil, inputBytes: 0, outputBytes: byteCount)
    }

    private func flush() throws(PoolmapError) {
        try buffer.withBytes { (bytes) throws(PoolmapError) in try file.write(bytes, at: byteCount) }
        byteCount += UInt64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }
}
