import ArgumentParser
import ArgumentSyntax
import Files
import Ground
import Operations

/// What subcommands take that can do a job in parts: one of them here, or all by an engine on other machines.
///
/// They are one group, and each is of a type that other options have: what the parser takes to start grows with the
/// number of both.
struct PartOptions: ParsableArguments {
    @Option(
        name: .customLong("part"),
        help: ArgumentHelp(
            "Do one of several equal parts, as 3/16; for auto/16 the array engine says which one.", valueName: "part"))
    var given: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Have this engine do the job in parts, on other machines: slurm.", valueName: "engine"),
        completion: .list(engines))
    var engine: String?

    @Option(name: .customLong("parts"), help: ArgumentHelp("With --engine: in so many parts.", valueName: "n"))
    var count: Int?

    @Option(
        name: .customLong("engine-retries"),
        help: ArgumentHelp(
            "With --engine: how many times a part is done again that failed; by default 2.", valueName: "n"))
    var retries: Int?

    @Option(
        name: .customLong("engine-option"),
        help: ArgumentHelp("With --engine: one more option for sbatch, as --partition=batch.", valueName: "option"))
    var engineOptions: [String] = []

    @Flag(name: .long, help: "With --engine: print the number of the job, and do not wait for it.")
    var detach = false

    static let engines = ["slurm"]
    /// Those that only the line itself heeds, and not what an engine runs of it.
    static let namesOfEngine: Set<String> = ["--engine", "--parts", "--engine-retries", "--engine-option", "--detach"]

    // MARK: What may be given

    func validate() throws {
        _ = try ownPart()
        guard let engine else {
            let given = [
                (count != nil, "--parts"), (retries != nil, "--engine-retries"),
                (!engineOptions.isEmpty, "--engine-option"), (detach, "--detach"),
            ]
            if let option = given.first(where: \.0) { throw ValidationError("\(option.1) needs --engine") }
            return
        }
        guard PartOptions.engines.contains(engine) else {
            throw ValidationError("--engine must be \(PartOptions.engines.joined(separator: " or ")), and is \(engine)")
        }
        guard let count else { throw ValidationError("--engine needs --parts N") }
        guard 1...Part.most ~= count else {
            throw ValidationError("--parts must be from 1 to \(Part.most), and is \(count)")
        }
        if let retries, !(0...1000).contains(retries) {
            throw ValidationError("--engine-retries must be from 0 to 1000, and is \(retries)")
        }
        for option in engineOptions { try validate(option) }
    }

    /// Throws for what is no option of sbatch's, or says what only this program can say.
    private func validate(_ option: String) throws {
        guard option.hasPrefix("-"), option.utf8.count > 1, option != "--" else {
            throw ValidationError("--engine-option must be an option, as --partition=batch, and is \(option)")
        }
        let name = option.prefix { $0 != "=" }
        let isOwn =
            PartOptions.ownOfEngine.contains(String(name))
            || (!option.hasPrefix("--") && "aWJ".contains(option.dropFirst().first ?? "-"))
        if isOwn { throw ValidationError("--engine-option \(option) is for poolmap itself to say") }
    }

    private static let ownOfEngine: Set<String> = [
        "--array", "--parsable", "--job-name", "--wait", "--wrap", "--test-only", "--help", "--usage", "--version",
    ]

    // MARK: What is to be done

    /// The option to be named where a line is refused.
    var option: String { engine != nil ? "--engine" : "--part" }

    /// The part that is to be done here; nil where it is all, or none.
    ///
    /// Throws for wrong usage, in one line.
    private func ownPart() throws -> Part? {
        guard let given else { return nil }
        let (number, count) = try PartSyntax(given, most: Part.most).resolved(environmentVariable)
        return Part(number, of: count)
    }

    /// The part that is to be done; nil where it is all.
    ///
    /// For a line that has an engine do all of them it is the first: what that one may not do none may.
    func part(_ run: RunOptions) throws -> Part? {
        guard engine != nil, let count else { return try ownPart() }
        try requireNone(
            of: [(given != nil, "--part"), (run.report != nil, "--report"), (run.trace != nil, "--trace")],
            beside: "--engine")
        return Part(1, of: count)
    }

    /// What is to be done of the inputs: a part of the one file, or a share of many.
    ///
    /// Where an engine does all of them, it is what its first element does.
    ///
    /// - Parameter split: the size of files among many of which it does a part.
    func work(
        on files: [String], _ names: NameOptions, _ run: RunOptions, _ split: ByteSize? = nil
    ) throws -> PartWork {
        if split?.bytes == 0 { throw ValidationError("--split must be at least 1, and is 0") }
        guard let part = try part(run) else {
            if split != nil { throw ValidationError("--split needs --part or --engine") }
            return PartWork()
        }
        let standardInput = ValidationError("\(option) takes files, and not standard input")
        if engine != nil {
            if names.lists.contains("-") { throw standardInput }
            if split != nil { try requireFolders(files, names) }
        }
        if names.isOneFile(files), split == nil { return PartWork(part: part) }
        guard !files.contains("-"), !files.isEmpty || !names.lists.isEmpty else { throw standardInput }
        var share = NameShare(part)
        share.splitBytes = split?.bytes
        return PartWork(share: share)
    }

    /// Throws where the join that follows could not find all parts under the names.
    private func requireFolders(_ files: [String], _ names: NameOptions) throws {
        let areFolders = files.allSatisfy { FileStatus(ofPath: $0)?.isDirectory ?? true }
        guard names.recursive, names.lists.isEmpty, areFolders else {
            throw ValidationError("--engine and --split take folders, by -r")
        }
    }

    /// What `--split` says to the subcommands that have it.
    static let splitHelp = ArgumentHelp(
        "With --part of many files: do a part of each file that has at least so many bytes, as 10G; see join -r.",
        valueName: "size")

    /// What the report says of it.
    var setting: (String, JSONText) {
        ("part", ((try? ownPart()) ?? nil).map { .string("\($0.number)/\($0.count)") } ?? .null)
    }
}
