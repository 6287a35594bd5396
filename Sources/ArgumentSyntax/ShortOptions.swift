import ArgumentParser
import Glibc

/// Combined short options, as zstd reads them: "-dc9T2q" is -d, -c, level 9, two threads, -q.
///
/// A number ends with its digits. An option that takes a name, such as -o, takes the next argument, wherever it stands
/// in the group: "-of out" is "-o out -f".
extension ZstdSyntax {
    // A switch, since building a dictionary of characters would take a hundredth of the start-up time.
    private static func mode(_ letter: Character) -> CommandWord? {
        switch letter {
        case "z": .compress
        case "d": .decompress
        case "t": .test
        case "l": .list
        default: nil
        }
    }

    private static func page(_ letter: Character) -> String? {
        switch letter {
        case "V": "--version"
        case "h", "H": "--help"
        default: nil
        }
    }

    mutating func takeCluster(_ argument: String) throws {
        var letters = argument.dropFirst()
        while let letter = letters.first {
            if letter.isASCII, letter.isNumber {
                try takeLevel(&letters, in: argument)
                continue
            }
            letters.removeFirst()
            switch letter {
            case "T": try take("--threads", number(&letters) ?? nextNumber() ?? "0", in: argument)
            case "j": try take("-j", number(&letters) ?? takeValue(of: "-j", from: &rest), in: argument)
            case "B": try take("--block-size", size(&letters) ?? "0", in: argument)
            case "M": try take("--memory", size(&letters) ?? "0", in: argument)
            case "o", "D": try take("-\(letter)", name(of: "-\(letter)", &letters), in: argument)
            case "C": try take("--check", in: argument)
            default:
                if let page = ZstdSyntax.page(letter), choosesMode {
                    // As in zstd, everything after it is ignored.
                    rest = []
                    return try take(page, in: argument)
                }
                if let mode = ZstdSyntax.mode(letter), choose(mode) { continue }
                try refuse("-\(letter)", in: argument)
                try take("-\(letter)", in: argument)
            }
        }
    }

    private mutating func takeLevel(_ letters: inout Substring, in argument: String) throws {
        if argument == "-0", hasList {
            letters.removeFirst()
            return try take("--null", in: argument)
        }
        try take("--level", number(&letters), in: argument)
    }

    /// The digits that come next; nil for none.
    private func number(_ letters: inout Substring) -> String? {
        let digits = letters.prefix { $0.isASCII && $0.isNumber }
        letters = letters.dropFirst(digits.count)
        return digits.isEmpty ? nil : String(digits)
    }

    /// The size that comes next, with an optional unit: K, M or G, each with or without B or iB; nil for none.
    private func size(_ letters: inout Substring) -> String? {
        guard var size = number(&letters) else { return nil }
        guard let unit = letters.first, "KMG".contains(unit) else { return size }
        size.append(letters.removeFirst())
        for more in ["iB", "B", "i"] where letters.hasPrefix(more) {
            letters = letters.dropFirst(more.count)
            return size + (more == "i" ? "iB" : more)
        }
        return size
    }

    /// The next argument if it is a number and not the name of a file; -T without a number means all cores.
    private mutating func nextNumber() -> String? {
        guard let next = rest.first, !next.isEmpty, next.allSatisfy({ $0.isASCII && $0.isNumber }),
            access(next, F_OK) != 0
        else { return nil }
        return rest.removeFirst()
    }

    /// The text after "=", or the next argument.
    private mutating func name(of option: String, _ letters: inout Substring) throws -> String {
        guard letters.first == "=" else { return try takeValue(of: option, from: &rest) }
        defer { letters = "" }
        return String(letters.dropFirst())
    }
}
