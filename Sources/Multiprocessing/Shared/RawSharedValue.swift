/// One value that processes share, without a lock.
///
/// If two processes use it at the same time and one of them writes, they may see half a value, and a loop that waits
/// for a change may never end: guard it with a `Lock`, or use a `SharedAtomic` or a `SharedValue`. Like an unsafe
/// pointer it is not `Sendable`, though it can be sent to another process.
///
/// The corresponding Python API is `multiprocessing.sharedctypes.RawValue`.
public final class RawSharedValue<Value: BitwiseCopyable>: Codable {
    private let elements: SharedElements<Value>

    /// Shares a value with this initial value.
    ///
    /// Throws `systemCallFailed`, for example when no descriptor is left.
    public init(_ value: Value) throws(MultiprocessingError) {
        elements = try SharedElements(.rawValue, headBytes: 0, count: 1)
        elements.element(0).initialize(to: value)
    }

    /// Takes the value from the message being received.
    public init(from decoder: any Decoder) throws {
        elements = try SharedElements(.rawValue, headBytes: 0, from: decoder)
        guard elements.buffer.count == 1 else {
            throw MultiprocessingError(.decodingFailed, "the message's shared memory holds more than one value")
        }
    }

    /// Attaches the value to the message being sent: the memory itself, not a copy.
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
    /// Rethrows the body's error. The corresponding Python API is `ctypes.addressof`.
    public func withUnsafeMutablePointer<Result, Failure: Error>(
        _ body: (UnsafeMutablePointer<Value>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(elements.element(0))
    }
}

extension RawSharedValue: CustomStringConvertible {
    /// The value if it is a number or a `Bool`, otherwise its size: `RawSharedValue<Int>(5)`.
    public var description: String {
        "\(type(of: self))(\(elements.onlyElement))"
    }
}
