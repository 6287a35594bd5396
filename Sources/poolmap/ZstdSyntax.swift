/// What zstd's users type and the argument parser would not understand, said in its terms.
///
///     poolmap -19 -T2 FILE     →  poolmap compress --level 19 --threads 2 FILE
///     poolmap -dc FILE         →  poolmap decompress -c FILE
///     poolmap compress --fast  →  poolmap compress --fast=1
struct ZstdSyntax {
    private static let subcommands = ["compress", "decompress", "test", "list", "cat", "hash", "help"]
    private static let modes: [Character: String] = ["z": "compress", "d": "decompress", "t": "test", "l": "list"]
    private static let longModes = [
        "--compress": "compress", "--decompress": "decompress", "--uncompress": "decompress", "--test": "test",
        "--list": "list",
    ]
    /// Options whose value is the next argument, which is then not looked at.
    private static let takingValue: Set<String> = [
        "-o", "--output", "-j", "--jobs", "--threads", "-a", "--algorithm", "--level", "--chunk-size", "--offset",
        "--length", "--files-from", "--filelist", "--output-dir", "--depfile", "--report", "--trace",
    ]

    private var subcommand: String?
    /// -d and its like choose the subcommand only where none was named: `hash` has other meanings for letters.
    private var choosesMode = true
    private var normalized: [String] = []
    /// -0 is zstd's level for the default one; beside a list of names it is what xargs means by it.
    private let hasList: Bool

    private init(hasList: Bool) {
        self.hasList = hasList
    }

    /// The subcommand that the arguments name or mean, if any, and its arguments.
    static func normalize(_ arguments: [String]) -> (subcommand: String?, rest: [String]) {
        var syntax = ZstdSyntax(
            hasList: arguments.contains { $0.hasPrefix("--files-from") || $0.hasPrefix("--filelist") })
        var rest = arguments[...]
        if let first = rest.first, subcommands.contains(first) {
            syntax.subcommand = first
            syntax.choosesMode = false
            rest.removeFirst()
        }
        while let argument = rest.popFirst() {
            if argument == "--" {
                syntax.normalized += [argument] + rest
                break
            }
            if takingValue.contains(argument) {
                syntax.normalized += [argument] + rest.prefix(1)
                rest = rest.dropFirst()
            } else {
                syntax.take(argument)
            }
        }
        return (syntax.subcommand, syntax.normalized)
    }

    private mutating func take(_ argument: String) {
        if choosesMode, let mode = ZstdSyntax.longModes[argument] {
            subcommand = mode
        } else if argument == "--fast" {
            normalized.append("--fast=1")
        } else if argument == "--long" {
            normalized.append("--long=27")
        } else if argument.hasPrefix("-"), !argument.hasPrefix("--"), argument != "-" {
            takeCluster(argument.dropFirst())
        } else {
            normalized.append(argument)
        }
    }

    /// Takes short options that stand together apart: "-dc9T2" is -d, -c, level 9, two threads.
    private mutating func takeCluster(_ letters: Substring) {
        var rest = letters
        while let letter = rest.popFirst() {
            switch letter {
            case "0" where letters == "0" && hasList: normalized.append("--null")
            case "0"..."9":
                let more = rest.prefix { $0.isASCII && $0.isNumber }
                rest = rest.dropFirst(more.count)
                normalized += ["--level", String(letter) + more]
            case "T", "j", "o", "a":
                // The value is the rest, or the next argument.
                normalized += [letter == "T" ? "--threads" : "-\(letter)"] + (rest.isEmpty ? [] : [String(rest)])
                return
            case "V" where choosesMode: normalized.append("--version")
            case "H" where choosesMode: normalized.append("--help")
            default:
                if choosesMode, let mode = ZstdSyntax.modes[letter] {
                    subcommand = mode
                } else {
                    normalized.append("-\(letter)")
                }
            }
        }
    }
}
