import ArgumentParser

/// An option as it was typed, in the parser's spelling.
package struct TypedOption {
    package let name: String
    package var value: String?
    /// The argument that it was in, as "-9nc".
    package let argument: String

    /// For the parser.
    ///
    /// A value stands behind "=", so that it may begin with a hyphen, unless it is empty.
    package var words: [String] {
        guard let value else { return [name] }
        return name.hasPrefix("--") && !value.isEmpty ? ["\(name)=\(value)"] : [name, value]
    }
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
    /// Takes what is behind "--".
    mutating func takeOperands(_ words: ArraySlice<String>)
}

extension OptionSyntax {
    /// Takes all arguments; behind "--" there are no options.
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
