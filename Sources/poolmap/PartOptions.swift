import ArgumentParser
import ArgumentSyntax
import Ground
import Operations

/// What subcommands take that can do one part of a job.
struct PartOptions: ParsableArguments {
    @Option(
        name: .customLong("part"),
        help: ArgumentHelp(
            "Do one of several equal parts, as 3/16; for auto/16 the array engine says which one.", valueName: "part"))
    var given: String?

    func validate() throws {
        _ = try part()
    }

    /// The part that is to be done; nil where it is all.
    ///
    /// Throws for wrong usage, in one line.
    func part() throws -> Part? {
        guard let given else { return nil }
        let (number, count) = try PartSyntax(given, most: Part.most).resolved(environmentVariable)
        return Part(number, of: count)
    }
}

extension Optional<Part> {
    /// What the report says of it.
    var setting: (String, JSONText) { ("part", map { .string("\($0.number)/\($0.count)") } ?? .null) }
}
