import Glibc
import Ground
import SystemPackage

/// Reads the lines of a file, or its NUL-separated parts.
///
/// The file may be a pipe with a slow writer, such as `find`; the reader never blocks. It keeps at most a line and a
/// piece in memory.
package final class LineReader {
    package enum Step {
        /// A line without its end, which may be missing in the last one.
        case line(ArraySlice<UInt8>)
        /// A line that exceeds the limit, and is skipped.
        case tooLong
        case waitForInput(FileDescriptor)
        case end
    }

    private let input: InputFile
    private let separator: UInt8
    private let mostLineBytes: Int
    private var bytes: [UInt8] = []
    private var position = 0
    /// There is no separator before this position.
    private var searched = 0
    private var isSkipping = false
    private var isAtEnd = false
    private let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)

    package init(_ input: InputFile, separator: UInt8, mostLineBytes: Int) {
        self.input = input
        self.separator = separator
        self.mostLineBytes = mostLineBytes
    }

    deinit {
        piece.deallocate()
    }

    /// The next line; does not block.
    ///
    /// After an error there is nothing more.
    package func next() throws(PoolmapError) -> Step {
        while true {
            if let line = takeLine() {
                if !isSkipping { return .line(line) }
                isSkipping = false
                continue
            }
            if isAtEnd {
                guard position < bytes.count, !isSkipping else { return .end }
                defer { position = bytes.count }
                return .line(bytes[position...])
            }
            if bytes.count - position > mostLineBytes || isSkipping {
                position = bytes.count
                if !isSkipping {
                    isSkipping = true
                    return .tooLong
                }
            }
            guard hasInput() else { return .waitForInput(input.descriptor) }
            try readPiece()
        }
    }

    /// nil if there is no separator yet.
    private func takeLine() -> ArraySlice<UInt8>? {
        let start = max(searched, position)
        let end = bytes.withUnsafeBytes { bytes in
            bytes.baseAddress.flatMap { base in
                memchr(base + start, Int32(separator), bytes.count - start).map { UnsafeRawPointer($0) - base }
            }
        }
        guard let end else {
            searched = bytes.count
            return nil
        }
        defer {
            position = end + 1
            searched = position
        }
        return bytes[position..<end]
    }

    private func hasInput() -> Bool {
        // Two statements, since the right side of `||` loses the type of its error.
        if input.isRegular { return true }
        return input.hasInput()
    }

    private func readPiece() throws(PoolmapError) {
        bytes.removeFirst(position)
        searched = max(0, searched - position)
        position = 0
        do throws(PoolmapError) {
            let count = try input.readSome(into: piece)
            bytes += piece[..<count]
            isAtEnd = count == 0
        } catch {
            bytes = []
            searched = 0
            isAtEnd = true
            throw error
        }
    }
}
