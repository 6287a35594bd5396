// Views of shared memory whose bounds and lifetime the compiler checks: none can escape its closure, so none outlives
// the mapping, even if the memory is closed meanwhile.

extension SharedMemory {
    /// Runs a closure with read access to the memory, without a copy.
    ///
    ///     let length = memory.withSpan { bytes in bytes.unsafeLoad(as: Int64.self) }
    ///
    /// The memory stays mapped until the closure returns. Other processes may write to it meanwhile. Does not block.
    ///
    /// - Parameter body: gets all bytes; none if the memory is closed.
    ///
    /// Rethrows the closure's error. The corresponding Python API is `SharedMemory.buf.toreadonly`.
    public func withSpan<Result, Failure>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes { bytes throws(Failure) in
            try body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes)))
        }
    }

    /// Runs a closure with read access to the memory as values of one type, without a copy.
    ///
    ///     let sum = memory.withSpan(of: Double.self) { values in
    ///         values.indices.reduce(0) { $0 + values[$1] }
    ///     }
    ///
    /// The memory stays mapped until the closure returns. Other processes may write to it meanwhile. Does not block.
    ///
    /// - Parameters:
    ///   - type: a type of numbers, or of structures of numbers: every bit pattern must be a valid value.
    ///   - body: gets as many values as fit in the memory; none if it is closed.
    ///
    /// Rethrows the closure's error. The corresponding Python API is `SharedMemory.buf.cast`.
    public func withSpan<Element: BitwiseCopyable, Result, Failure>(
        of type: Element.Type, _ body: (Span<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes { bytes throws(Failure) in
            try body(Span(_unsafeElements: UnsafeBufferPointer(bytes.elements(of: type))))
        }
    }

    /// Runs a closure with read and write access to the memory, without a copy.
    ///
    /// The memory stays mapped until the closure returns. Other processes may read and write it meanwhile: use a
    /// `Lock`, or pass the memory on only when it is written. Does not block.
    ///
    /// - Parameter body: gets all bytes; none if the memory is closed.
    ///
    /// Rethrows the closure's error. The corresponding Python API is `SharedMemory.buf`.
    public func withMutableSpan<Result, Failure>(
        _ body: (inout MutableRawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes { bytes throws(Failure) in
            var span = MutableRawSpan(_unsafeBytes: bytes)
            return try body(&span)
        }
    }

    /// Runs a closure with read and write access to the memory as values of one type, without a copy.
    ///
    ///     memory.withMutableSpan(of: Double.self) { values in
    ///         for index in values.indices { values[index] *= 2 }
    ///     }
    ///
    /// The memory stays mapped until the closure returns. Other processes may read and write it meanwhile: use a
    /// `Lock`, or pass the memory on only when it is written. Does not block.
    ///
    /// - Parameters:
    ///   - type: a type of numbers, or of structures of numbers: every bit pattern must be a valid value.
    ///   - body: gets as many values as fit in the memory; none if it is closed.
    ///
    /// Rethrows the closure's error. The corresponding Python API is `SharedMemory.buf.cast`.
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
    /// The memory as an array of as many values as fit.
    fileprivate func elements<Element: BitwiseCopyable>(of type: Element.Type) -> UnsafeMutableBufferPointer<Element> {
        // A span's length is in elements; with elements of size zero there would be no limit.
        precondition(MemoryLayout<Element>.size > 0, "\(type) has no size")
        let count = count / MemoryLayout<Element>.stride
        return UnsafeMutableBufferPointer(start: baseAddress?.bindMemory(to: type, capacity: count), count: count)
    }
}
