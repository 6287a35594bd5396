import ArgumentParser

/// An option as it was typed, in the parser's spelling.
struct TypedOption {
    let name: String
    var value: String?
    /// The argument that it was in, as "-9nc".
    let argument: String

    /// For the parser.
    ///
    /// A value stands behind "=", so that it may begin with a hyphen, unless it is empty.
    var words: [String] {
        guard let value else { return [name] }
        return name.hasPrefix("--") && !value.isEmpty ? ["\(name)=\(value)"] : [name, value]
    }
}

/// The arguments in the parser's terms.
struct Arguments {
    /// What they name or mean, if anything.
    let word: CommandWord?
    let options: [TypedOption]
    /// What is no option, mostly names of files: kept from the parser, which takes half a second for 3,000.
    let operands: [String]
    /// What is to be said beside, unless `-q` is given.
    var notes: [String] = []

    /// Throws if they cannot be understood.
    init(_ raw: [String], calledAs name: ProgramName) throws {
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
                word = [CommandWord.hash, .cat].first { $0.option == first }
            }
            rest = word == nil ? rest : rest.dropFirst()
            let late = [CommandWord.hash, .cat].map(\.option).first { rest.prefix { $0 != "--" }.contains($0) }
            if let late { throw ValidationError("\(late) must be the first argument") }
        }
        if word == .hash {
            let syntax = try HashSyntax(rest)
            (self.word, options, operands) = (word, syntax.options, syntax.operands)
        } else {
            let syntax = try ZstdSyntax(name.arguments + rest, word)
            (self.word, options, operands) = (syntax.word, syntax.options, syntax.operands)
        }
    }

    /// The options alone, for the parser.
    var optionWords: [String] { options.flatMap(\.words) }

    /// All, for the parser.
    var words: [String] { optionWords + (operands.isEmpty ? [] : ["--"] + operands) }

    func count(of names: [String]) -> Int { options.count { names.contains($0.name) } }
}

/// Who tells options from names, an argument after the other.
protocol OptionSyntax {
    /// What is no option.
    var operands: [String] { get set }
    /// What was not looked at yet.
    var rest: ArraySlice<String> { get set }
    mutating func takeLong(_ argument: String) throws
    /// Takes short options that stand together.
    mutating func takeCluster(_ argument: String) throws
}

extension OptionSyntax {
    /// Takes all arguments; behind "--" there are only names.
    mutating func takeAll() throws {
        while let argument = rest.popFirst() {
            if argument == "--" {
                operands += rest
                break
            } else if argument.hasPrefix("--") {
                try takeLong(argument)
            } else if argument.hasPrefix("-"), argument != "-" {
                try takeCluster(argument)
            } else {
                operands.append(argument)
            }
        }
    }
}

/// Takes the value of an option from the arguments behind it.
///
/// - Parameter option: as it was typed, for the message.
func takeValue(of option: String, from rest: inout ArraySlice<String>) throws -> String {
    guard let next = rest.first else { throw ValidationError("\(option) needs a value") }
    guard next == "-" || !next.hasPrefix("-") else {
        throw ValidationError("\(option) needs a value, and \(next) is an option")
    }
    rest.removeFirst()
    return next
}

/// Throws for a value that is empty, as that of an unset variable: as a path it would be the root or the working folder.
func requireValue(_ value: String, of option: String) throws {
    if value.isEmpty { throw ValidationError("the value of \(option) is empty") }
}
