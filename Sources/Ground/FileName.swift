import Glibc

/// File names as text, without loss.
///
/// On Linux a name is bytes, usually but not always UTF-8, and a `String` holds only Unicode. So each byte that is not
/// part of a valid character becomes a character at the end of the last private plane, U+10FF00 plus the byte; if a
/// name really has such a character, each of its bytes is converted this way. (Python's `os.fsdecode` uses lone
/// surrogates, which a `String` cannot hold.)
package enum FileName {
    private static let escapeBase: UInt32 = 0x10_FF00
    /// The first UTF-8 byte of U+100000 and everything above.
    private static let escapeLead: UInt8 = 0xF4
    private static let escapes: ClosedRange<UInt32> = 0x10_FF80...0x10_FFFF

    /// The text of a name from outside, such as an argument.
    ///
    /// The corresponding Python API is `os.fsdecode`.
    package static func text(of name: UnsafePointer<CChar>) -> String {
        text(of: UnsafeRawBufferPointer(start: name, count: strlen(name)))
    }

    /// The text of a name given as bytes.
    package static func text(of bytes: some Collection<UInt8>) -> String {
        let plain = bytes.withContiguousStorageIfAvailable { plainText(of: $0) }
        if let plain, let text = plain { return text }
        var text = ""
        var rest = bytes[...]
        while !rest.isEmpty {
            if let (scalar, length) = firstScalar(rest) {
                text.unicodeScalars.append(scalar)
                rest = rest.dropFirst(length)
            } else if let byte = rest.popFirst(), let escaped = Unicode.Scalar(escapeBase + UInt32(byte)) {
                text.unicodeScalars.append(escaped)
            }
        }
        return text
    }

    /// The fast path for nearly all names, in which nothing is escaped: every escape begins with `escapeLead`.
    ///
    /// Takes a buffer, not a generic collection, so that the compiler can optimize it.
    private static func plainText(of bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard let start = bytes.baseAddress else { return "" }
        return memchr(start, Int32(escapeLead), bytes.count) == nil ? String(validating: bytes, as: UTF8.self) : nil
    }

    /// The bytes of a name.
    ///
    /// The corresponding Python API is `os.fsencode`.
    package static func bytes(of text: String) -> [UInt8] {
        if hasNoEscapes(text) { return Array(text.utf8) }
        return text.unicodeScalars.flatMap { scalar in
            escapes.contains(scalar.value) ? [UInt8(scalar.value - escapeBase)] : Array(String(scalar).utf8)
        }
    }

    /// The text for one line of any terminal; unprintable characters are escaped byte by byte.
    package static func printable(_ text: String) -> String {
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\r": shown += "\\r"
            case "\t": shown += "\\t"
            case _ where isEscape(scalar): shown += hexadecimalEscape(UInt8(truncatingIfNeeded: scalar.value))
            case _ where misleadsTerminals(scalar):
                shown += UTF8.encode(scalar).map { $0.map(hexadecimalEscape).joined() } ?? ""
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// Lines for a terminal; their ends, a line feed or a NUL each, stay.
    package static func printableLines(_ bytes: [UInt8]) -> [UInt8] {
        var shown: [UInt8] = []
        for line in bytes.split(omittingEmptySubsequences: false, whereSeparator: { $0 == 0x0A || $0 == 0 }) {
            shown += printable(text(of: line)).utf8
            if line.endIndex < bytes.endIndex {
                shown.append(bytes[line.endIndex])
            }
        }
        return shown
    }

    /// Whether a terminal or an editor would not simply show the character: controls, marks that change the direction
    /// of text, line separators, and invisible characters.
    package static func misleadsTerminals(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7F { return scalar.value < 0x20 }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }

    /// Whether the text's UTF-8 is the name itself.
    package static func hasNoEscapes(_ text: String) -> Bool {
        let isFound = text.utf8.withContiguousStorageIfAvailable { bytes in
            bytes.baseAddress.map { memchr($0, Int32(escapeLead), bytes.count) != nil } ?? false
        }
        return !(isFound ?? text.utf8.contains(escapeLead))
    }

    /// Whether the character stands for a byte that is not valid UTF-8.
    package static func isEscape(_ scalar: Unicode.Scalar) -> Bool {
        escapes.contains(scalar.value)
    }

    private static func hexadecimalEscape(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
    }

    /// The first character and its length in bytes; nil if the first byte must be escaped.
    private static func firstScalar(_ bytes: some Collection<UInt8>) -> (Unicode.Scalar, Int)? {
        var decoder = UTF8()
        var iterator = bytes.prefix(4).makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator), !escapes.contains(scalar.value) else {
            return nil
        }
        return (scalar, UTF8.width(scalar))
    }
}

extension String {
    /// The name for the kernel: its bytes and a NUL.
    package var cName: [CChar] {
        if FileName.hasNoEscapes(self) { return Array(utf8CString) }
        return FileName.bytes(of: self).map { CChar(bitPattern: $0) } + [0]
    }

    /// Calls `body` with the name for the kernel; allocates nothing unless the name has escapes.
    package func withCName<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        if FileName.hasNoEscapes(self) { return withCString(body) }
        let name = cName
        return body(name)
    }
}
