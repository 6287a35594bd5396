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

/// What subcommands take that can do large files among many in parts.
struct SplitOptions: ParsableArguments {
    @Option(
        name: .customLong("split"),
        help: ArgumentHelp(
            "With --part of many files: do a part of each file that has at least so many bytes, as 10G; see join -r.",
            valueName: "size"))
    var size: ByteSize?

    func validate() throws {
        if size?.bytes == 0 { throw ValidationError("--split must be at least 1, and is 0") }
    }
}

extension NameOptions {
    /// What a part has to do with these names: its part of the one file, or its share of many.
    ///
    /// - Parameters:
    ///   - split: the size of files of which it does a part.
    ///   - option: by which there is a part, for the message.
    func work(of part: Part?, on files: [String], _ split: ByteSize?, for option: String) throws -> PartWork {
        guard let part else {
            if split != nil { throw ValidationError("--split needs --part or --engine") }
            return PartWork()
        }
        if isOneFile(files), split == nil { return PartWork(part: part) }
        guard !files.contains("-"), !files.isEmpty || !lists.isEmpty else {
            throw ValidationError("\(option) takes files, and not standard input")
        }
        var share = NameShare(part)
        share.splitBytes = split?.bytes
        return PartWork(share: share)
    }
}

extension PartOptions {
    /// What is to be done of the inputs: a part of the one file, or a share of many.
    func work(on files: [String], _ names: NameOptions, _ split: ByteSize?) throws -> PartWork {
        try names.work(of: part(), on: files, split, for: "--part")
    }

    /// What the report says of it.
    var setting: (String, JSONText) {
        ("part", ((try? part()) ?? nil).map { .string("\($0.number)/\($0.count)") } ?? .null)
    }
}
