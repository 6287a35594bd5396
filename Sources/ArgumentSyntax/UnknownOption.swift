import ArgumentParser

/// The error for an unknown option, with a suggestion.
///
/// The parser's own suggestion is based on the rewritten arguments, not on what the user typed.
package struct UnknownOption: Error, CustomStringConvertible {
    package let description: String

    /// nil if the parser's error is a different one.
    package init?<Command: ParsableCommand>(_ error: any Error, of command: Command.Type, _ arguments: Arguments) {
        let beginning = "Unknown option '"
        let message = Command.message(for: error)
        guard message.hasPrefix(beginning) else { return nil }
        let name = String(message.dropFirst(beginning.count).prefix { $0 != "'" && $0 != "=" })
        let option = arguments.options.first { $0.words[0].hasPrefix(name) }
        var text = "unknown option '\(name)'"
        if let option, !name.hasPrefix("--"), option.argument != name {
            text += " in '\(option.argument)'"
        }
        let known = UnknownOption.longNames(in: Command.helpMessage(columns: 200)) + OptionRule.longNames
        // The same name means that another mode has the option, which does not help.
        if let guess = UnknownOption.nearest(to: name, in: known), guess != name {
            text += "; did you mean '\(guess)'?"
        }
        description = text
    }

    /// The long options listed in a help text.
    private static func longNames(in help: String) -> [String] {
        help.split(separator: "\n").filter { $0.hasPrefix("  -") }.flatMap { line in
            line.split { " ,/".contains($0) }.prefix { $0.hasPrefix("-") || $0.hasPrefix("<") }
                .filter { $0.hasPrefix("--") }.map(String.init)
        }
    }

    /// The option that was probably meant: the one within a typing error of the name, or the only one that begins with
    /// it.
    static func nearest(to name: String, in known: [String]) -> String? {
        guard name.hasPrefix("--") else { return nil }
        let names = Set(known).sorted()
        let longer = names.filter { $0.hasPrefix(name) && name.count > 4 }
        if longer.count == 1 { return longer[0] }
        let most = name.count > 6 ? 2 : 1
        return names.map { ($0, slips(from: name, to: $0)) }.filter { $0.1 <= most }.min { $0.1 < $1.1 }?.0
    }

    /// The edit distance: how many letters must be inserted, deleted, replaced, or swapped with the next one.
    private static func slips(from one: String, to other: String) -> Int {
        let (one, other) = (Array(one), Array(other))
        var (before, row) = ([Int](), Array(0...other.count))
        for i in one.indices {
            var next = [i + 1]
            for j in other.indices {
                let replaced = row[j] + (one[i] == other[j] ? 0 : 1)
                var best = min(replaced, row[j + 1] + 1, next[j] + 1)
                if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] {
                    best = min(best, before[j - 1] + 1)
                }
                next.append(best)
            }
            (before, row) = (row, next)
        }
        return row[other.count]
    }
}
