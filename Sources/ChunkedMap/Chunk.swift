import Glibc

/// A chunk of a file, lent to the function of a map in a worker.
///
///     try file.map { chunk in chunk.bytes.byteCount }
///
/// Its bytes are valid while the function runs: they can be copied, but not kept.
public struct Chunk: ~Copyable, ~Escapable {
    /// All bytes of the chunk, including separators.
    public let bytes: RawSpan
    /// The chunk's number in its file, from 0.
    public let index: Int
    /// The chunk's offset in its file, in bytes.
    public let offset: UInt64

    @_lifetime(copy bytes)
    init(bytes: RawSpan, index: Int, offset: UInt64) {
        self.bytes = bytes
        self.index = index
        self.offset = offset
    }

    /// Passes each line to `body`, without its line feed; a carriage return before that is kept.
    ///
    /// The bytes after the last line feed are a line, if there are any.
    public func forEachLine<Failure: Error>(_ body: (RawSpan) throws(Failure) -> Void) throws(Failure) {
        var rest = bytes
        while !rest.isEmpty {
            let end = rest.firstOffset(of: UInt8(ascii: "\n"))
            try body(rest.extracting(first: end ?? rest.byteCount))
            rest = rest.extracting(droppingFirst: end.map { $0 + 1 } ?? rest.byteCount)
        }
    }
}

extension RawSpan {
    /// The first offset of a byte.
    ///
    /// The C function is `memchr`.
    fileprivate func firstOffset(of byte: UInt8) -> Int? {
        withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, let found = memchr(base, Int32(byte), bytes.count) else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }
}
