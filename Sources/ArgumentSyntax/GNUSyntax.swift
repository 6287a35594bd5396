import ArgumentParser

/// GNU option syntax: a value follows "=" or is the next argument, and short options may be combined.
protocol GNUSyntax: OptionSyntax {
    var options: [TypedOption] { get set }
    /// Long options that have a value, which may be the next argument.
    static var takingValue: Set<String> { get }
    static var lettersTakingValue: Set<Character> { get }
    /// Options whose value may be empty.
    static var takingNothing: Set<String> { get }
    /// Whether -1, -2 and so on set the level.
    static var takesLevels: Bool { get }
}

extension GNUSyntax {
    static var takesLevels: Bool { false }

    mutating func takeLong(_ argument: String) throws {
        let sides = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if sides.count == 1, Self.takingValue.contains(argument) {
            try take(argument, takeValue(of: argument, from: &rest), in: argument)
        } else {
            try take(sides[0], sides.count > 1 ? sides[1] : nil, in: argument)
        }
    }

    /// Splits combined short options: "-cw" is -c, -w.
    ///
    /// A value is the rest of the letters, or the next argument.
    mutating func takeCluster(_ argument: String) throws {
        var letters = argument.dropFirst()
        while let letter = letters.popFirst() {
            if Self.takesLevels, "1"..."9" ~= letter {
                let digits = letters.prefix { $0.isASCII && $0.isNumber }
                letters.removeFirst(digits.count)
                try take("--level", "\(letter)\(digits)", in: argument)
                continue
            }
            let option = "-\(letter)"
            guard Self.lettersTakingValue.contains(letter) else {
                try take(option, in: argument)
                continue
            }
            let value = letters.isEmpty ? try takeValue(of: option, from: &rest) : String(letters)
            return try take(letter == "T" ? "--threads" : option, value, in: argument)
        }
    }

    private mutating func take(_ name: String, _ value: String? = nil, in argument: String) throws {
        if let value, !Self.takingNothing.contains(name) {
            try requireValue(value, of: name)
        }
        options.append(TypedOption(name: name, value: value, argument: argument))
    }
}
