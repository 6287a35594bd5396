import Ground

/// Quotes words for sh, which reads each of them back unchanged, byte for byte.
package func shellLine(_ words: [String]) -> [UInt8] {
    Array(words.map { shellWord(FileName.bytes(of: $0)) }.joined(separator: [UInt8(ascii: " ")]))
}

private func shellWord(_ bytes: [UInt8]) -> [UInt8] {
    let quote = UInt8(ascii: "'")
    guard bytes.isEmpty || !bytes.allSatisfy(isPlain) else { return bytes }
    return [quote] + bytes.flatMap { $0 == quote ? Array(#"'\''"#.utf8) : [$0] } + [quote]
}

/// Whether the byte needs no quotes in sh, in a word that is not an assignment.
private func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default: "_-./,:+@%=".utf8.contains(byte)
    }
}
