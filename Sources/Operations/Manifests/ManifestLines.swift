import Glibc
import Ground
import SystemPackage

/// The lines of a range of a file, one after the other, in bounded memory.
final class ManifestLines {
    private let descriptor: FileDescriptor
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)
    /// The part of the memory that was read from the file and not returned yet.
    private var unread = 0..<0
    /// The offset of the next read.
    private var offset: UInt64
    private let end: UInt64
    /// The number of the line returned last; 0 before the first.
    private(set) var number: UInt64

    /// More than a line with any path can have.
    private static let mostLineBytes = 1 << 14

    /// - Parameters:
    ///   - offset: where the first line begins.
    ///   - end: where the last line ends.
    ///   - number: the number of lines before the first.
    init(_ descriptor: FileDescriptor, from offset: UInt64, to end: UInt64, number: UInt64 = 0) {
        self.descriptor = descriptor
        self.offset = offset
        self.end = end
        self.number = number
    }

    deinit {
        memory.deallocate()
    }

    /// The offset of the next line.
    var position: UInt64 {
        offset - UInt64(unread.count)
    }

    var isAtEnd: Bool {
        position == end
    }

    /// The next line with its line feed, valid until the next call; nil at the end.
    func next() throws(PoolmapError) -> UnsafeRawBufferPointer? {
        if isAtEnd { return nil }
        number += 1
        var searched = 0
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: memory[unread])
            if let length = ManifestLines.lineLength(rest, from: searched), length <= ManifestLines.mostLineBytes {
                unread = unread.lowerBound + length..<unread.upperBound
                return UnsafeRawBufferPointer(rebasing: rest[..<length])
            }
            guard rest.count <= ManifestLines.mostLineBytes else {
                throw damage("is longer than \(ManifestLines.mostLineBytes) bytes")
            }
            guard offset < end else {
                throw damage("is cut off: no line feed")
            }
            searched = rest.count
            try readOn()
        }
    }

    private static func lineLength(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base + 1
    }

    private func readOn() throws(PoolmapError) {
        if let base = memory.baseAddress, unread.lowerBound > 0 {
            memmove(base, base + unread.lowerBound, unread.count)
            unread = 0..<unread.count
        }
        let count = Int(min(UInt64(memory.count - unread.count), end - offset))
        let space = UnsafeMutableRawBufferPointer(rebasing: memory[unread.count..<unread.count + count])
        try descriptor.readAll(into: space, at: offset)
        unread = 0..<unread.count + count
        offset += UInt64(count)
    }

    /// An error about the line returned last.
    func damage(_ message: String) -> PoolmapError {
        PoolmapError(.damaged, "line \(number) \(message)")
    }
}
