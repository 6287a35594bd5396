import SystemPackage

/// What each target was made of, as rules that make reads with `include`: as `gcc -MMD -MP` writes them.
///
/// An input has an empty rule of its own as well, so that make does not stop where it is gone the next time.
public struct DependencyFile {
    private var rules: [UInt8] = []
    private var empty: [UInt8] = []

    /// No rules yet.
    public init() {}

    /// Adds a rule; throws if a name has a line break, for which make has no spelling.
    public mutating func add(target: String, inputs: some Sequence<String>) throws(PoolmapError) {
        rules += try DependencyFile.word(target) + Array(":".utf8)
        for input in inputs {
            let word = try DependencyFile.word(input)
            rules += Array(" \\\n  ".utf8) + word
            empty += Array("\n".utf8) + word + Array(":\n".utf8)
        }
        rules += Array("\n".utf8)
    }

    /// Writes the rules to a file, which appears once it is whole, over an older one.
    public func write(to path: String) throws(PoolmapError) {
        let file = try LineFile(path: path, force: true)
        try file.write(rules + empty)
        try file.commit()
    }

    private static func word(_ name: String) throws(PoolmapError) -> [UInt8] {
        var word: [UInt8] = []
        for byte in FileName.bytes(of: name) {
            switch byte {
            case UInt8(ascii: "\n"):
                throw PoolmapError(.failed, "the name \(name) has a line break, which no make rule can hold")
            case UInt8(ascii: "$"): word.append(byte)
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "#"), UInt8(ascii: "%"), UInt8(ascii: ":"):
                // Backslashes before an escaped character are themselves escapes.
                word += word.reversed().prefix { $0 == UInt8(ascii: "\\") }
                word.append(UInt8(ascii: "\\"))
            default: break
            }
            word.append(byte)
        }
        return word
    }
}
