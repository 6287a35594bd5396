/// A member's name with its wire form, kept because the next value of a type usually has the same names.
struct SpelledName {
    /// Kept alive, so that no other string can be placed at its address.
    private let text: String
    private let first: UInt64
    private let second: UInt64
    /// The length of the wire form in the two words; 0 if it does not fit.
    let byteCount: Int

    /// How many names are kept for one type.
    static let mostOfAType = 64

    init(_ name: String) {
        text = name
        var name = name
        (byteCount, first, second) = name.withUTF8 { utf8 in
            guard utf8.count < 16 else { return (0, 0, 0) }
            var words = (UInt64(0), UInt64(0))
            withUnsafeMutableBytes(of: &words) { bytes in
                bytes[0] = UInt8(utf8.count)
                UnsafeMutableRawBufferPointer(rebasing: bytes[1...]).copyMemory(from: UnsafeRawBufferPointer(utf8))
            }
            return (utf8.count + 1, words.0, words.1)
        }
    }

    /// Whether a name is this one, in the same memory; false does not mean that they differ.
    @inline(__always)
    func isSurely(_ name: String) -> Bool {
        withUnsafeBytes(of: text) { own in
            withUnsafeBytes(of: name) { own.matches($0) }
        }
    }

    /// Whether the wire form is at an offset.
    ///
    /// Always false for a name that does not fit in the two words.
    @inline(__always)
    func lies(at offset: Int, in bytes: UnsafeRawBufferPointer) -> Bool {
        guard byteCount > 0, offset >= 0, offset <= bytes.count - 16 else { return false }
        let there = (
            bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
        )
        // Shifts of 64 and more give 0.
        let foreignBits = UInt64(128 - 8 * byteCount)
        return (there.1 ^ second) << foreignBits == 0
            && (foreignBits <= 64 ? there.0 ^ first : (there.0 ^ first) << (foreignBits - 64)) == 0
    }

    /// Appends the wire form.
    @inline(__always)
    func write(into buffer: inout ByteBuffer) {
        if byteCount > 0 {
            buffer.append(first, second, byteCount: byteCount)
        } else {
            buffer.appendText(text)
        }
    }
}
