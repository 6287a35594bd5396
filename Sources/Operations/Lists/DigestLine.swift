import Digests

/// A line of a list of digests, in the format of coreutils and b3sum, or tagged, as on BSD.
///
///     DIGEST  NAME
///     TAG (NAME) = DIGEST
///
/// If a name contains a backslash or a line break, it is escaped and a backslash begins the line, unless lines end with
/// NUL.
package struct DigestLine {
    /// The format of a line.
    package enum Style: String, Sendable {
        /// The digest and the name.
        case plain
        /// With the algorithm and its parameters.
        case tagged
        /// The digest alone.
        case nameless
    }

    /// The algorithm of the digest.
    package let algorithm: HashAlgorithm
    /// The digest as it is printed.
    package let digest: String
    /// The file's name; "-" for standard input.
    package let name: String
    /// Whether the digest is that of a folder's tree (docs/tree.md); a tagged line says so.
    package var isTree = false

    /// Creates a line.
    package init(_ algorithm: HashAlgorithm, _ digest: String, _ name: String) {
        self.algorithm = algorithm
        self.digest = digest
        self.name = name
    }

    /// The line with its end.
    package func text(_ style: Style, endsWithNull: Bool = false) -> String {
        let end = endsWithNull ? "\0" : "\n"
        let escaped = endsWithNull ? name : DigestLine.escaped(name)
        let mark = escaped == name ? "" : "\\"
        switch style {
        case .plain: return "\(mark)\(digest)  \(escaped)\(end)"
        case .tagged: return "\(mark)\(isTree ? "TREE-" : "")\(algorithm.tag) (\(escaped)) = \(digest)\(end)"
        case .nameless: return digest + end
        }
    }

    /// The name with its backslashes and line breaks escaped.
    package static func escaped(_ name: String) -> String {
        // Test bytes and map scalars: a backslash with a combining accent is a backslash too.
        guard name.utf8.contains(where: isEscaped) else { return name }
        let escapes: [Unicode.Scalar: String] = ["\\": "\\\\", "\n": "\\n", "\r": "\\r"]
        return name.unicodeScalars.map { escapes[$0] ?? String($0) }.joined()
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
    }

    /// The original of an escaped name; nil if the escapes are invalid.
    static func unescaped(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        if name.contains(0) { return nil }
        guard name.contains(UInt8(ascii: "\\")) else { return name }
        var bytes: [UInt8] = []
        var rest = name
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "r"): bytes.append(UInt8(ascii: "\r"))
            case UInt8(ascii: "\\"): bytes.append(byte)
            default: return nil
            }
        }
        return bytes[...]
    }
}

extension HashAlgorithm {
    /// Whether other programs write this digest without naming the algorithm; then this program does so too.
    package var isPlain: Bool {
        switch self {
        case .blake3, .sha256, .sha512, .sha1, .md5: true
        default: false
        }
    }

    /// The name that coreutils and b3sum use for it, or a similar one; its other parameters follow a colon.
    package var tag: String {
        let name = name.rawValue.uppercased()
        switch self {
        case .s3ETag(let bytes), .s3SHA256(let bytes), .s3CRC32C(let bytes): return "\(name):\(bytes)"
        case .fsveritySHA256(let salt), .fsveritySHA512(let salt):
            return salt.isEmpty ? name : "\(name):\(hexadecimal(salt))"
        default: return name
        }
    }
}
