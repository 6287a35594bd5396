import Glibc

/// File names as text, without loss.
///
/// A name on Linux is bytes, mostly but not always UTF-8, and a `String` holds nothing else than Unicode. So each byte
/// that is no part of a valid character stands in the text as a character of its own at the end of the last private
/// plane, U+10FF00 plus the byte; and a name that really has such a character has its bytes taken one by one. (Python
/// does the like with lone surrogates, `os.fsdecode`, which a `String` cannot hold.)
package enum FileName {
    private static let escapeBase: UInt32 = 0x10_FF00
    /// The first byte of U+100000 and all behind it in UTF-8.
    private static let escapeLead: UInt8 = 0xF4
    private static let escapes: ClosedRange<UInt32> = 0x10_FF80...0x10_FFFF

    /// The text of a name that comes from outside, as an argument.
    ///
    /// The corresponding Python API is `os.fsdecode`.
    package static func text(of name: UnsafePointer<CChar>) -> String {
        text(of: UnsafeRawBufferPointer(start: name, count: strlen(name)))
    }

    /// The same of bytes.
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

    /// Nearly all names: nothing in them is escaped, as no escape begins with another byte.
    ///
    /// No collection of any kind, since the compiler knows how to go through memory.
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

    /// The text as it can be shown on one line of any terminal: what is not printable is escaped, byte by byte.
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

    /// Lines as they can be shown on a terminal; their ends, a line feed or NUL each, stay.
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

    /// Whether a terminal, or an editor, would take the character for more or for less than text: controls, marks that
    /// turn the direction of what follows, separators of lines, and what is not seen at all.
    package static func misleadsTerminals(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7F { return scalar.value < 0x20 }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: return true
        default: return false
        }
    }

    /// Whether the text's UTF-8 is the name.
    package static func hasNoEscapes(_ text: String) -> Bool {
        let isFound = text.utf8.withContiguousStorageIfAvailable { bytes in
            bytes.baseAddress.map { memchr($0, Int32(escapeLead), bytes.count) != nil } ?? false
        }
        return !(isFound ?? text.utf8.contains(escapeLead))
    }

    /// Whether the character stands for a byte that is no part of a text.
    package static func isEscape(_ scalar: Unicode.Scalar) -> Bool {
        escapes.contains(scalar.value)
    }

    private static func hexadecimalEscape(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
    }

    /// The character that valid UTF-8 begins with, and how many bytes it takes; nil for what must be escaped.
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
    /// The name as the kernel takes it: its bytes and a NUL.
    package var cName: [CChar] {
        if FileName.hasNoEscapes(self) { return Array(utf8CString) }
        return FileName.bytes(of: self).map { CChar(bitPattern: $0) } + [0]
    }

    /// The same for the length of a call, and without memory of its own where nothing is escaped.
    package func withCName<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        if FileName.hasNoEscapes(self) { return withCString(body) }
        let name = cName
        return body(name)
    }
}
