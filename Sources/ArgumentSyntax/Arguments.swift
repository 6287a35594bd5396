import ArgumentParser

/// The command line, rewritten for the parser.
package struct Arguments {
    /// The subcommand that is named or implied; nil for the default.
    package let word: CommandWord?
    package let options: [TypedOption]
    /// The operands, mostly file names; they bypass the parser, which takes half a second for 3,000.
    package let operands: [String]
    /// The command of `map` with its arguments; empty for other subcommands.
    package private(set) var command: [String] = []
    /// Options of `compress` that were dropped; its parser checks their values.
    package let unusedWords: [String]
    /// Warnings, to be printed unless `-q` is given.
    package private(set) var notes: [String] = []

    /// Throws if the arguments are not understood.
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

    /// The options, for the parser.
    package var optionWords: [String] { options.flatMap(\.words) }

    /// The options and the operands, for the parser.
    package var words: [String] { optionWords + (operands.isEmpty ? [] : ["--"] + operands) }

    package func count(of names: [String]) -> Int { options.count { names.contains($0.name) } }
}
