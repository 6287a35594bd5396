import Ground
import SystemPackage

/// Make rules that name each target's inputs, for make's `include`, in the form of `gcc -MMD -MP`.
///
/// Each input also has an empty rule of its own, so that make does not stop if it is gone the next time. A name that
/// cannot be written in a make rule is an error; docs/errors.md lists them.
package struct DependencyFile {
    private var rules: [UInt8] = []
    private var empty: [UInt8] = []
    private let common: [String]
    private var hasRules = false

    /// An empty set of rules.
    ///
    /// - Parameter common: inputs of every target, in addition to its own.
    package init(common: [String] = []) {
        self.common = common
    }

    /// Adds a rule; throws if a name cannot be written in one.
    package mutating func add(target: String, inputs: some Sequence<String>) throws(PoolmapError) {
        // A space before the colon, since "&:" would be another kind of rule.
        var rule = try DependencyFile.target(target) + Array(" :".utf8)
        var emptyRules: [UInt8] = []
        for input in Array(inputs) + common {
            rule += Array(" \\\n  ".utf8) + (try DependencyFile.word(input, escaped: "*?[|"))
        }
        for input in Array(inputs) + (hasRules ? [] : common) {
            emptyRules += try DependencyFile.target(input) + Array(" :\n".utf8)
        }
        hasRules = true
        rules += rule + Array("\n".utf8)
        empty += emptyRules
    }

    /// Writes the rules to a file, which appears once it is complete and replaces an older one.
    package func write(to path: String) throws(PoolmapError) {
        let file = try LineFile(path: path, force: true)
        try file.write(rules + empty)
        try file.commit()
    }

    private static func target(_ name: String) throws(PoolmapError) -> [UInt8] {
        // Only in targets is % a pattern to make.
        try word(name, escaped: "*?[%")
    }

    /// A name in make's spelling.
    ///
    /// - Parameter escaped: characters that need a backslash here, in addition to those that always do.
    private static func word(_ name: String, escaped: String) throws(PoolmapError) -> [UInt8] {
        if let reason = unspeakable(name) {
            throw PoolmapError(.failed, "the name \(name) \(reason), which cannot be written in a make rule")
        }
        let escaped = Set(" #:".utf8).union(escaped.utf8)
        var word: [UInt8] = []
        for byte in FileName.bytes(of: name) {
            switch byte {
            case UInt8(ascii: "$"): word += Array("$$".utf8)
            // A bare = would make the line an assignment; make does not look for one in expanded text.
            case UInt8(ascii: "="): word += Array("$(if ,,=)".utf8)
            case _ where escaped.contains(byte):
                // Backslashes before an escaped character must be escaped, too.
                word += word.reversed().prefix { $0 == UInt8(ascii: "\\") } + [UInt8(ascii: "\\"), byte]
            default: word.append(byte)
            }
        }
        return word
    }

    /// What in the name make 4 misreads in any spelling; nil if there is nothing.
    private static func unspeakable(_ name: String) -> String? {
        let bytes = FileName.bytes(of: name)
        let characters: [(Character, String)] = [
            ("\n", "a line break"), ("\r", "a carriage return"), ("\t", "a tab"), (";", "a semicolon"),
        ]
        for (character, noun) in characters where bytes.contains(where: { $0 == character.asciiValue }) {
            return "has \(noun)"
        }
        switch bytes.last {
        case UInt8(ascii: " "): return "ends with a space"
        case UInt8(ascii: "\\"): return "ends with a backslash"
        case UInt8(ascii: ")") where bytes.contains(UInt8(ascii: "(")):
            return "ends with parentheses, as a member of an archive"
        default: return nil
        }
    }
}
