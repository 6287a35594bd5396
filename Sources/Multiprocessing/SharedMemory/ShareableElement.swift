/// What a place of a `ShareableList` can hold.
///
/// Literals will do: `[1, 2.5, "text", true, nil]`. Two elements are equal only if they are of the same kind: unlike in
/// Python, 1 is not 1.0, and not true.
public enum ShareableElement: Hashable, Sendable {
    /// A whole number.
    case int(Int)
    /// A number with a fraction.
    case double(Double)
    /// True or false.
    case bool(Bool)
    /// Text, which takes as many bytes as it has in UTF-8.
    case string(String)
    /// Bytes as they are.
    case bytes([UInt8])
    /// Nothing; Python's `None`.
    case null
}

extension ShareableElement: ExpressibleByIntegerLiteral {
    /// Makes an `int`.
    public init(integerLiteral value: Int) {
        self = .int(value)
    }
}

extension ShareableElement: ExpressibleByFloatLiteral {
    /// Makes a `double`.
    public init(floatLiteral value: Double) {
        self = .double(value)
    }
}

extension ShareableElement: ExpressibleByBooleanLiteral {
    /// Makes a `bool`.
    public init(booleanLiteral value: Bool) {
        self = .bool(value)
    }
}

extension ShareableElement: ExpressibleByStringLiteral {
    /// Makes a `string`.
    public init(stringLiteral value: String) {
        self = .string(value)
    }
}

extension ShareableElement: ExpressibleByNilLiteral {
    /// Makes a `null`.
    public init(nilLiteral: ()) {
        self = .null
    }
}

extension ShareableElement: CustomStringConvertible {
    /// The element as one would write it.
    public var description: String {
        switch self {
        case .int(let value): "\(value)"
        case .double(let value): "\(value)"
        case .bool(let value): "\(value)"
        case .string(let value): value.debugDescription
        case .bytes(let value): "\(value)"
        case .null: "nil"
        }
    }
}
