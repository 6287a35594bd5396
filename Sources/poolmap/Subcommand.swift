import ArgumentParser

extension CommandConfiguration {
    /// The configuration of a command that is parsed by itself, as `Poolmap.parse` does.
    ///
    /// For any root command the parser first looks for --generate-completion-script, which takes a third of the parsing
    /// and which `Poolmap.main` has already handled. It skips that for a command that names a command above it.
    static func subcommand(
        commandName: String, abstract: String, usage: String? = nil, discussion: String = ""
    ) -> CommandConfiguration {
        CommandConfiguration(
            commandName: commandName, _superCommandName: "poolmap", abstract: abstract, usage: usage,
            discussion: discussion)
    }
}
