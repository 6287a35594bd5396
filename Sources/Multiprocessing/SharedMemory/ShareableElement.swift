/// An element of a `ShareableList`.
///
/// It can be written as a literal: `[1, 2.5, "text", true, nil]`. Two elements are equal only if they are of the same
/// kind: unlike in Python, 1 equals neither 1.0 nor true.
public enum ShareableElement: Hashable, Sendable {
    /// An integer.
    case int(Int)
    /// A floating-point number.
    case double(Double)
    /// True or false.
    case bool(Bool)
    /// Text, which takes as many bytes as its UTF-8.
    case string(String)
    /// Raw bytes.
    case bytes([UInt8])
    /// No value; Python's `None`.
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
    /// The element as it would be written in source code.
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
