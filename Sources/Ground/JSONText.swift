/// A JSON value, for writing only.
///
/// A byte of a file name that is not valid UTF-8 becomes a lone surrogate, `\udc80` to `\udcff`: Python's `json.loads`
/// and `os.fsencode` restore the exact name from it, and other readers show a replacement character. Control characters
/// are escaped, too, which makes no difference to readers.
package indirect enum JSONText {
    case null
    case bool(Bool)
    case number(UInt64)
    /// A number with a fraction, written exactly like this text.
    case decimal(String)
    case string(String)
    case array([JSONText])
    /// The members, in the order written.
    case object([(String, JSONText)])

    /// A number, or null.
    package static func number(orNull value: UInt64?) -> JSONText {
        value.map { .number($0) } ?? .null
    }

    /// The value on one line.
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
