#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

// The wire form of a value
// ========================
//
// A value is one tag byte and what the tag requires. The form describes itself: a reader can tell nil from a number,
// skip a member that it does not know, and notice a string where it expected an integer.
//
//     value     = null | presentNull | nothing | scalar | string | keyed | unkeyed | packed
//     null      = 0x00                              nil
//     presentNull = 0x01 level                      nil inside `level` (1...255) optionals that are not nil
//     nothing   = 0x02                              a type that encodes nothing at all
//     string    = 0x03 length UTF-8
//     keyed     = 0x04 length (length UTF-8 value)* members, in any order, each name once
//     unkeyed   = 0x05 length value*                elements
//     scalar    = 0x10...0x14 bytes                 Int8, Int16, Int32, Int64 and Int, Int128
//               | 0x20...0x24 bytes                 UInt8, UInt16, UInt32, UInt64 and UInt, UInt128
//               | 0x32 bytes | 0x33 bytes           Float, Double
//               | 0x40 (0 | 1)                      Bool
//     packed    = (0x80 + scalar tag) length bytes  elements of one scalar type, without a tag each
//
// The low four bits of a scalar's tag are the binary logarithm of its width. Scalars are little endian and unaligned. A
// length counts bytes, never elements, and is written seven bits per byte, lowest first, with the top bit set on all
// bytes but the last. So a length can be checked against the available bytes before anything is allocated for it.

/// The bytes that say what follows them.
enum WireTag {
    static let null: UInt8 = 0x00
    static let presentNull: UInt8 = 0x01
    static let nothing: UInt8 = 0x02
    static let string: UInt8 = 0x03
    static let keyed: UInt8 = 0x04
    static let unkeyed: UInt8 = 0x05
    static let int8: UInt8 = 0x10
    static let int16: UInt8 = 0x11
    static let int32: UInt8 = 0x12
    static let int64: UInt8 = 0x13
    static let int128: UInt8 = 0x14
    static let uint8: UInt8 = 0x20
    static let uint16: UInt8 = 0x21
    static let uint32: UInt8 = 0x22
    static let uint64: UInt8 = 0x23
    static let uint128: UInt8 = 0x24
    static let float: UInt8 = 0x32
    static let double: UInt8 = 0x33
    static let bool: UInt8 = 0x40
    static let packed: UInt8 = 0x80

    /// The width of a scalar in bytes, or nil if the tag is not a scalar's.
    @inline(__always)
    static func width(of tag: UInt8) -> Int? {
        switch tag {
        case int8...int128, uint8...uint128, float, double, bool: 1 << Int(tag & 0x0F)
        default: nil
        }
    }

    /// The name in an error of a value with this tag.
    static func name(of tag: UInt8) -> String {
        switch tag {
        case null, presentNull: "nil"
        case nothing: "a value without content"
        case string: "a string"
        case keyed: "a keyed container"
        case unkeyed: "an unkeyed container"
        case int8...int128: "a \(8 << Int(tag & 0x0F))-bit signed integer"
        case uint8...uint128: "a \(8 << Int(tag & 0x0F))-bit unsigned integer"
        case float: "a Float"
        case double: "a Double"
        case bool: "a Bool"
        default: tag & packed != 0 ? "an array of numbers" : "an unknown value"
        }
    }
}

/// Why bytes could not be read, before the coding path is known.
enum WireFault: Error {
    /// The value is well formed, but of another type.
    case mismatch
    /// The bytes are not the wire form of any value, or of one that the type cannot hold.
    case corrupted(String)
}

/// How deeply values may be nested.
///
/// Each level takes stack of the reader, so a few bytes per level must not be able to exhaust it. The writer has the
/// same limit, so that it sends nothing that cannot be read.
let maximumCodingDepth = 512

/// The position of one value in a message.
struct WireItem {
    var tag: UInt8
    /// For nil: the number of optionals around it that are not nil.
    var level: UInt8 = 0
    /// The payload: what follows the tag and the length.
    var start: Int
    var end: Int

    /// Whether this is the nil of the outermost optional.
    @inline(__always)
    var isNull: Bool { tag == WireTag.null && level == 0 }

    /// Whether this is nil inside an optional that is not nil.
    @inline(__always)
    var isPresentNull: Bool { tag == WireTag.null && level > 0 }

    var isPacked: Bool { tag & WireTag.packed != 0 }
}

extension UnsafeRawBufferPointer {
    /// The value that starts at `offset` and may extend to `limit`.
    func item(at offset: Int, before limit: Int) throws(WireFault) -> WireItem {
        guard offset >= 0, offset < limit, limit <= count else {
            throw .corrupted("the message ends before the value")
        }
        let tag = self[offset]
        let start = offset + 1
        if let width = WireTag.width(of: tag) {
            guard width <= limit - start else { throw .corrupted("the message ends within a number") }
            return WireItem(tag: tag, start: start, end: start + width)
        }
        switch tag {
        case WireTag.null, WireTag.nothing:
            return WireItem(tag: tag, start: start, end: start)
        case WireTag.presentNull:
            guard start < limit, self[start] > 0 else { throw .corrupted("nil outside an optional") }
            return WireItem(tag: WireTag.null, level: self[start], start: start, end: start + 1)
        default:
            return try longItem(tag, at: start, before: limit)
        }
    }

    private func longItem(_ tag: UInt8, at offset: Int, before limit: Int) throws(WireFault) -> WireItem {
        var start = offset
        if tag & WireTag.packed != 0 {
            guard let width = WireTag.width(of: tag & ~WireTag.packed) else { throw .corrupted("unknown tag \(tag)") }
            let length = try length(at: &start, before: limit)
            guard length & (width - 1) == 0 else { throw .corrupted("an array ends within a number") }
            return WireItem(tag: tag, start: start, end: start + length)
        }
        guard tag >= WireTag.string, tag <= WireTag.unkeyed else { throw .corrupted("unknown tag \(tag)") }
        let length = try length(at: &start, before: limit)
        return WireItem(tag: tag, start: start, end: start + length)
    }

    /// Whether these bytes equal others.
    @inline(__always)
    func matches(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let left = baseAddress, let right = other.baseAddress else { return count == 0 }
        return memcmp(left, right, count) == 0
    }

    /// The value that is the whole message.
    func wholeItem() throws(WireFault) -> WireItem {
        let item = try item(at: 0, before: count)
        guard item.end == count else { throw .corrupted("\(count - item.end) bytes follow the value") }
        return item
    }

    /// Reads a length, moves `offset` past it, and checks that as many bytes follow.
    @inline(__always)
    func length(at offset: inout Int, before limit: Int) throws(WireFault) -> Int {
        guard limit <= count else { throw .corrupted("the message ends before a length") }
        var value = 0
        var shift = 0
        // Nine groups of seven bits fill an Int without its sign. A tenth would exceed any possible memory.
        while offset >= 0, offset < limit, shift < 63 {
            let byte = self[offset]
            offset += 1
            value |= Int(byte & 0x7F) << shift
            if byte < 0x80 {
                guard value <= limit - offset else { throw .corrupted("a length exceeds the message") }
                return value
            }
            shift += 7
        }
        throw .corrupted("a length without an end")
    }
}

extension ByteBuffer {
    /// Appends a length in groups of seven bits.
    @inline(__always)
    mutating func appendLength(_ length: Int) {
        var rest = UInt(bitPattern: length)
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    /// Appends the length of a text and its UTF-8.
    @inline(__always)
    mutating func appendText(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            appendLength(utf8.count)
            append(bytes: UnsafeRawBufferPointer(utf8))
        }
    }

    /// Appends a tag, the length of what the closure appends, and that.
    mutating func appendCounted(_ tag: UInt8, _ appendContent: (inout ByteBuffer) -> Void) {
        append(tag)
        let start = count
        // One byte is enough for most lengths.
        append(0 as UInt8)
        appendContent(&self)
        var rest = UInt(bitPattern: count - start - 1)
        let lengthBytes = max(1, (UInt.bitWidth - rest.leadingZeroBitCount + 6) / 7)
        openGap(of: lengthBytes - 1, at: start)
        for place in start..<start + lengthBytes - 1 {
            patch(UInt8(truncatingIfNeeded: rest) | 0x80, at: place)
            rest >>= 7
        }
        patch(UInt8(truncatingIfNeeded: rest), at: start + lengthBytes - 1)
    }
}

/// The position of an element in an unkeyed container, as it appears in a coding path.
struct IndexKey: CodingKey {
    let index: Int

    init(_ index: Int) { self.index = index }
    init?(intValue: Int) { index = intValue }
    init?(stringValue: String) { nil }

    var intValue: Int? { index }
    var stringValue: String { "Index \(index)" }
}

/// The last step of a coding path.
///
/// An element's position becomes a key only when the path is requested.
enum CodingStep {
    case root
    case element(Int)
    case member(any CodingKey)

    var key: (any CodingKey)? {
        switch self {
        case .root: nil
        case .element(let place): IndexKey(place)
        case .member(let key): key
        }
    }
}

/// The key under which a class stores its superclass's part, unless it names one itself.
struct SuperKey: CodingKey {
    init() {}
    init?(intValue: Int) { nil }
    init?(stringValue: String) { nil }

    var intValue: Int? { nil }
    var stringValue: String { "super" }
}

/// A member's name that compares by bytes, as the wire form does, and not by canonical equivalence, as strings do.
struct MemberName: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: MemberName, right: MemberName) -> Bool {
        var (left, right) = (left.text, right.text)
        return left.withUTF8 { left in
            right.withUTF8 { UnsafeRawBufferPointer(left).matches(UnsafeRawBufferPointer($0)) }
        }
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// Distinguishes optionals from other types at run time.
protocol OptionalValue {
    /// Whether the value of this type at an address is nil.
    static func isNil(at address: UnsafeRawPointer) -> Bool

    static var wrapped: Any.Type { get }
}

extension Optional: OptionalValue {
    static var wrapped: Any.Type { Wrapped.self }

    static func isNil(at address: UnsafeRawPointer) -> Bool {
        switch address.assumingMemoryBound(to: Self.self).pointee {
        case .none: true
        case .some: false
        }
    }
}
