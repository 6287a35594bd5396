/// A type whose wire form is known without asking it to encode itself.
///
/// Leaves are written and read in place, without containers or allocations other than the value's own. The result is
/// the same as that of the type's own `encode(to:)`; a leaf is a shortcut and never a different form.
protocol WireLeaf: Codable, SendableMetatype {
    /// Appends the value's whole wire form.
    static func writeWire(_ value: Self, into buffer: inout ByteBuffer)

    /// Reads the value if it has its usual form.
    ///
    /// Nil makes the reader use `init(from:)`, which handles unusual forms and reports errors.
    static func readWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> Self?

    /// Reads the value that is a whole message, in its usual form.
    ///
    /// A protocol requirement, so that it is compiled separately for each type.
    static func readMessage(_ bytes: UnsafeRawBufferPointer) -> Self?

    /// Appends the whole wire form of an array of values.
    ///
    /// This and the next three are requirements for the same reason.
    static func writeElements(_ elements: [Self], into buffer: inout ByteBuffer)

    /// Reads an array of values if each has its usual form.
    static func readElements(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> [Self]?

    /// Appends the whole wire form of a dictionary of values.
    static func writeMembers(_ members: [String: Self], into buffer: inout ByteBuffer)

    /// Reads a dictionary of values if each has its usual form, and no name occurs twice.
    static func readMembers(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> [String: Self]?

    /// ``writeWire(_:into:)`` for a caller that knows the type only at run time.
    static func writeWire(from address: UnsafeRawPointer, into buffer: inout ByteBuffer)

    /// ``readWire(_:in:)`` for a caller that knows the type only at run time; initializes the memory if it returns
    /// true.
    static func readWire(
        _ item: WireItem, in bytes: UnsafeRawBufferPointer, to address: UnsafeMutableRawPointer
    ) -> Bool
}

extension WireLeaf {
    static func readMessage(_ bytes: UnsafeRawBufferPointer) -> Self? {
        (try? bytes.wholeItem()).flatMap { readWire($0, in: bytes) }
    }

    static func writeWire(from address: UnsafeRawPointer, into buffer: inout ByteBuffer) {
        writeWire(address.assumingMemoryBound(to: Self.self).pointee, into: &buffer)
    }

    static func readWire(
        _ item: WireItem, in bytes: UnsafeRawBufferPointer, to address: UnsafeMutableRawPointer
    ) -> Bool {
        guard let value = readWire(item, in: bytes) else { return false }
        address.initializeMemory(as: Self.self, to: value)
        return true
    }
}

/// A leaf for which the containers of `Codable` have separate methods.
protocol WirePrimitive: WireLeaf {
    /// Reads the value from any form that holds it exactly.
    static func convertWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) throws(WireFault) -> Self
}

/// A primitive that is copied to the wire as it lies in memory.
protocol WireNumber: WirePrimitive, BitwiseCopyable {
    static var wireTag: UInt8 { get }
}

extension UnsafeRawBufferPointer {
    /// The number at an offset, or nil if it would extend past the end.
    ///
    /// A decoder that outlives its message finds no bytes, and is stopped here.
    @inline(__always)
    func number<T: BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T? {
        guard offset >= 0, offset <= count - MemoryLayout<T>.size else { return nil }
        return loadUnaligned(fromByteOffset: offset, as: T.self)
    }

    /// The bytes of a value's payload, or nil if it would extend past the end.
    @inline(__always)
    func payload(of item: WireItem) -> UnsafeRawBufferPointer? {
        guard item.start >= 0, item.start <= item.end, item.end <= count else { return nil }
        return UnsafeRawBufferPointer(rebasing: self[item.start..<item.end])
    }
}

// MARK: - Numbers

extension WireNumber {
    @inline(__always)
    static func writeWire(_ value: Self, into buffer: inout ByteBuffer) {
        buffer.append(wireTag)
        buffer.append(value)
    }

    @inline(__always)
    static func readWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> Self? {
        guard item.tag == wireTag else { return nil }
        return bytes.number(Self.self, at: item.start)
    }
}

extension WireNumber where Self: FixedWidthInteger {
    static func convertWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) throws(WireFault) -> Self {
        func exactly<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws(WireFault) -> Self {
            guard let number = bytes.number(type, at: item.start) else {
                throw .corrupted("the message is no longer available")
            }
            guard let value = Self(exactly: number) else { throw .corrupted("\(number) does not fit in \(Self.self)") }
            return value
        }
        switch item.tag {
        case WireTag.int8: return try exactly(Int8.self)
        case WireTag.int16: return try exactly(Int16.self)
        case WireTag.int32: return try exactly(Int32.self)
        case WireTag.int64: return try exactly(Int64.self)
        case WireTag.int128: return try exactly(Int128.self)
        case WireTag.uint8: return try exactly(UInt8.self)
        case WireTag.uint16: return try exactly(UInt16.self)
        case WireTag.uint32: return try exactly(UInt32.self)
        case WireTag.uint64: return try exactly(UInt64.self)
        case WireTag.uint128: return try exactly(UInt128.self)
        default: throw .mismatch
        }
    }
}

extension WireNumber where Self: BinaryFloatingPoint {
    static func convertWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) throws(WireFault) -> Self {
        func exactly<T: BinaryFloatingPoint & BitwiseCopyable>(_ type: T.Type) throws(WireFault) -> Self {
            guard let number = bytes.number(type, at: item.start) else {
                throw .corrupted("the message is no longer available")
            }
            if number.isNaN { return .nan }
            guard let value = Self(exactly: number) else { throw .corrupted("\(number) does not fit in \(Self.self)") }
            return value
        }
        switch item.tag {
        case WireTag.float: return try exactly(Float.self)
        case WireTag.double: return try exactly(Double.self)
        default: throw .mismatch
        }
    }
}

extension Int8: WireNumber { static var wireTag: UInt8 { WireTag.int8 } }
extension Int16: WireNumber { static var wireTag: UInt8 { WireTag.int16 } }
extension Int32: WireNumber { static var wireTag: UInt8 { WireTag.int32 } }
extension Int64: WireNumber { static var wireTag: UInt8 { WireTag.int64 } }
extension Int128: WireNumber { static var wireTag: UInt8 { WireTag.int128 } }
extension UInt8: WireNumber { static var wireTag: UInt8 { WireTag.uint8 } }
extension UInt16: WireNumber { static var wireTag: UInt8 { WireTag.uint16 } }
extension UInt32: WireNumber { static var wireTag: UInt8 { WireTag.uint32 } }
extension UInt64: WireNumber { static var wireTag: UInt8 { WireTag.uint64 } }
extension UInt128: WireNumber { static var wireTag: UInt8 { WireTag.uint128 } }
extension Float: WireNumber { static var wireTag: UInt8 { WireTag.float } }
extension Double: WireNumber { static var wireTag: UInt8 { WireTag.double } }

// The wire has no word-sized integer: both ends are 64-bit, or a narrower end gets an error for what does not fit.
extension Int: WireNumber { static var wireTag: UInt8 { MemoryLayout<Int>.size == 8 ? WireTag.int64 : WireTag.int32 } }
extension UInt: WireNumber {
    static var wireTag: UInt8 { MemoryLayout<UInt>.size == 8 ? WireTag.uint64 : WireTag.uint32 }
}

// MARK: - Bool and String

extension Bool: WirePrimitive {
    @inline(__always)
    static func writeWire(_ value: Bool, into buffer: inout ByteBuffer) {
        buffer.append(WireTag.bool)
        buffer.append(value ? 1 as UInt8 : 0)
    }

    // Loaded as a byte: a Bool made from any other bit pattern would be undefined behaviour.
    @inline(__always)
    static func readWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> Bool? {
        guard item.tag == WireTag.bool, let byte = bytes.number(UInt8.self, at: item.start), byte <= 1 else {
            return nil
        }
        return byte == 1
    }

    static func convertWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) throws(WireFault) -> Bool {
        guard item.tag == WireTag.bool else { throw .mismatch }
        guard let value = readWire(item, in: bytes) else { throw .corrupted("a Bool that is neither 0 nor 1") }
        return value
    }
}

extension String: WirePrimitive {
    static func writeWire(_ value: String, into buffer: inout ByteBuffer) {
        buffer.append(WireTag.string)
        buffer.appendText(value)
    }

    static func readWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) -> String? {
        guard item.tag == WireTag.string, let utf8 = bytes.payload(of: item) else { return nil }
        return String(exactly: utf8)
    }

    static func convertWire(_ item: WireItem, in bytes: UnsafeRawBufferPointer) throws(WireFault) -> String {
        guard item.tag == WireTag.string else { throw .mismatch }
        guard let value = readWire(item, in: bytes) else { throw .corrupted("a string that is not UTF-8") }
        return value
    }
}

extension String {
    /// The string with these bytes, or nil if they are not UTF-8.
    ///
    /// Repairing and comparing takes a fraction of the time of `String(validating:as:)`. The repair replaces invalid
    /// bytes by U+FFFD, which is valid, so that the first repaired byte or the length differs.
    init?(exactly utf8: UnsafeRawBufferPointer) {
        var text = String(decoding: utf8, as: UTF8.self)
        guard text.withUTF8({ utf8.matches(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = text
    }
}
