import Glibc

/// A chunk of a file, as the function of a map is lent it in a worker.
///
///     try file.map { chunk in chunk.bytes.byteCount }
///
/// Its bytes are the worker's as long as the function runs: they cannot be kept, but copied.
public struct Chunk: ~Copyable, ~Escapable {
    /// All bytes of the chunk, whose separators are among them.
    public let bytes: RawSpan
    /// The chunk's number in its file, from 0 on.
    public let index: Int
    /// Where the chunk begins in its file, in bytes.
    public let offset: UInt64

    @_lifetime(copy bytes)
    init(bytes: RawSpan, index: Int, offset: UInt64) {
        self.bytes = bytes
        self.index = index
        self.offset = offset
    }

    /// Hands each line to `body`, without its line feed; a carriage return in front of that stays.
    ///
    /// Behind the last line feed there is a line only if there are bytes.
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
    /// Where a byte is for the first time.
    ///
    /// The C function is `memchr`.
    fileprivate func firstOffset(of byte: UInt8) -> Int? {
        withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, let found = memchr(base, Int32(byte), bytes.count) else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }
}
