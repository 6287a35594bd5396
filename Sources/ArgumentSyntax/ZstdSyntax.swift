import ArgumentParser

/// What zstd's users type, said in the parser's terms.
///
///     poolmap -19 -T2 FILE     →  poolmap compress --level=19 --threads=2 FILE
///     poolmap -dcf FILE        →  poolmap decompress -c -f FILE
///     poolmap -d -19 FILE      →  poolmap decompress FILE
struct ZstdSyntax: OptionSyntax {
    /// The subcommand that is named, or chosen by the last of -z, -d, -t and -l; nil for the default.
    private(set) var word: CommandWord?
    private(set) var options: [TypedOption] = []
    /// Options of the compression that mean nothing in this mode, for the parser to say whether their values are right.
    private(set) var unusedWords: [String] = []
    var operands: [String] = []
    /// Those that choose a subcommand do so only where none was named.
    let choosesMode: Bool
    /// -0 is zstd's level for the default one; beside a list of names it is what xargs means by it.
    let hasList: Bool
    /// What was not looked at yet.
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
            // What a value may be is the parser's to say; an empty one is good for nothing.
            if let value { try requireValue(value, of: name) }
            return options.append(TypedOption(name: argument, argument: argument))
        }
        switch rule.value {
        case .none:
            if value != nil { throw ValidationError("\(name) takes no value") }
        case .needed: value = try value ?? takeValue(of: name, from: &rest)
        case .optional(let common): value = value ?? common
        case .attached:
            if value == nil { throw ValidationError("\(name) needs a value: \(name)=…") }
        }
        try take(name, value, in: argument)
    }

    /// Notes an option.
    ///
    /// - Parameter argument: the one that it was in.
    mutating func take(_ name: String, _ value: String? = nil, in argument: String) throws {
        if let value { try requireValue(value, of: name) }
        if name == "--single-thread" { return try take("--threads", "1", in: argument) }
        let rule = OptionRule.named(name)
        options.append(TypedOption(name: rule?.names[0] ?? name, value: value, argument: argument))
    }

    /// Whether the option chooses a subcommand, which it does where none was named, or the same.
    mutating func choose(_ mode: CommandWord) -> Bool {
        guard choosesMode || word == mode else { return false }
        word = mode
        return true
    }

    /// Throws for an option of zstd's that is not there.
    func refuse(_ option: String, in argument: String? = nil) throws {
        guard let refused = refusedOptions.first(where: { option.hasPrefix($0.prefix) }) else { return }
        let place = argument == nil || argument == option ? "" : " in \(argument ?? "")"
        throw ValidationError("\(option)\(place) is not there: \(refused.advice)")
    }

    // MARK: What holds

    /// Of options that say one thing in several ways the last holds, as with zstd.
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
            // zstd's rule: what is only in a pipe is no reason to remove a file.
            options.removeAll { $0.name == "--rm" }
        }
        // Each -v undoes a -q.
        let loudness = options.reduce(0) { $0 + ($1.name == "-v" ? 1 : $1.name == "-q" ? -1 : 0) }
        options.removeAll { $0.name == "-v" || $0.name == "-q" }
        let name = loudness > 0 ? "-v" : "-q"
        options += Array(repeating: TypedOption(name: name, argument: name), count: abs(loudness))
    }

    /// Drops what does nothing in this mode, once its value is known to be right, or put by for the parser to look at.
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
