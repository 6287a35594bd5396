import ArgumentParser
import ArgumentSyntax
import Files
import Ground
import Operations

/// What subcommands take that have an engine do the parts of one job on other machines.
struct EngineOptions: ParsableArguments {
    enum Engine: String, ExpressibleByArgument, CaseIterable {
        case slurm
    }

    @Option(
        name: .long,
        help: ArgumentHelp("Have this engine do the job in parts, on other machines: slurm.", valueName: "engine")
    )
    var engine: Engine?

    @Option(name: .long, help: ArgumentHelp("With --engine: in so many parts.", valueName: "n"))
    var parts: Int?

    @Option(
        name: .customLong("engine-retries"),
        help: ArgumentHelp(
            "With --engine: how many times a part is done again that failed; by default 2.", valueName: "n"))
    var retries: Int?

    @Option(
        name: .customLong("engine-option"),
        help: ArgumentHelp("With --engine: one more option for sbatch, as --partition=batch.", valueName: "option"))
    var options: [String] = []

    @Flag(name: .long, help: "With --engine: print the number of the job, and do not wait for it.")
    var detach = false

    static let names: Set<String> = ["--engine", "--parts", "--engine-retries", "--engine-option", "--detach"]

    func validate() throws {
        guard engine != nil else {
            let given = [
                (parts != nil, "--parts"), (retries != nil, "--engine-retries"),
                (!options.isEmpty, "--engine-option"), (detach, "--detach"),
            ]
            if let option = given.first(where: \.0) { throw ValidationError("\(option.1) needs --engine") }
            return
        }
        guard let parts else { throw ValidationError("--engine needs --parts N") }
        guard 1...Part.most ~= parts else {
            throw ValidationError("--parts must be from 1 to \(Part.most), and is \(parts)")
        }
        if let retries, !(0...1000).contains(retries) {
            throw ValidationError("--engine-retries must be from 0 to 1000, and is \(retries)")
        }
        for option in options { try validate(option) }
    }

    /// Throws for what is no option of sbatch's, or says what only this program can say.
    private func validate(_ option: String) throws {
        guard option.hasPrefix("-"), option.utf8.count > 1, option != "--" else {
            throw ValidationError("--engine-option must be an option, as --partition=batch, and is \(option)")
        }
        let name = option.prefix { $0 != "=" }
        let isOwn =
            EngineOptions.own.contains(String(name))
            || (!option.hasPrefix("--") && "aWJ".contains(option.dropFirst().first ?? "-"))
        if isOwn { throw ValidationError("--engine-option \(option) is for poolmap itself to say") }
    }

    private static let own: Set<String> = [
        "--array", "--parsable", "--job-name", "--wait", "--wrap", "--test-only", "--help", "--usage", "--version",
    ]

    /// The part that a line stands for that has an engine do all of them: what that one may not do none may.
    ///
    /// - Parameter own: the part that the line itself is to do.
    func part(or own: Part?, _ run: RunOptions) throws -> Part? {
        guard engine != nil, let parts else { return own }
        try requireNone(
            of: [(own != nil, "--part"), (run.report != nil, "--report"), (run.trace != nil, "--trace")],
            beside: "--engine")
        return Part(1, of: parts)
    }

    /// What the line does itself of its inputs; where an engine does all of them, what its first element does.
    func work(
        _ parts: PartOptions, on files: [String], _ names: NameOptions, _ run: RunOptions, _ split: ByteSize? = nil
    ) throws -> PartWork {
        guard engine != nil else { return try parts.work(on: files, names, split) }
        let part = try part(or: parts.part(), run)
        if names.lists.contains("-") { throw ValidationError("\(option) takes files, and not standard input") }
        if split != nil { try requireFolders(files, names) }
        return try names.work(of: part, on: files, split, for: option)
    }

    /// Throws where the join that follows could not find all parts under the names.
    private func requireFolders(_ files: [String], _ names: NameOptions) throws {
        let areFolders = files.allSatisfy { FileStatus(ofPath: $0)?.isDirectory ?? true }
        guard names.recursive, names.lists.isEmpty, areFolders else {
            throw ValidationError("--engine and --split take folders, by -r")
        }
    }

    /// The option to be named where a line is refused.
    var option: String { engine != nil ? "--engine" : "--part" }
}
