import ArgumentParser

/// A subcommand that takes any number of files.
protocol FilesCommand: ParsableCommand {
    /// The operands, set after parsing: the parser is slow with many of them.
    var files: [String] { get set }
}
