import ArgumentParser

/// What is typed after `poolmap map`: options and names, and behind "--" the command.
struct MapSyntax: GNUSyntax {
    var options: [TypedOption] = []
    var operands: [String] = []
    var rest: ArraySlice<String>
    /// The command and its arguments, as they are.
    private(set) var command: [String] = []

    static let takingValue: Set<String> = [
        "--jobs", "--threads", "--report", "--trace", "--chunk-size", "--block", "--separator", "--record-size",
        "--max-output", "--max-ratio",
        "--max-record", "--record-start", "--records", "--header", "--output-header", "--output", "--output-template",
        "--reduce", "--files-from",
        "--files0-from", "--retries",
        "--success-codes", "--timeout", "--halt", "--memory", "--long", "--level",
    ]
    static let lettersTakingValue: Set<Character> = ["T", "j", "o", "D"]
    static let takingNothing: Set<String> = []
    static let takesLevels = true

    /// - Parameter arguments: those behind the word.
    init(_ arguments: ArraySlice<String>) throws {
        rest = arguments
        try takeAll()
    }

    mutating func takeOperands(_ words: ArraySlice<String>) {
        command = Array(words)
    }
}
