import ArgumentParser

/// An option from the command line, in the parser's spelling.
package struct TypedOption {
    package let name: String
    package var value: String?
    /// The argument that it was part of, such as "-9nc".
    package let argument: String

    /// The arguments for the parser.
    ///
    /// A value follows "=", so that it may begin with a hyphen, unless it is empty.
    package var words: [String] {
        guard let value else { return [name] }
        return name.hasPrefix("--") && !value.isEmpty ? ["\(name)=\(value)"] : [name, value]
    }
}

/// Separates options from operands, one argument at a time.
protocol OptionSyntax {
    /// The arguments that are not options.
    var operands: [String] { get set }
    /// The arguments not yet read.
    var rest: ArraySlice<String> { get set }
    mutating func takeLong(_ argument: String) throws
    /// Takes an argument of one or more short options.
    mutating func takeCluster(_ argument: String) throws
    /// Takes the arguments after "--".
    mutating func takeOperands(_ words: ArraySlice<String>)
}

extension OptionSyntax {
    /// Takes all arguments; after "--" there are no options.
    mutating func takeAll() throws {
        while let argument = rest.popFirst() {
            if argument == "--" {
                takeOperands(rest)
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

extension OptionSyntax {
    mutating func takeOperands(_ words: ArraySlice<String>) {
        operands += words
    }
}

/// Takes the value of an option from the next argument.
///
/// - Parameter option: the option as typed, for the message.
func takeValue(of option: String, from rest: inout ArraySlice<String>) throws -> String {
    guard let next = rest.first else { throw ValidationError("\(option) requires a value") }
    guard next == "-" || !next.hasPrefix("-") else {
        throw ValidationError("\(option) requires a value, and \(next) is an option")
    }
    rest.removeFirst()
    return next
}

/// Throws for an empty value, such as that of an unset variable: as a path it could become the root or the working
/// folder.
func requireValue(_ value: String, of option: String) throws {
    if value.isEmpty { throw ValidationError("the value of \(option) is empty") }
}
