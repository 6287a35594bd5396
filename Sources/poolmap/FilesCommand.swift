import ArgumentParser

/// A subcommand that works on any number of files.
protocol FilesCommand: ParsableCommand {
    /// Set behind the parser's back.
    var files: [String] { get set }
}
