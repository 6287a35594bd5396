/// Rows of comma-separated values, as in RFC 4180.
struct Rows {
    private let bytes: [UInt8]
    private var place = 0

    init(of bytes: RawSpan) {
        self.bytes = bytes.withUnsafeBytes { Array($0) }
    }

    mutating func next() -> [String]? {
        guard place < bytes.count else { return nil }
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            switch byte {
            case UInt8(ascii: "\"") where isQuoted && place < bytes.count && bytes[place] == byte:
                field.append(byte)
                place += 1
            case UInt8(ascii: "\""):
                isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                fields.append(String(decoding: field, as: UTF8.self))
                field = []
            case UInt8(ascii: "\n") where !isQuoted:
                return fields + [String(decoding: withoutReturn(field), as: UTF8.self)]
            default:
                field.append(byte)
            }
        }
        return fields + [String(decoding: field, as: UTF8.self)]
    }

    private func withoutReturn(_ field: [UInt8]) -> ArraySlice<UInt8> {
        field.last == UInt8(ascii: "\r") ? field.dropLast() : field[...]
    }
}

/// A row that is not an order.
struct WrongRow: Error, CustomStringConvertible {
    let fields: [String]

    var description: String { "not an order: \(fields.joined(separator: ", "))" }
}

/// A field as it is written in a row.
func quoted(_ field: String) -> String {
    guard field.utf8.contains(where: { "\",\r\n".utf8.contains($0) }) else { return field }
    let doubled = field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
    return "\"\(doubled)\""
}
