import ArgumentParser
import ArgumentSyntax
import Ground

/// `poolmap decompress`.
struct Decompress: FilesCommand {
    static let configuration = CommandConfiguration.subcommand(
        commandName: "decompress",
        abstract: "Decompress FILE.zst to FILE, whichever program wrote it.")

    @OptionGroup var common: RunOptions
    @OptionGroup var target: TargetOptions
    @OptionGroup var dictionary: DictionaryOptions
    @OptionGroup var sparse: SparseOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var limits: LimitOptions
    @OptionGroup var parts: PartOptions

    @Option(name: .long, help: PartOptions.splitHelp)
    var split: ByteSize?

    @Flag(name: .long, help: "Recover every readable part of damaged files; zeros take the place of lost ranges.")
    var salvage = false

    @Flag(name: .long, help: "With --salvage: leave lost ranges out instead of writing zeros.")
    var omit = false

    @Flag(
        inversion: .prefixedNo,
        help: "Copy files that are not Zstandard unchanged; default with -f to standard output.")
    var passThrough: Bool?

    @OptionGroup var names: NameOptions

    @Argument(
        help: ArgumentHelp("Files to decompress; - or none is standard input.", valueName: "file"),
        completion: .compressedFile)
    var files: [String] = []

    func validate() throws {
        if omit && !salvage {
            throw ValidationError("--omit requires --salvage")
        }
        if salvage && target.remove {
            throw ValidationError("--salvage cannot be combined with --rm")
        }
    }

    func run() throws {
        let work = try parts.work(on: files, names, common, split)
        try target.requirePart(work, for: parts.option)
        if work.part != nil || work.splitPart != nil {
            try requireNone(
                of: [(salvage, "--salvage"), (passThrough == true, "--pass-through")], beside: parts.option)
        }
        let plan = try FilePlan(
            "decompress", files, names, target, common, dictionary,
            // The outputs of other parts may lie beside the inputs.
            folders: work.share == nil ? .without([]) : .with(compressedSuffixes),
            naming: .replacing(zip(compressedSuffixes, ["", ".tar", ""]).map { ($0, $1) }), work: work)
        if parts.engine != nil { return try plan.submit(parts, files, names) }
        let settings: [(String, JSONText)] = [
            ("salvage", .bool(salvage)), ("omit", .bool(omit)), parts.setting,
        ]
        let all =
            window.settings + settings + sparse.settings + limits.settings + dictionary.settings(plan.dictionary)
        try plan.execute(all) { batch, items, report in
            var batch = batch
            batch.limit = limits.limit
            batch.dictionary = plan.dictionary
            (batch.part, batch.splitPart) = (work.part, work.splitPart)
            batch.policy.sparse = sparse.output
            batch.memoryBytes = window.memoryBytes
            if salvage {
                batch.salvage(items, omitsLost: omit, maximumWindowLog: window.long, report: report)
            } else {
                batch.decompress(
                    items, maximumWindowLog: window.long,
                    passesThrough: passThrough ?? (target.force && plan.goesToOutput), report: report)
            }
        }
    }
}
