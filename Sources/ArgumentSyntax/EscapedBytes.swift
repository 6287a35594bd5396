import ArgumentParser

/// Bytes in text form: \\n, \\t, \\r, \\0, \\\\ and \\xHH stand for one byte each, other characters for themselves.
package struct EscapedBytes: ExpressibleByArgument {
    package let bytes: [UInt8]

    package init?(argument: String) {
        var bytes: [UInt8] = []
        var rest = argument.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "n"): bytes.append(0x0a)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "r"): bytes.append(0x0d)
            case UInt8(ascii: "0"): bytes.append(0)
            case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "x"):
                // UInt8 would accept a sign.
                guard rest.count >= 2, rest.first != UInt8(ascii: "+"),
                    let value = UInt8(String(Substring(rest.prefix(2))), radix: 16)
                else {
                    return nil
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: return nil
            }
        }
        if bytes.isEmpty { return nil }
        self.bytes = bytes
    }
}
