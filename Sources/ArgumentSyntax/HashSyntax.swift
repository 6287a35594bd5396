import ArgumentParser

/// What users of b3sum and sha256sum type after `poolmap hash`, said in the parser's terms.
struct HashSyntax: OptionSyntax {
    private(set) var options: [TypedOption] = []
    var operands: [String] = []
    var rest: ArraySlice<String>

    /// Options whose value is the next argument, which is then not looked at.
    private static let takingValue: Set<String> = [
        "--jobs", "--threads", "--report", "--trace", "--algorithm", "--part-size", "--salt", "--length",
        "--derive-key", "--chunk-size", "--offset", "--output", "--resume", "--files-from", "--filelist",
    ]
    private static let lettersTakingValue: Set<Character> = ["T", "j", "o", "a", "l"]
    /// Those that may have an empty value.
    private static let takingNothing: Set<String> = ["--derive-key", "--salt"]
    /// How much `--check` prints: the last of these options holds, as with coreutils.
    private static let manners: Set<String> = ["-q", "--quiet", "--status", "-w", "--warn"]

    /// - Parameter arguments: those behind the word.
    init(_ arguments: ArraySlice<String>) throws {
        rest = arguments
        try takeAll()
        keepLastManner()
    }

    mutating func takeLong(_ argument: String) throws {
        let sides = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if sides.count == 1, HashSyntax.takingValue.contains(argument) {
            try take(argument, takeValue(of: argument, from: &rest), in: argument)
        } else {
            try take(sides[0], sides.count > 1 ? sides[1] : nil, in: argument)
        }
    }

    /// Takes short options that stand together apart: "-cw" is -c, -w.
    ///
    /// A value is the rest of the letters, or the next argument.
    mutating func takeCluster(_ argument: String) throws {
        var letters = argument.dropFirst()
        while let letter = letters.popFirst() {
            let option = "-\(letter)"
            guard HashSyntax.lettersTakingValue.contains(letter) else {
                try take(option, in: argument)
                continue
            }
            let value = letters.isEmpty ? try takeValue(of: option, from: &rest) : String(letters)
            return try take(letter == "T" ? "--threads" : option, value, in: argument)
        }
    }

    private mutating func take(_ name: String, _ value: String? = nil, in argument: String) throws {
        if let value, !HashSyntax.takingNothing.contains(name) {
            try requireValue(value, of: name)
        }
        options.append(TypedOption(name: name, value: value, argument: argument))
    }

    private mutating func keepLastManner() {
        guard options.contains(where: { $0.name == "-c" || $0.name == "--check" }) else { return }
        let last = options.lastIndex { HashSyntax.manners.contains($0.name) }
        options = options.enumerated().filter { $0.offset == last || !HashSyntax.manners.contains($0.element.name) }
            .map(\.element)
    }
}
