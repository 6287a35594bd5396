import Glibc
import SystemPackage

/// The names in a file: a line each, or with NUL bytes between them.
///
/// The file may be a pipe whose writer is slow, as `find`: a read that would block is not made.
final class NameList {
    enum Step {
        case name(String)
        case refused(PoolmapError)
        case waitForInput(FileDescriptor)
        case end
    }

    /// For messages.
    let name: String
    private let input: InputFile
    private let separator: UInt8
    private var bytes: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    private let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)

    /// Longer than any path can be.
    private static let mostNameBytes = 1 << 16

    init(_ path: String, isNullSeparated: Bool) throws(PoolmapError) {
        input = path == "-" ? try InputFile.standardInput() : try InputFile.open(path: path)
        name = input.name
        separator = isNullSeparated ? 0 : UInt8(ascii: "\n")
    }

    deinit {
        piece.deallocate()
    }

    func next() -> Step {
        while true {
            if let end = bytes[position...].firstIndex(of: separator) {
                defer { position = end + 1 }
                if let step = step(bytes[position..<end]) { return step }
                continue
            }
            if isAtEnd {
                defer { position = bytes.count }
                return step(bytes[position...]) ?? .end
            }
            do throws(PoolmapError) {
                guard try hasInput() else { return .waitForInput(input.descriptor) }
                try readPiece()
            } catch {
                isAtEnd = true
                position = bytes.count
                return .refused(error)
            }
        }
    }

    private func hasInput() throws(PoolmapError) -> Bool {
        // What `||` throws has no type.
        if input.isRegular { return true }
        return try input.hasInput()
    }

    private func readPiece() throws(PoolmapError) {
        bytes.removeFirst(position)
        position = 0
        guard bytes.count <= NameList.mostNameBytes else {
            throw PoolmapError(
                .failed, "has a name of more than \(NameList.mostNameBytes) bytes; is it a list of names?")
        }
        let count = try input.readSome(into: piece)
        bytes += piece[..<count]
        isAtEnd = count == 0
    }

    /// nil for an empty line.
    private func step(_ name: ArraySlice<UInt8>) -> Step? {
        if name.isEmpty {
            guard separator == 0, position < bytes.count else { return nil }
            return .refused(PoolmapError(.failed, "has an empty name"))
        }
        guard separator == 0 || !name.contains(0) else {
            return .refused(PoolmapError(.failed, "has a NUL byte in a name; use -0 where NULs separate names"))
        }
        return .name(FileName.text(of: name))
    }
}
