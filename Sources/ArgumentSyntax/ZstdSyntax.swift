import ArgumentParser

/// zstd's command-line syntax, rewritten for the parser.
///
///     poolmap -19 -T2 FILE     →  poolmap compress --level=19 --threads=2 FILE
///     poolmap -dcf FILE        →  poolmap decompress -c -f FILE
///     poolmap -d -19 FILE      →  poolmap decompress FILE
struct ZstdSyntax: OptionSyntax {
    /// The subcommand that is named, or chosen by the last of -z, -d, -t and -l; nil for the default.
    private(set) var word: CommandWord?
    private(set) var options: [TypedOption] = []
    /// Options of `compress` that have no effect in this mode; the parser of `compress` checks their values.
    private(set) var unusedWords: [String] = []
    var operands: [String] = []
    /// Whether options may choose the subcommand: only if none was named.
    let choosesMode: Bool
    /// Whether names come from a list.
    ///
    /// Then -0 means NUL as in xargs; otherwise it is zstd's default level.
    let hasList: Bool
    /// The arguments not yet read.
    var rest: ArraySlice<String>

    private static let longModes: [String: CommandWord] = [
        "--compress": .compress, "--decompress": .decompress, "--uncompress": .decompress, "--test": .test,
        "--list": .list,
    ]

    /// - Parameter word: the subcommand that was named.
    init(_ arguments: [String], _ word: CommandWord?) throws {
        self.word = word
        choosesMode = word == nil
        hasList = arguments.contains { $0.hasPrefix("--files-from") || $0.hasPrefix("--filelist") }
        rest = arguments[...]
        try takeAll()
        settle()
        try dropOthers()
    }

    mutating func takeLong(_ argument: String) throws {
        if let mode = ZstdSyntax.longModes[argument], choose(mode) { return }
        try refuse(argument)
        let sides = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = sides[0]
        var value = sides.count > 1 ? sides[1] : nil
        guard let rule = OptionRule.named(name) else {
            // The parser validates values; an empty one is never valid.
            if let value { try requireValue(value, of: name) }
            return options.append(TypedOption(name: argument, argument: argument))
        }
        switch rule.value {
        case .none:
            if value != nil { throw ValidationError("\(name) takes no value") }
        case .needed: value = try value ?? takeValue(of: name, from: &rest)
        case .optional(let common): value = value ?? common
        case .attached:
            if value == nil { throw ValidationError("\(name) requires a value: \(name)=…") }
        }
        try take(name, value, in: argument)
    }

    /// Adds an option.
    ///
    /// - Parameter argument: the argument that it was part of.
    mutating func take(_ name: String, _ value: String? = nil, in argument: String) throws {
        if let value { try requireValue(value, of: name) }
        if name == "--single-thread" { return try take("--threads", "1", in: argument) }
        let rule = OptionRule.named(name)
        options.append(TypedOption(name: rule?.names[0] ?? name, value: value, argument: argument))
    }

    /// Chooses a subcommand, unless a different one was named.
    ///
    /// - Returns: whether the option was used for that.
    mutating func choose(_ mode: CommandWord) -> Bool {
        guard choosesMode || word == mode else { return false }
        word = mode
        return true
    }

    /// Throws for an option of zstd that poolmap does not support.
    func refuse(_ option: String, in argument: String? = nil) throws {
        guard let refused = refusedOptions.first(where: { option.hasPrefix($0.prefix) }) else { return }
        let place = argument == nil || argument == option ? "" : " in \(argument ?? "")"
        throw ValidationError("\(option)\(place) is not supported; \(refused.advice)")
    }

    // MARK: Precedence

    /// Options of which the last one counts, as in zstd.
    private static let alternatives: [Set<String>] = [
        ["-c", "-o"], ["-k", "--rm"], ["--level", "--fast"], ["--chunk-size", "--block-size"],
    ]

    private mutating func settle() {
        for names in ZstdSyntax.alternatives {
            let last = options.lastIndex { names.contains($0.name) }
            options = options.enumerated().filter { $0.offset == last || !names.contains($0.element.name) }
                .map(\.element)
        }
        let goesToOutput = options.contains { $0.name == "-c" || ($0.name == "-o" && $0.value == "-") }
        if goesToOutput {
            // zstd's rule: an output that exists only in a pipe is no reason to remove the input.
            options.removeAll { $0.name == "--rm" }
        }
        // Each -v cancels a -q.
        let loudness = options.reduce(0) { $0 + ($1.name == "-v" ? 1 : $1.name == "-q" ? -1 : 0) }
        options.removeAll { $0.name == "-v" || $0.name == "-q" }
        let name = loudness > 0 ? "-v" : "-q"
        options += Array(repeating: TypedOption(name: name, argument: name), count: abs(loudness))
    }

    /// Drops options without effect in this mode, after checking their values or keeping them for the parser to check.
    private mutating func dropOthers() throws {
        let mode = word ?? .compress
        guard mode.isZstds else { return }
        var ofCompress = ["--ultra"]
        try options.removeAll { option in
            guard let rule = OptionRule.named(option.name), rule.isTakenElsewhere, !rule.modes.contains(mode) else {
                return false
            }
            if let value = option.value, let complaint = rule.complaint(value) {
                throw ValidationError("\(option.name) \(complaint)")
            }
            ofCompress += rule.modes == [.compress] ? option.words : []
            return true
        }
        if mode != .compress, ofCompress.count > 1 {
            unusedWords = ofCompress
        }
    }
}
