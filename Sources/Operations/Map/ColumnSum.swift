import Ground

/// Adds up the numbers in columns of lines: exactly, if they are decimal numbers without an exponent.
struct ColumnSum {
    private var columns: [Number] = []
    private var line: [UInt8] = []
    private static let mostLineBytes = 1 << 20

    /// A sum: a multiple of a power of ten or, once a number had an exponent, the nearest binary number.
    private enum Number {
        case decimal(Int128, digits: Int)
        case binary(Double)
    }

    /// Adds bytes of lines.
    mutating func add(_ bytes: UnsafeRawBufferPointer) throws(PoolmapError) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                try endLine()
            } else {
                line.append(byte)
                guard line.count <= ColumnSum.mostLineBytes else { throw ColumnSum.refusal(of: line.prefix(32)) }
            }
        }
    }

    /// Ends the current line; call it too if the last line has no line feed.
    mutating func endLine() throws(PoolmapError) {
        defer { line.removeAll(keepingCapacity: true) }
        let words = line.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
        for (place, word) in words.enumerated() {
            guard let number = ColumnSum.number(word) else { throw ColumnSum.refusal(of: word.prefix(32)) }
            if place == columns.count { columns.append(.decimal(0, digits: 0)) }
            columns[place] = try ColumnSum.sum(columns[place], number)
        }
    }

    private static func refusal(of word: ArraySlice<UInt8>) -> PoolmapError {
        PoolmapError(.failed, "--reduce sum needs numbers, but a command wrote \(FileName.text(of: word))")
    }

    private static func number(_ word: ArraySlice<UInt8>) -> Number? {
        let isNegative = word.first == UInt8(ascii: "-")
        let digits = isNegative || word.first == UInt8(ascii: "+") ? word.dropFirst() : word
        var value: Int128 = 0
        var digitCount: Int?
        var count = 0
        for byte in digits {
            if byte == UInt8(ascii: "."), digitCount == nil {
                digitCount = 0
            } else if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), count < 36 {
                value = 10 * value + Int128(byte - UInt8(ascii: "0"))
                digitCount = digitCount.map { $0 + 1 }
                count += 1
            } else {
                return binary(word)
            }
        }
        return count == 0 ? nil : .decimal(isNegative ? -value : value, digits: digitCount ?? 0)
    }

    private static func binary(_ word: ArraySlice<UInt8>) -> Number? {
        guard word.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else { return nil }
        return Double(String(decoding: word, as: UTF8.self)).flatMap { $0.isFinite ? .binary($0) : nil }
    }

    private static func sum(_ one: Number, _ other: Number) throws(PoolmapError) -> Number {
        guard case .decimal(let first, let firstDigits) = one, case .decimal(let second, let secondDigits) = other
        else {
            return .binary(double(one) + double(other))
        }
        let digits = max(firstDigits, secondDigits)
        let (left, leftOverflows) = first.multipliedReportingOverflow(by: power(digits - firstDigits))
        let (right, rightOverflows) = second.multipliedReportingOverflow(by: power(digits - secondDigits))
        let (sum, overflows) = left.addingReportingOverflow(right)
        guard !leftOverflows, !rightOverflows, !overflows else {
            throw PoolmapError(.failed, "--reduce sum: a sum has more than 38 digits")
        }
        return .decimal(sum, digits: digits)
    }

    private static func power(_ exponent: Int) -> Int128 {
        (0..<exponent).reduce(1) { product, _ in product * 10 }
    }

    private static func double(_ number: Number) -> Double {
        switch number {
        case .decimal(let value, let digits): Double(value) / Double(power(digits))
        case .binary(let value): value
        }
    }

    /// The sums, separated by spaces; empty if there were no numbers.
    var lineOfSums: [UInt8] {
        if columns.isEmpty { return [] }
        let words = columns.map { column -> String in
            switch column {
            case .binary(let value): return "\(value)"
            case .decimal(let value, let digits):
                let text = "\(value.magnitude)"
                let padded = String(repeating: "0", count: max(0, digits + 1 - text.utf8.count)) + text
                let whole = padded.dropLast(digits)
                let sign = value < 0 ? "-" : ""
                return sign + whole + (digits > 0 ? "." + padded.suffix(digits) : "")
            }
        }
        return Array((words.joined(separator: " ") + "\n").utf8)
    }
}
