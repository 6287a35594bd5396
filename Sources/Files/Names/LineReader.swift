import Glibc
import Ground
import SystemPackage

/// The lines of a file, or what stands between its NUL bytes.
///
/// The file may be a pipe whose writer is slow, as `find`: a read that would block is not made. No more of it is kept
/// in memory than a line and a piece.
package final class LineReader {
    package enum Step {
        /// Without its end, which only the last one may lack.
        case line(ArraySlice<UInt8>)
        /// A line that is longer than any may be, and is skipped.
        case tooLong
        case waitForInput(FileDescriptor)
        case end
    }

    private let input: InputFile
    private let separator: UInt8
    private let mostLineBytes: Int
    private var bytes: [UInt8] = []
    private var position = 0
    /// Up to here there is no separator.
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
    /// There is nothing behind what it throws.
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

    /// nil where there is no separator yet.
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
        // What `||` throws has no type.
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
