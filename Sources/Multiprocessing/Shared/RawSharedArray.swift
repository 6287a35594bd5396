/// A fixed number of values that processes share, without a lock.
///
/// It is a `Collection`, so Swift's algorithms can read it; they see changes that others make meanwhile. To change it,
/// set single elements or use `withUnsafeMutableBufferPointer`. The rules of `RawSharedValue` for concurrent use apply
/// to each element; processes that use different elements do not disturb each other.
///
/// The corresponding Python API is `multiprocessing.sharedctypes.RawArray`.
public final class RawSharedArray<Element: BitwiseCopyable>: Codable {
    private let elements: SharedElements<Element>

    /// Shares `count` elements with the same initial value.
    ///
    /// If that is zero, memory is used only for what is written later.
    ///
    /// Throws `invalidState` if the count is negative or its size in bytes overflows, and `systemCallFailed`.
    public init(repeating element: Element, count: Int) throws(MultiprocessingError) {
        elements = try SharedElements(.rawArray, headBytes: 0, count: count)
        elements.fill(with: element)
    }

    /// Shares a copy of these elements.
    ///
    /// Throws `systemCallFailed`, for example when no descriptor is left.
    public init(_ initial: some Sequence<Element>) throws(MultiprocessingError) {
        let initial = Array(initial)
        elements = try SharedElements(.rawArray, headBytes: 0, count: initial.count)
        _ = elements.buffer.update(from: initial)
    }

    /// Takes the elements from the message being received.
    public init(from decoder: any Decoder) throws {
        elements = try SharedElements(.rawArray, headBytes: 0, from: decoder)
    }

    /// Attaches the array to the message being sent: the memory itself, not a copy.
    public func encode(to encoder: any Encoder) throws {
        try elements.mapping.encode(to: encoder)
    }

    /// Lends the shared memory itself to the body; the pointer must not leave it.
    ///
    /// Does not block.
    ///
    /// Rethrows the body's error. The corresponding Python API is `ctypes.addressof`.
    public func withUnsafeMutableBufferPointer<Result, Failure: Error>(
        _ body: (inout UnsafeMutableBufferPointer<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        // `inout` only because the methods that change a collection require it.
        var buffer = elements.buffer
        return try body(&buffer)
    }
}

extension RawSharedArray where Element: AdditiveArithmetic {
    /// Shares `count` zeros.
    ///
    /// Memory is used only for what is written later.
    ///
    /// Throws `invalidState` if the count is negative or its size in bytes overflows, and `systemCallFailed`.
    public convenience init(count: Int) throws(MultiprocessingError) {
        try self.init(repeating: .zero, count: count)
    }
}

extension RawSharedArray: RandomAccessCollection {
    /// Always 0.
    public var startIndex: Int {
        0
    }

    /// The number of elements, which never changes.
    public var endIndex: Int {
        elements.buffer.count
    }

    /// One element; an index out of range ends the program.
    ///
    /// Does not block.
    public subscript(index: Int) -> Element {
        get {
            elements.element(index).pointee
        }
        set {
            elements.element(index).pointee = newValue
        }
    }

    /// Lends the elements as contiguous memory, which makes copying them fast.
    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<Element>) throws -> Result
    ) rethrows -> Result? {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeBufferPointer(elements.buffer))
    }
}

extension RawSharedArray: CustomStringConvertible {
    /// The number of elements: `RawSharedArray<Double>(1000 elements)`.
    public var description: String {
        "\(type(of: self))(\(elements.contents))"
    }
}
