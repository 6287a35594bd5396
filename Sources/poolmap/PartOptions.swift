import ArgumentParser
import ArgumentSyntax
import Files
import Ground
import Operations

/// The options of subcommands that can do a job in parts: one part here, or all of them by an engine on other machines.
///
/// They form one group and use types that other options use, because the parser's start-up time grows with the number
/// of groups and of types.
struct PartOptions: ParsableArguments {
    @Option(
        name: .customLong("part"),
        help: ArgumentHelp(
            "Do one of several equal parts, such as 3/16; auto/16 takes the number from the array job.",
            valueName: "part"))
    var given: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Do the job in parts on other machines, by this engine: slurm.", valueName: "engine"),
        completion: .list(engines))
    var engine: String?

    @Option(
        name: .customLong("parts"), help: ArgumentHelp("With --engine: divide the job into n parts.", valueName: "n"))
    var count: Int?

    @Option(
        name: .customLong("engine-retries"),
        help: ArgumentHelp(
            "With --engine: run a part that failed again, up to n times; default 2.", valueName: "n"))
    var retries: Int?

    @Option(
        name: .customLong("engine-option"),
        help: ArgumentHelp(
            "With --engine: pass one more option to sbatch, such as --partition=batch.", valueName: "option"))
    var engineOptions: [String] = []

    @Flag(name: .long, help: "With --engine: print the job ID, and do not wait for the job.")
    var detach = false

    static let engines = ["slurm"]
    /// The options for the front alone, which the command that an engine runs must not repeat.
    static let namesOfEngine: Set<String> = ["--engine", "--parts", "--engine-retries", "--engine-option", "--detach"]

    // MARK: Validation

    func validate() throws {
        _ = try ownPart()
        guard let engine else {
            let given = [
                (count != nil, "--parts"), (retries != nil, "--engine-retries"),
                (!engineOptions.isEmpty, "--engine-option"), (detach, "--detach"),
            ]
            if let option = given.first(where: \.0) { throw ValidationError("\(option.1) requires --engine") }
            return
        }
        guard PartOptions.engines.contains(engine) else {
            throw ValidationError("--engine must be \(PartOptions.engines.joined(separator: " or ")) (got \(engine))")
        }
        guard let count else { throw ValidationError("--engine requires --parts N") }
        guard 1...Part.most ~= count else {
            throw ValidationError("--parts must be between 1 and \(Part.most) (got \(count))")
        }
        if let retries, !(0...1000).contains(retries) {
            throw ValidationError("--engine-retries must be between 0 and 1000 (got \(retries))")
        }
        for option in engineOptions { try validate(option) }
    }

    /// Throws if this is not an option for sbatch, or is one that poolmap sets itself.
    private func validate(_ option: String) throws {
        guard option.hasPrefix("-"), option.utf8.count > 1, option != "--" else {
            throw ValidationError("--engine-option must be an option such as --partition=batch (got \(option))")
        }
        let name = option.prefix { $0 != "=" }
        let isOwn =
            PartOptions.ownOfEngine.contains(String(name))
            || (!option.hasPrefix("--") && "aWJ".contains(option.dropFirst().first ?? "-"))
        if isOwn { throw ValidationError("--engine-option cannot be \(option), which poolmap sets itself") }
    }

    private static let ownOfEngine: Set<String> = [
        "--array", "--parsable", "--job-name", "--wait", "--wrap", "--test-only", "--help", "--usage", "--version",
    ]

    // MARK: The work

    /// The option that messages name.
    var option: String { engine != nil ? "--engine" : "--part" }

    /// The part to do here; nil without --part.
    ///
    /// Throws for wrong usage, with a message of one line.
    private func ownPart() throws -> Part? {
        guard let given else { return nil }
        let (number, count) = try PartSyntax(given, most: Part.most).resolved(environmentVariable)
        return Part(number, of: count)
    }

    /// The part to do; nil without --part and --engine.
    ///
    /// With --engine it is the first one: whatever that part may not do, none may.
    func part(_ run: RunOptions) throws -> Part? {
        guard engine != nil, let count else { return try ownPart() }
        try requireNone(
            of: [(given != nil, "--part"), (run.report != nil, "--report"), (run.trace != nil, "--trace")],
            beside: "--engine")
        return Part(1, of: count)
    }

    /// The work on the inputs: a part of the one file, or a share of many.
    ///
    /// With --engine it is the work of the first element.
    ///
    /// - Parameter split: of many files, those of at least this size are divided among all parts.
    func work(
        on files: [String], _ names: NameOptions, _ run: RunOptions, _ split: ByteSize? = nil
    ) throws -> PartWork {
        if split?.bytes == 0 { throw ValidationError("--split must be at least 1 (got 0)") }
        guard let part = try part(run) else {
            if split != nil { throw ValidationError("--split requires --part or --engine") }
            return PartWork()
        }
        let standardInput = ValidationError("\(option) requires files, not standard input")
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

    /// Throws if the join afterwards could not find all parts under the given names.
    private func requireFolders(_ files: [String], _ names: NameOptions) throws {
        let areFolders = files.allSatisfy { FileStatus(ofPath: $0)?.isDirectory ?? true }
        guard names.recursive, names.lists.isEmpty, areFolders else {
            throw ValidationError("--engine with --split requires -r and directories")
        }
    }

    /// The help of `--split`, which each subcommand declares itself.
    static let splitHelp = ArgumentHelp(
        "With --part of many files: divide each file of at least this size among all parts, such as 10G; see join -r.",
        valueName: "size")

    /// The part in the report.
    var setting: (String, JSONText) {
        ("part", ((try? ownPart()) ?? nil).map { .string("\($0.number)/\($0.count)") } ?? .null)
    }
}
