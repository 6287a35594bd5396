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

extension NameOptions {
    /// What a part has to do with these names: its part of the one file, or its share of many.
    ///
    /// - Parameter option: by which there is a part, for the message.
    func work(of part: Part?, on files: [String], for option: String) throws -> (part: Part?, share: NameShare?) {
        guard let part else { return (nil, nil) }
        if isOneFile(files) { return (part, nil) }
        guard !files.contains("-"), !files.isEmpty || !lists.isEmpty else {
            throw ValidationError("\(option) takes files, and not standard input")
        }
        return (nil, NameShare(part.number, of: part.count))
    }
}

extension PartOptions {
    /// What is to be done of the inputs: a part of the one file, or a share of many.
    func work(on files: [String], _ names: NameOptions) throws -> (part: Part?, share: NameShare?) {
        try names.work(of: part(), on: files, for: "--part")
    }

    /// What the report says of it.
    var setting: (String, JSONText) {
        ("part", ((try? part()) ?? nil).map { .string("\($0.number)/\($0.count)") } ?? .null)
    }
}
