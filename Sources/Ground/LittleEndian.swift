extension UnsafeRawBufferPointer {
    /// The little-endian integer at `offset`.
    ///
    /// The buffer's own accessors check bounds only in debug builds. This one always does, and stops the program at a
    /// read outside the buffer: the caller must have checked the length of data from a file.
    @inlinable
    package func littleEndian<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type = Integer.self, at offset: Int
    ) -> Integer {
        // Adding to a hostile offset could overflow; this subtraction cannot.
        precondition(
            offset >= 0 && offset <= count - MemoryLayout<Integer>.size, "a read outside of the buffer, at \(offset)")
        return Integer(littleEndian: loadUnaligned(fromByteOffset: offset, as: Integer.self))
    }

    /// The bytes of `range`, which must be inside the buffer.
    @inlinable
    package func bytes(in range: Range<Int>) -> UnsafeRawBufferPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "bytes outside of the buffer, \(range)")
        return UnsafeRawBufferPointer(rebasing: self[range])
    }

    /// The checksum in the last four bytes, as in frames with checksums and in journals.
    @inlinable
    package var trailingChecksum: UInt32 {
        littleEndian(at: count - 4)
    }
}

extension [UInt8] {
    /// Appends the bytes of `value`, the least significant first.
    @inlinable
    package mutating func append(littleEndian value: some FixedWidthInteger & BitwiseCopyable) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    /// Appends the CRC-32C of all bytes so far.
    package mutating func appendCRC32C() {
        append(littleEndian: withUnsafeBytes { CRC32C.checksum(of: $0) })
    }
}

extension [UInt8] {
    /// The array's memory, valid during the call.
    ///
    /// Unlike `withUnsafeBytes`, it keeps the type of the error.
    @inlinable
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try span.bytes.withUnsafeBytes(body)
    }
}
