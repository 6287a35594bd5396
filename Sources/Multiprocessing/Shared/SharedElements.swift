import Glibc

/// Values of one type, one after the other in the shared memory of an object.
///
/// `BitwiseCopyable` values have no references, so their bytes mean the same to every process. Only pointers are valid
/// just in processes that inherited the memory they point to by a fork.
struct SharedElements<Element: BitwiseCopyable> {
    let mapping: SharedMapping
    let buffer: UnsafeMutableBufferPointer<Element>

    /// Maps zeroed memory for `count` elements, preceded by `headBytes` of the object itself.
    init(_ kind: SharedObject, headBytes: Int, count: Int) throws(MultiprocessingError) {
        let stride = MemoryLayout<Element>.stride
        let offset = SharedElements.offset(headBytes)
        let (bytes, overflowed) = count.multipliedReportingOverflow(by: stride)
        let (total, totalOverflowed) = bytes.addingReportingOverflow(offset)
        guard count >= 0, !overflowed, !totalOverflowed else {
            throw MultiprocessingError(
                .invalidState, "invalid number of shared elements: \(count), of \(stride) bytes each")
        }
        mapping = try SharedMapping.making(kind, byteCount: total, elementBytes: stride, count: count)
        buffer = SharedElements.buffer(in: mapping, offset, count)
    }

    /// Takes the elements from a message.
    ///
    /// Throws as `init(_:headBytes:in:)`.
    init(_ kind: SharedObject, headBytes: Int, from decoder: any Decoder) throws {
        try self.init(kind, headBytes: headBytes, in: SharedMapping(from: decoder))
    }

    /// Finds the elements in memory that came with a message.
    ///
    /// Throws `decodingFailed` if the sender's elements have another size; another type of the same size is not
    /// detected.
    init(_ kind: SharedObject, headBytes: Int, in received: SharedMapping) throws(MultiprocessingError) {
        let offset = SharedElements.offset(headBytes)
        mapping = try received.verified([kind], byteCount: offset)
        let (stride, count) = (mapping.elementBytes, mapping.elementCount)
        guard stride == MemoryLayout<Element>.stride else {
            throw MultiprocessingError(
                .decodingFailed,
                "the message's shared elements have \(stride) bytes each, and are not of type \(Element.self)")
        }
        let (bytes, overflowed) = count.multipliedReportingOverflow(by: stride)
        guard count >= 0, !overflowed, bytes <= mapping.byteCount - SharedObject.headerBytes - offset else {
            throw MultiprocessingError(.decodingFailed, "the message's shared memory has no room for \(count) elements")
        }
        buffer = SharedElements.buffer(in: mapping, offset, count)
    }

    private static func offset(_ headBytes: Int) -> Int {
        let alignment = MemoryLayout<Element>.alignment
        return (headBytes + alignment - 1) / alignment * alignment
    }

    private static func buffer(
        in mapping: SharedMapping, _ offset: Int, _ count: Int
    ) -> UnsafeMutableBufferPointer<Element> {
        let start = (mapping.object + offset).assumingMemoryBound(to: Element.self)
        return UnsafeMutableBufferPointer(start: start, count: count)
    }

    /// Sets all elements to a value.
    ///
    /// If all its bytes are zero, like the memory already, no page is touched.
    func fill(with element: Element) {
        let isZero = withUnsafeBytes(of: element) { bytes in bytes.allSatisfy { $0 == 0 } }
        if !isZero {
            buffer.update(repeating: element)
        }
    }

    /// The address of an element.
    @inline(__always)
    func element(_ index: Int) -> UnsafeMutablePointer<Element> {
        // `fatalError` also prints its message in release builds, unlike `precondition`.
        guard UInt(bitPattern: index) < UInt(bitPattern: buffer.count), let start = buffer.baseAddress else {
            fatalError("index \(index) is out of range for a shared array of \(buffer.count) elements")
        }
        return start + index
    }

    /// The indices of a range, which must all exist.
    func range(_ range: some RangeExpression<Int>) -> Range<Int> {
        let ends = range.ends
        let upper = ends.upper ?? max(ends.lower, buffer.count)
        guard ends.lower >= 0, upper <= buffer.count else {
            fatalError(
                "the range \(ends.lower)..<\(upper) is not within a shared array of \(buffer.count) elements")
        }
        return ends.lower..<upper
    }

    /// The only element, for a description.
    ///
    /// It is read without a lock, so only types for which a torn read is also a
    /// value.
    var onlyElement: String {
        let isNumber = Element.self is any Numeric.Type || Element.self == Bool.self
        return isNumber ? "\(element(0).pointee)" : "\(MemoryLayout<Element>.size) bytes"
    }

    /// The number of elements, for a description.
    var contents: String {
        buffer.count == 1 ? "1 element" : "\(buffer.count) elements"
    }
}
