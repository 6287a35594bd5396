/// Reads untrusted JSON one value at a time, so that a long array is never in memory as a whole.
///
/// A lone surrogate from `\udc80` to `\udcff` is a byte of a name that is not UTF-8, as `JSONText` writes it; other lone
/// surrogates become the replacement character. Strings of more than 1 MiB and more than 64 levels of nesting are errors.
package struct JSONReader {
    private let fill: (UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var index = 0
    private var count = 0
    /// Bytes before the buffer.
    private var passed: UInt64 = 0
    private var depth = 0

    private static let mostStringBytes = 1 << 20
    private static let mostDepth = 64

    /// - Parameter fill: reads the next bytes into memory, and returns how many; 0 at the end.
    package init(_ fill: @escaping (UnsafeMutableRawBufferPointer) throws(PoolmapError) -> Int) {
        self.fill = fill
    }

    /// Reads JSON that is in memory.
    package init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        self.init { space in
            let part = rest.prefix(space.count)
            space.copyBytes(from: part)
            rest = rest.dropFirst(part.count)
            return part.count
        }
    }

    // MARK: Values

    /// Reads an object; `body` must read each member's value.
    package mutating func forEachMember(
        _ body: (String, inout JSONReader) throws(PoolmapError) -> Void
    ) throws(PoolmapError) {
        try list(from: "{", to: "}") { (reader) throws(PoolmapError) in
            guard try reader.next() == UInt8(ascii: "\"") else { throw reader.error("a name is missing") }
            let name = try reader.string()
            try reader.skip(":")
            try body(name, &reader)
        }
    }

    /// Reads an array; `body` must read each element.
    package mutating func forEachElement(_ body: (inout JSONReader) throws(PoolmapError) -> Void) throws(PoolmapError) {
        try list(from: "[", to: "]", body)
    }

    /// Reads the next value whole, with all that is in it.
    package mutating func value() throws(PoolmapError) -> JSONText {
        switch try next() {
        case UInt8(ascii: "{"):
            var members: [(String, JSONText)] = []
            try forEachMember { (name, reader) throws(PoolmapError) in members.append((name, try reader.value())) }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONText] = []
            try forEachElement { (reader) throws(PoolmapError) in elements.append(try reader.value()) }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    /// Throws if anything but white space follows.
    package mutating func requireEnd() throws(PoolmapError) {
        if try next() != nil { throw error("something follows the JSON value") }
    }

    private mutating func list(
        from start: Unicode.Scalar, to end: Unicode.Scalar, _ body: (inout JSONReader) throws(PoolmapError) -> Void
    ) throws(PoolmapError) {
        try skip(start)
        depth += 1
        defer { depth -= 1 }
        if depth > JSONReader.mostDepth { throw error("the nesting is too deep") }
        if try next() == UInt8(ascii: end) { return index += 1 }
        while true {
            try body(&self)
            if try next() == UInt8(ascii: end) { return index += 1 }
            try skip(",")
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONText) throws(PoolmapError) -> JSONText {
        for wanted in UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount) {
            guard try peek() == wanted else { throw error("a value is missing") }
            index += 1
        }
        return value
    }

    // MARK: Numbers and strings

    private mutating func number() throws(PoolmapError) -> JSONText {
        var text = ""
        if try peek() == UInt8(ascii: "-") { try take(into: &text) }
        let isZero = try peek() == UInt8(ascii: "0")
        let whole = try digits(into: &text)
        guard whole > 0, !isZero || whole == 1 else { throw error("a value is missing") }
        if try peek() == UInt8(ascii: ".") {
            try take(into: &text)
            guard try digits(into: &text) > 0 else { throw error("a number is cut") }
        }
        if let letter = try peek(), letter == UInt8(ascii: "e") || letter == UInt8(ascii: "E") {
            try take(into: &text)
            if let sign = try peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { try take(into: &text) }
            guard try digits(into: &text) > 0 else { throw error("a number is cut") }
        }
        return UInt64(text).map { .number($0) } ?? .decimal(text)
    }

    private mutating func digits(into text: inout String) throws(PoolmapError) -> Int {
        var count = 0
        while let byte = try peek(), UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte {
            try take(into: &text)
            count += 1
            if count > 400 { throw error("a number is too long") }
        }
        return count
    }

    private mutating func take(into text: inout String) throws(PoolmapError) {
        text.unicodeScalars.append(Unicode.Scalar(buffer[index]))
        index += 1
    }

    private mutating func string() throws(PoolmapError) -> String {
        index += 1
        var bytes: [UInt8] = []
        while let byte = try peek() {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return FileName.text(of: bytes)
            case UInt8(ascii: "\\"): try appendEscape(to: &bytes)
            case 0x20...: bytes.append(byte)
            default: throw error("a string holds a control character")
            }
            if bytes.count > JSONReader.mostStringBytes { throw error("a string is too long") }
        }
        throw error("a string has no end")
    }

    private mutating func appendEscape(to bytes: inout [UInt8]) throws(PoolmapError) {
        guard let letter = try peek() else { throw error("a string has no end") }
        index += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return bytes.append(letter)
        case UInt8(ascii: "b"): return bytes.append(0x08)
        case UInt8(ascii: "f"): return bytes.append(0x0C)
        case UInt8(ascii: "n"): return bytes.append(0x0A)
        case UInt8(ascii: "r"): return bytes.append(0x0D)
        case UInt8(ascii: "t"): return bytes.append(0x09)
        case UInt8(ascii: "u"): try appendCharacter(to: &bytes)
        default: throw error("a string holds an unknown escape")
        }
    }

    /// Takes the digits of `\u` and, where they are the first half of a character, the other half.
    private mutating func appendCharacter(to bytes: inout [UInt8]) throws(PoolmapError) {
        var unit = try codeUnit()
        while UTF16.isLeadSurrogate(unit) {
            guard try peek() == UInt8(ascii: "\\") else { return bytes += "\u{FFFD}".utf8 }
            index += 1
            guard try peek() == UInt8(ascii: "u") else {
                bytes += "\u{FFFD}".utf8
                return try appendEscape(to: &bytes)
            }
            index += 1
            let second = try codeUnit()
            if UTF16.isTrailSurrogate(second) {
                return bytes += UTF16.decode(UTF16.EncodedScalar([unit, second])).utf8
            }
            bytes += "\u{FFFD}".utf8
            unit = second
        }
        if 0xDC80...0xDCFF ~= unit { return bytes.append(UInt8(truncatingIfNeeded: unit)) }
        bytes += (Unicode.Scalar(unit) ?? "\u{FFFD}").utf8
    }

    private mutating func codeUnit() throws(PoolmapError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = try peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw error("a string holds a broken escape")
            }
            index += 1
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    // MARK: Bytes

    /// The next byte that is not white space; nil at the end.
    private mutating func next() throws(PoolmapError) -> UInt8? {
        while let byte = try peek() {
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            index += 1
        }
        return nil
    }

    private mutating func skip(_ wanted: Unicode.Scalar) throws(PoolmapError) {
        guard try next() == UInt8(ascii: wanted) else { throw error("\(wanted) is missing") }
        index += 1
    }

    private mutating func peek() throws(PoolmapError) -> UInt8? {
        if index < count { return buffer[index] }
        passed += UInt64(count)
        (index, count) = (0, 0)
        count = try buffer.withUnsafeMutableBytes { space in
            Result { () throws(PoolmapError) in try fill(space) }
        }.get()
        return count > 0 ? buffer[0] : nil
    }

    private func error(_ what: String) -> PoolmapError {
        .damaged("is not JSON: \(what) at byte \(passed + UInt64(index))")
    }
}

extension Unicode.Scalar {
    /// Its bytes in UTF-8.
    fileprivate var utf8: String.UTF8View { String(self).utf8 }
}
