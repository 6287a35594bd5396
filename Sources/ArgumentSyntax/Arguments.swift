import ArgumentParser

/// The arguments in the parser's terms.
package struct Arguments {
    /// What they name or mean, if anything.
    package let word: CommandWord?
    package let options: [TypedOption]
    /// What is no option, mostly names of files: kept from the parser, which takes half a second for 3,000.
    package let operands: [String]
    /// What is to be run, with its arguments; empty where nothing is.
    package private(set) var command: [String] = []
    /// Options of another command that were dropped, for its parser to say whether their values are right.
    package let unusedWords: [String]
    /// What is to be said beside, unless `-q` is given.
    package private(set) var notes: [String] = []

    /// Throws if they cannot be understood.
    package init(_ raw: [String], calledAs name: ProgramName) throws {
        var rest = raw[...]
        var word: CommandWord?
        if name.hasCommandWords, let first = rest.first {
            if let named = CommandWord(rawValue: first) {
                let isRecursive = raw.prefix { $0 != "--" }.contains {
                    $0 == "--recursive" || ($0.hasPrefix("-") && !$0.hasPrefix("--") && $0.contains("r"))
                }
                notes += [try named.requireNoFile(recursive: isRecursive)].compactMap(\.self)
                word = named
            } else {
                word = CommandWord.own.first { $0.option == first }
            }
            rest = word == nil ? rest : rest.dropFirst()
            let late = CommandWord.own.map(\.option).first { rest.prefix { $0 != "--" }.contains($0) }
            if let late { throw ValidationError("\(late) must be the first argument") }
        }
        if word == .map {
            let syntax = try MapSyntax(rest)
            (self.word, options, operands, unusedWords) = (word, syntax.options, syntax.operands, [])
            command = syntax.command
        } else if word == .hash {
            let syntax = try HashSyntax(rest)
            (self.word, options, operands, unusedWords) = (word, syntax.options, syntax.operands, [])
        } else if word == .join {
            let syntax = try JoinSyntax(rest)
            (self.word, options, operands, unusedWords) = (word, syntax.options, syntax.operands, [])
        } else if word == .report {
            let syntax = try ReportSyntax(rest)
            (self.word, options, operands, unusedWords) = (word, syntax.options, syntax.operands, [])
        } else {
            let syntax = try ZstdSyntax(name.arguments + rest, word)
            (self.word, options, operands) = (syntax.word, syntax.options, syntax.operands)
            unusedWords = syntax.unusedWords
        }
    }

    /// The options alone, for the parser.
    package var optionWords: [String] { options.flatMap(\.words) }

    /// All, for the parser.
    package var words: [String] { optionWords + (operands.isEmpty ? [] : ["--"] + operands) }

    package func count(of names: [String]) -> Int { options.count { names.contains($0.name) } }
}
