// Views of shared memory that the compiler keeps within their bounds and their time: none can be kept after the closure
// that it was handed to, and so none outlives the mapping, whoever closes the memory meanwhile.

extension SharedMemory {
    /// Runs a closure with the memory to read, without a copy.
    ///
    ///     let length = memory.withSpan { bytes in bytes.unsafeLoad(as: Int64.self) }
    ///
    /// The memory stays where it is until the closure returns. Nothing keeps other processes from writing meanwhile.
    /// Does not block.
    ///
    /// - Parameter body: is handed all bytes; none where the memory is closed.
    ///
    /// Throws what the closure throws. The corresponding Python API is `SharedMemory.buf.toreadonly`.
    public func withSpan<Result, Failure>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes { bytes throws(Failure) in
            try body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes)))
        }
    }

    /// Runs a closure with the memory to read, as values of one type, without a copy.
    ///
    ///     let sum = memory.withSpan(of: Double.self) { values in
    ///         values.indices.reduce(0) { $0 + values[$1] }
    ///     }
    ///
    /// The memory stays where it is until the closure returns. Nothing keeps other processes from writing meanwhile.
    /// Does not block.
    ///
    /// - Parameters:
    ///   - type: of numbers, or of structures of numbers: whatever the bytes are, they have to be values of it.
    ///   - body: is handed as many values as there is room for; none where the memory is closed.
    ///
    /// Throws what the closure throws. The corresponding Python API is `SharedMemory.buf.cast`.
    public func withSpan<Element: BitwiseCopyable, Result, Failure>(
        of type: Element.Type, _ body: (Span<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes { bytes throws(Failure) in
            try body(Span(_unsafeElements: UnsafeBufferPointer(bytes.elements(of: type))))
        }
    }

    /// Runs a closure with the memory to read and write, without a copy.
    ///
    /// The memory stays where it is until the closure returns. Nothing keeps other processes from reading and writing
    /// meanwhile: use a `Lock`, or hand the memory on when it is written. Does not block.
    ///
    /// - Parameter body: is handed all bytes; none where the memory is closed.
    ///
    /// Throws what the closure throws. The corresponding Python API is `SharedMemory.buf`.
    public func withMutableSpan<Result, Failure>(
        _ body: (inout MutableRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes { bytes throws(Failure) in
            var span = MutableRawSpan(_unsafeBytes: bytes)
            return try body(&span)
        }
    }

    /// Runs a closure with the memory to read and write, as values of one type, without a copy.
    ///
    ///     memory.withMutableSpan(of: Double.self) { values in
    ///         for index in values.indices { values[index] *= 2 }
    ///     }
    ///
    /// The memory stays where it is until the closure returns. Nothing keeps other processes from reading and writing
    /// meanwhile: use a `Lock`, or hand the memory on when it is written. Does not block.
    ///
    /// - Parameters:
    ///   - type: of numbers, or of structures of numbers: whatever the bytes are, they have to be values of it.
    ///   - body: is handed as many values as there is room for; none where the memory is closed.
    ///
    /// Throws what the closure throws. The corresponding Python API is `SharedMemory.buf.cast`.
    public func withMutableSpan<Element: BitwiseCopyable, Result, Failure>(
        of type: Element.Type, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes { bytes throws(Failure) in
            var span = MutableSpan(_unsafeElements: bytes.elements(of: type))
            return try body(&span)
        }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The memory as so many values as there is room for.
    fileprivate func elements<Element: BitwiseCopyable>(of type: Element.Type) -> UnsafeMutableBufferPointer<Element> {
        // A span's length is in elements, and those of no size would be without number.
        precondition(MemoryLayout<Element>.size > 0, "\(type) has no size")
        let count = count / MemoryLayout<Element>.stride
        return UnsafeMutableBufferPointer(start: baseAddress?.bindMemory(to: type, capacity: count), count: count)
    }
}
