import ArgumentParser

/// The arguments of `poolmap join`, rewritten for the parser.
struct JoinSyntax: GNUSyntax {
    var options: [TypedOption] = []
    var operands: [String] = []
    var rest: ArraySlice<String>

    static let takingValue: Set<String> = ["--jobs", "--threads", "--report", "--trace", "--output", "--reduce"]
    static let lettersTakingValue: Set<Character> = ["T", "j", "o"]
    static let takingNothing: Set<String> = []

    /// - Parameter arguments: those after the word.
    init(_ arguments: ArraySlice<String>) throws {
        rest = arguments
        try takeAll()
    }
}
