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
        "-o", "--output", "-D", "-j", "--jobs", "--threads", "-a", "--algorithm", "--level", "--chunk-size", "--offset",
        "--length", "--max-output", "--max-ratio", "--files-from", "--filelist", "--output-dir", "--depfile",
        "--report", "--trace",
        "--part-size", "--salt", "--derive-key", "--generate-completion-script",
    ]

    /// Those whose next argument is their value in this subcommand alone.
    private static let takingValueOfHash: Set<String> = ["-l", "--resume"]

    private var subcommand: String?
    /// -d and its like choose the subcommand only where none was named: `hash` has other meanings for letters.
    private var choosesMode = true
    private var normalized: [String] = []
    /// How much `hash --check` prints: the last of these options holds, as with coreutils.
    private static let manners: Set<String> = ["-q", "--quiet", "--status", "-w", "--warn"]
    private var placesOfManners: [Int] = []
    private var checks = false
    private var operands: [String] = []
    /// -0 is zstd's level for the default one; beside a list of names it is what xargs means by it.
    private let hasList: Bool

    private init(hasList: Bool) {
        self.hasList = hasList
    }

    /// What the arguments say.
    struct Result {
        /// The one that they name or mean, if any.
        let subcommand: String?
        let options: [String]
        /// What is no option, mostly names of files: kept from the parser, which takes half a second for 3,000.
        let operands: [String]

        /// For the parser.
        var all: [String] {
            options + (operands.isEmpty ? [] : ["--"] + operands)
        }
    }

    /// Says the arguments in the parser's terms.
    static func normalize(_ arguments: [String]) -> Result {
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
                syntax.operands += rest
                break
            }
            if syntax.take(argument) {
                syntax.normalized += rest.prefix(1)
                rest = rest.dropFirst()
            }
        }
        syntax.keepLastManner()
        return Result(subcommand: syntax.subcommand, options: syntax.normalized, operands: syntax.operands)
    }

    private func takesValue(_ argument: String) -> Bool {
        ZstdSyntax.takingValue.contains(argument)
            || (subcommand == "hash" && ZstdSyntax.takingValueOfHash.contains(argument))
    }

    /// True if the next argument is the value of this one.
    private mutating func take(_ argument: String) -> Bool {
        if takesValue(argument) {
            normalized.append(argument)
            return true
        }
        if choosesMode, let mode = ZstdSyntax.longModes[argument] {
            subcommand = mode
        } else if argument == "--fast" {
            normalized.append("--fast=1")
        } else if argument == "--long" {
            normalized.append("--long=27")
        } else if argument.hasPrefix("--") {
            append(flag: argument)
        } else if argument.hasPrefix("-"), argument != "-" {
            return takeCluster(argument.dropFirst())
        } else {
            operands.append(argument)
        }
        return false
    }

    private mutating func append(flag: String) {
        if ZstdSyntax.manners.contains(flag) {
            placesOfManners.append(normalized.count)
        }
        checks = checks || flag == "-c" || flag == "--check"
        normalized.append(flag)
    }

    private mutating func keepLastManner() {
        guard subcommand == "hash", checks else { return }
        for place in placesOfManners.dropLast().reversed() {
            normalized.remove(at: place)
        }
    }

    /// Takes short options that stand together apart: "-dc9T2" is -d, -c, level 9, two threads.
    ///
    /// True if the next argument is the value of the last one.
    private mutating func takeCluster(_ letters: Substring) -> Bool {
        var rest = letters
        while let letter = rest.popFirst() {
            switch letter {
            case "0" where letters == "0" && hasList: normalized.append("--null")
            case "0"..."9":
                let more = rest.prefix { $0.isASCII && $0.isNumber }
                rest = rest.dropFirst(more.count)
                normalized += ["--level", String(letter) + more]
            case "T", "j", "o", "a", "D":
                return takeValue(letter == "T" ? "--threads" : "-\(letter)", rest)
            case "l" where subcommand == "hash":
                return takeValue("--length", rest)
            case "V" where choosesMode: normalized.append("--version")
            case "H" where choosesMode: normalized.append("--help")
            default:
                if choosesMode, let mode = ZstdSyntax.modes[letter] {
                    subcommand = mode
                } else {
                    append(flag: "-\(letter)")
                }
            }
        }
        return false
    }

    /// True if the value is not the rest of the letters, but the next argument.
    private mutating func takeValue(_ option: String, _ rest: Substring) -> Bool {
        normalized += [option] + (rest.isEmpty ? [] : [String(rest)])
        return rest.isEmpty
    }
}
