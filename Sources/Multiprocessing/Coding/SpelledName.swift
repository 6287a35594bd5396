/// A member's name with its wire form: what the values of a type had last is what the next one has too, as a rule.
struct SpelledName {
    /// Kept, so that no other string can come to lie where this one does.
    private let text: String
    private let first: UInt64
    private let second: UInt64
    /// The length of the wire form, which is in the two words; 0 for one that does not fit in there.
    let byteCount: Int

    /// What is kept of them, of one type.
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

    /// Whether a name is this one, in the same memory: false says nothing.
    @inline(__always)
    func isSurely(_ name: String) -> Bool {
        withUnsafeBytes(of: text) { own in
            withUnsafeBytes(of: name) { own.matches($0) }
        }
    }

    /// Whether the wire form lies at an offset.
    ///
    /// One that is not in the words is said to lie nowhere.
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
