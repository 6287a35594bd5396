import Files
import Glibc
import Ground

/// Buffered lines for standard output or a file.
///
/// Names are written byte for byte, as other programs need them; on a terminal, control sequences in them are escaped.
struct LineOutput {
    private let file: LineFile?
    private let isForTerminal: Bool
    private var buffer: [UInt8] = []

    /// - Parameter file: nil for standard output.
    init(to file: LineFile? = nil) {
        self.file = file
        isForTerminal = file?.isTerminal ?? (isatty(STDOUT_FILENO) == 1)
    }

    mutating func write(_ line: String) throws(PoolmapError) {
        try write(FileName.bytes(of: line))
    }

    /// Writes whole lines.
    mutating func write(_ bytes: [UInt8]) throws(PoolmapError) {
        buffer += isForTerminal ? FileName.printableLines(bytes) : bytes
        if buffer.count >= 1 << 16 {
            try flush()
        }
    }

    /// Whether the buffer holds lines.
    var hasLines: Bool { !buffer.isEmpty }

    mutating func flush() throws(PoolmapError) {
        defer { buffer.removeAll(keepingCapacity: true) }
        if let file {
            try file.write(buffer)
        } else {
            try writeStandardOutput(buffer)
        }
    }

    /// Writes the rest, and makes the file appear under its name.
    mutating func commit() throws(PoolmapError) {
        try flush()
        try file?.commit()
    }
}
