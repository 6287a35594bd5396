import ArgumentParser

/// The arguments of `poolmap hash`, as users of b3sum and sha256sum type them, rewritten for the parser.
struct HashSyntax: GNUSyntax {
    var options: [TypedOption] = []
    var operands: [String] = []
    var rest: ArraySlice<String>

    static let takingValue: Set<String> = [
        "--jobs", "--threads", "--report", "--trace", "--algorithm", "--part-size", "--salt", "--length",
        "--derive-key", "--chunk-size", "--offset", "--output", "--resume", "--files-from", "--filelist", "--part",
        "--engine", "--parts", "--engine-retries", "--engine-option",
    ]
    static let lettersTakingValue: Set<Character> = ["T", "j", "o", "a", "l"]
    static let takingNothing: Set<String> = ["--derive-key", "--salt"]
    /// How much `--check` prints: the last of these options counts, as with coreutils.
    private static let manners: Set<String> = ["-q", "--quiet", "--status", "-w", "--warn"]

    /// - Parameter arguments: those after the word.
    init(_ arguments: ArraySlice<String>) throws {
        rest = arguments
        try takeAll()
        keepLastManner()
    }

    private mutating func keepLastManner() {
        guard options.contains(where: { $0.name == "-c" || $0.name == "--check" }) else { return }
        let last = options.lastIndex { HashSyntax.manners.contains($0.name) }
        options = options.enumerated().filter { $0.offset == last || !HashSyntax.manners.contains($0.element.name) }
            .map(\.element)
    }
}
