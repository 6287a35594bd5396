import ArgumentParser
import Glibc

/// The arguments of `poolmap map`: options and names, and the command after "--".
struct MapSyntax: GNUSyntax {
    var options: [TypedOption] = []
    var operands: [String] = []
    var rest: ArraySlice<String>
    /// The command and its arguments, unchanged.
    private(set) var command: [String] = []

    static let takingValue: Set<String> = [
        "--jobs", "--threads", "--report", "--trace", "--chunk-size", "--block", "--separator", "--record-size",
        "--max-output", "--max-ratio",
        "--max-record", "--record-start", "--records", "--header", "--output-header", "--output", "--output-template",
        "--reduce", "--files-from",
        "--files0-from", "--retries",
        "--success-codes", "--part", "--engine", "--parts", "--engine-retries", "--engine-option", "--timeout",
        "--halt", "--memory", "--long", "--level",
    ]
    static let lettersTakingValue: Set<Character> = ["T", "j", "o", "D"]
    static let takingNothing: Set<String> = []
    static let takesLevels = true

    /// - Parameter arguments: those after the word.
    init(_ arguments: ArraySlice<String>) throws {
        rest = arguments
        try takeAll()
    }

    /// Takes the command, and a `--reduce` after it whose line has "{}": `-- sort --reduce 'sort -m {}'` reads in the
    /// order of the work.
    ///
    /// All other words belong to the command, and these, too, if `--reduce` was given before it.
    mutating func takeOperands(_ words: ArraySlice<String>) {
        var words = words
        // Not String.contains, which would bring the regular expressions of _StringProcessing into the program.
        if words.count > 2, words.dropLast().last == "--reduce", let line = words.last, strstr(line, "{}") != nil,
            !options.contains(where: { $0.name == "--reduce" })
        {
            options.append(TypedOption(name: "--reduce", value: line, argument: "--reduce"))
            words.removeLast(2)
        }
        command = Array(words)
    }
}
