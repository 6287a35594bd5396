import ArgumentParser
import ArgumentSyntax
import Files
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

extension PartOptions {
    /// What is to be done of the inputs: a part of the one file, or a share of many.
    func work(on files: [String], _ names: NameOptions) throws -> (part: Part?, share: NameShare?) {
        guard let part = try part() else { return (nil, nil) }
        if names.isOneFile(files) { return (part, nil) }
        guard !files.contains("-"), !files.isEmpty || !names.lists.isEmpty else {
            throw ValidationError("--part takes files, and not standard input")
        }
        return (nil, NameShare(part.number, of: part.count))
    }

    /// What the report says of it.
    var setting: (String, JSONText) {
        ("part", ((try? part()) ?? nil).map { .string("\($0.number)/\($0.count)") } ?? .null)
    }
}
