import ArgumentParser

/// The arguments of `poolmap report`, rewritten for the parser.
struct ReportSyntax: GNUSyntax {
    var options: [TypedOption] = []
    var operands: [String] = []
    var rest: ArraySlice<String>

    static let takingValue: Set<String> = ["--output"]
    static let lettersTakingValue: Set<Character> = ["o"]
    static let takingNothing: Set<String> = []

    /// - Parameter arguments: those after the word.
    init(_ arguments: ArraySlice<String>) throws {
        rest = arguments
        try takeAll()
    }
}
