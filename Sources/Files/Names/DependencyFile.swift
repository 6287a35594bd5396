import Ground
import SystemPackage

/// What each target was made of, as rules that make reads with `include`: as `gcc -MMD -MP` writes them.
///
/// An input has an empty rule of its own as well, so that make does not stop where it is gone the next time. A name
/// for which make has no spelling is an error; docs/errors.md lists them.
package struct DependencyFile {
    private var rules: [UInt8] = []
    private var empty: [UInt8] = []
    private let common: [String]
    private var hasRules = false

    /// No rules yet.
    ///
    /// - Parameter common: what every target is made of, beside its own inputs.
    package init(common: [String] = []) {
        self.common = common
    }

    /// Adds a rule; throws if make has no spelling for a name.
    package mutating func add(target: String, inputs: some Sequence<String>) throws(PoolmapError) {
        // With a space before the colon: "&:" would be another kind of rule.
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

    /// Writes the rules to a file, which appears once it is whole, over an older one.
    package func write(to path: String) throws(PoolmapError) {
        let file = try LineFile(path: path, force: true)
        try file.write(rules + empty)
        try file.commit()
    }

    private static func target(_ name: String) throws(PoolmapError) -> [UInt8] {
        // Only there does make see a pattern.
        try word(name, escaped: "*?[%")
    }

    /// A name as make reads it.
    ///
    /// - Parameter escaped: what is to have a backslash here, beside what has one everywhere.
    private static func word(_ name: String, escaped: String) throws(PoolmapError) -> [UInt8] {
        if let reason = unspeakable(name) {
            throw PoolmapError(.failed, "the name \(name) \(reason), which no make rule can hold")
        }
        let escaped = Set(" #:".utf8).union(escaped.utf8)
        var word: [UInt8] = []
        for byte in FileName.bytes(of: name) {
            switch byte {
            case UInt8(ascii: "$"): word += Array("$$".utf8)
            // A line with a bare one would be an assignment; make does not look into what is expanded.
            case UInt8(ascii: "="): word += Array("$(if ,,=)".utf8)
            case _ where escaped.contains(byte):
                // Backslashes before an escaped character are themselves escapes.
                word += word.reversed().prefix { $0 == UInt8(ascii: "\\") } + [UInt8(ascii: "\\"), byte]
            default: word.append(byte)
            }
        }
        return word
    }

    /// What make 4 takes for something else, however it is written; nil if the name has nothing of it.
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
