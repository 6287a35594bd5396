/// JSON, as far as a program that writes it needs it.
///
/// A byte of a file's name that is no text stands as a lone surrogate, `\udc80` to `\udcff`: so Python's `json.loads`
/// gives the very name to `os.fsencode`, and other readers a replacement character. What a terminal would take for more
/// than text is escaped too, which is the same to every reader.
package indirect enum JSONText {
    case null
    case bool(Bool)
    case number(UInt64)
    /// A number with a fraction, as it is to stand there.
    case decimal(String)
    case string(String)
    case array([JSONText])
    /// In this order.
    case object([(String, JSONText)])

    /// A number, or null.
    package static func number(orNull value: UInt64?) -> JSONText {
        value.map { .number($0) } ?? .null
    }

    /// On one line.
    package var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): "\(value)"
        case .decimal(let value): value
        case .string(let value): JSONText.quoted(value)
        case .array(let values): "[\(values.map(\.text).joined(separator: ", "))]"
        case .object(let members):
            "{\(members.map { "\(JSONText.quoted($0)): \($1.text)" }.joined(separator: ", "))}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where FileName.isEscape(scalar): quoted += escape(0xDC00 + UInt16(scalar.value & 0xFF))
            case _ where FileName.misleadsTerminals(scalar): quoted += UTF16.encode(scalar)?.map(escape).joined() ?? ""
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    private static func escape(_ value: UInt16) -> String {
        let digits = String(value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
