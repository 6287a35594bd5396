import Digests
import Ground

/// A line of a list of digests, as it was read.
struct ChecksumLine: Equatable {
    /// The algorithms of which one must give the digest: two if the digest does not say its kind.
    let candidates: [HashAlgorithm]
    /// The digest as `PieceJoiner` writes it.
    let digest: String
    /// The file's name; "-" for standard input.
    let name: String
    /// Whether there was more text after a NUL that ended the name.
    var hasMore = false
}

/// How to read what lists of digests do not say themselves.
package struct ChecksumSyntax: Sendable {
    /// The algorithm of digests without a tag; nil to decide by their length.
    package var untagged: HashAlgorithm?
    /// Lines end with NUL, and names are not escaped.
    package var endsWithNull: Bool

    /// Creates a syntax.
    package init(untagged: HashAlgorithm? = nil, endsWithNull: Bool = false) {
        self.untagged = untagged
        self.endsWithNull = endsWithNull
    }

    /// The purpose for which BLAKE3 hashes.
    var purpose: HashAlgorithm.Blake3Purpose {
        if case .blake3(let purpose, _) = untagged { return purpose }
        return .hash
    }
}

/// Reads the lines of lists of digests, by the rules of coreutils.
///
///     DIGEST  NAME
///     DIGEST *NAME
///     DIGEST NAME
///     TAG (NAME) = DIGEST
///
/// A line may begin with blanks, followed by a backslash if the name is escaped. OpenSSL leaves out the blanks around a
/// tagged name. The third form is that of older BSDs: if the first digest of a run has this form, all others must, and
/// otherwise none may. Otherwise a file whose name begins with a blank could be taken for another. After a colon, a tag
/// gives the other parameters of the digest.
struct ChecksumParser {
    /// The kinds of lines.
    enum Reading: Equatable {
        case line(ChecksumLine)
        /// A comment or an empty line.
        case ignored
        case malformed
    }

    let syntax: ChecksumSyntax
    /// Whether there is one character between digest and name, rather than two; nil before the first line.
    private(set) var hasOneBlank: Bool?

    init(_ syntax: ChecksumSyntax, hasOneBlank: Bool? = nil) {
        self.syntax = syntax
        self.hasOneBlank = hasOneBlank
    }

    /// Notes the form of a line that another process will read, which needs `hasOneBlank`.
    mutating func learn(_ line: ArraySlice<UInt8>) {
        if hasOneBlank == nil {
            _ = read(line)
        }
    }

    /// Reads a line without its end.
    mutating func read(_ line: ArraySlice<UInt8>) -> Reading {
        var rest = line
        if !syntax.endsWithNull, rest.last == UInt8(ascii: "\r") {
            rest.removeLast()
        }
        if rest.isEmpty || rest.first == UInt8(ascii: "#") { return .ignored }
        rest = rest.drop(while: ChecksumParser.isBlank)
        let isEscaped = !syntax.endsWithNull && rest.first == UInt8(ascii: "\\")
        if isEscaped {
            rest.removeFirst()
        }
        guard let fields = tagged(rest) ?? plain(rest) else { return .malformed }
        let bytes = isEscaped ? DigestLine.unescaped(fields.name) : fields.name.prefix { $0 != 0 }
        guard let bytes else { return .malformed }
        return .line(
            ChecksumLine(
                candidates: fields.candidates, digest: fields.digest, name: FileName.text(of: bytes),
                hasMore: !isEscaped && bytes.count < fields.name.count))
    }

    private typealias Fields = (candidates: [HashAlgorithm], digest: String, name: ArraySlice<UInt8>)

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    // MARK: Without a tag

    private mutating func plain(_ line: ArraySlice<UInt8>) -> Fields? {
        let text = line.prefix { !ChecksumParser.isBlank($0) }
        let rest = line[text.endIndex...].dropFirst()
        guard let next = rest.first, let (candidates, digest) = untagged(text) else { return nil }
        let looksLikeOneBlank = rest.count == 1 || (next != UInt8(ascii: " ") && next != UInt8(ascii: "*"))
        if looksLikeOneBlank && hasOneBlank == false { return nil }
        let isOneBlank = hasOneBlank ?? looksLikeOneBlank
        hasOneBlank = isOneBlank
        return (candidates, digest, isOneBlank ? rest : rest.dropFirst())
    }

    /// The algorithms of a digest by its number of digits.
    ///
    /// For 64 digits only the content can decide.
    private static let untaggedKinds: [Int: [HashAlgorithm]] = [
        32: [.md5], 40: [.sha1], 64: [.blake3(), .sha256], 128: [.sha512],
    ]

    private func untagged(_ text: ArraySlice<UInt8>) -> ([HashAlgorithm], String)? {
        let candidates = syntax.untagged.map { [$0] } ?? ChecksumParser.untaggedKinds[text.count] ?? []
        return candidates.first?.notation.digest(in: text).map { (candidates, $0) }
    }

    // MARK: With a tag

    private static let tags: [String: HashAlgorithm.Name] = {
        let own = HashAlgorithm.Name.allCases.map { ($0.rawValue.uppercased(), $0) }
        let ofOpenSSL = [("SHA2-256", HashAlgorithm.Name.sha256), ("SHA2-512", .sha512)]
        return Dictionary(uniqueKeysWithValues: own + ofOpenSSL)
    }()

    private func tagged(_ line: ArraySlice<UInt8>) -> Fields? {
        guard let opening = line.firstIndex(of: UInt8(ascii: "(")),
            let closing = line.lastIndex(of: UInt8(ascii: ")")), opening < closing
        else { return nil }
        var tag = line[..<opening]
        if tag.last == UInt8(ascii: " ") {
            tag.removeLast()
        }
        var text = line[(closing + 1)...].drop(while: ChecksumParser.isBlank)
        guard text.popFirst() == UInt8(ascii: "=") else { return nil }
        text = text.drop(while: ChecksumParser.isBlank)
        guard let algorithm = algorithm(tag, digestCount: text.count), let digest = algorithm.notation.digest(in: text)
        else { return nil }
        return ([algorithm], digest, line[(opening + 1)..<closing])
    }

    private func algorithm(_ tag: ArraySlice<UInt8>, digestCount: Int) -> HashAlgorithm? {
        let word = tag.prefix { $0 != UInt8(ascii: ":") }
        let parameter = word.count < tag.count ? tag[(word.endIndex + 1)...] : nil
        guard let name = ChecksumParser.tags[String(decoding: word, as: UTF8.self)] else { return nil }
        switch name {
        case .s3ETag, .s3SHA256, .s3CRC32C:
            guard let parameter else {
                return HashAlgorithm(
                    name, partBytes: syntax.untagged?.s3PartBytes ?? HashAlgorithm.defaultPartBytes)
            }
            guard let partBytes = DigestNotation.decimal(parameter), partBytes > 0 else { return nil }
            return HashAlgorithm(name, partBytes: partBytes)
        case .fsveritySHA256, .fsveritySHA512:
            guard let parameter else { return HashAlgorithm(name) }
            guard let salt = bytes(ofHexadecimal: parameter), 1...Fsverity.mostSaltBytes ~= salt.count else {
                return nil
            }
            return HashAlgorithm(name, salt: salt)
        case .blake3 where parameter == nil:
            guard digestCount % 2 == 0, 1...HashAlgorithm.mostDigestBytes ~= digestCount / 2 else { return nil }
            return .blake3(syntax.purpose, digestBytes: digestCount / 2)
        default:
            return parameter == nil ? HashAlgorithm(name) : nil
        }
    }
}

/// The bytes of pairs of hexadecimal digits of either case; nil if the number is odd or other characters are there.
package func bytes(ofHexadecimal digits: ArraySlice<UInt8>) -> [UInt8]? {
    guard digits.count % 2 == 0, digits.allSatisfy(DigestNotation.isHexadecimal) else { return nil }
    let values = digits.map { $0 <= UInt8(ascii: "9") ? $0 & 15 : ($0 & 15) + 9 }
    return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
}
