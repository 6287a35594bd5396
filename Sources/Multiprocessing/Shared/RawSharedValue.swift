/// One value that processes share, without a lock.
///
/// Two processes that use it at the same time, one of them writing, may see half a value, and a loop that waits for it
/// to change may wait for ever: guard it with a `Lock`, or take a `SharedAtomic` or a `SharedValue`. It is not
/// `Sendable`, as an unsafe pointer is not, though it can be sent to another process.
///
/// The corresponding Python API is `multiprocessing.sharedctypes.RawValue`.
public final class RawSharedValue<Value: BitwiseCopyable>: Codable {
    private let elements: SharedElements<Value>

    /// Shares a value, which begins as this one.
    ///
    /// Throws `systemCallFailed`, as when no descriptor is left.
    public init(_ value: Value) throws(MultiprocessingError) {
        elements = try SharedElements(.rawValue, headBytes: 0, count: 1)
        elements.element(0).initialize(to: value)
    }

    /// Takes the value out of the message that is being received.
    public init(from decoder: any Decoder) throws {
        elements = try SharedElements(.rawValue, headBytes: 0, from: decoder)
        guard elements.buffer.count == 1 else {
            throw MultiprocessingError(.decodingFailed, "the message's shared value consists of several")
        }
    }

    /// Attaches the value to the message that is being sent: the memory itself, no copy.
    public func encode(to encoder: any Encoder) throws {
        try elements.mapping.encode(to: encoder)
    }

    /// The value.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.sharedctypes.RawValue.value`.
    public var value: Value {
        get {
            elements.element(0).pointee
        }
        set {
            elements.element(0).pointee = newValue
        }
    }

    /// Lends the shared memory itself to the body; the pointer must not leave it.
    ///
    /// Does not block.
    ///
    /// Throws what the body throws. The corresponding Python API is `ctypes.addressof`.
    public func withUnsafeMutablePointer<Result, Failure: Error>(
        _ body: (UnsafeMutablePointer<Value>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(elements.element(0))
    }
}

extension RawSharedValue: CustomStringConvertible {
    /// The value, where it is a number or a `Bool`, and for another its size: `RawSharedValue<Int>(5)`.
    public var description: String {
        "\(type(of: self))(\(elements.onlyElement))"
    }
}
