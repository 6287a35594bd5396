import ArgumentParser

/// `poolmap hash`.
struct Hash: FilesCommand {
    static let configuration = CommandConfiguration.subcommand(
        commandName: "hash",
        abstract: "Print digests of files that other programs can check.",
        discussion: """
            The lines are those of b3sum and sha256sum. With several algorithms, or one that has parameters, they are \
            BSD-style.
            """)

    @OptionGroup var options: HashOptions

    @Argument(
        help: ArgumentHelp("Files to hash, or lists to check; - or none is standard input.", valueName: "file"),
        completion: .file())
    var files: [String] = []

    func run() throws {
        if options.checking.check {
            try HashCheck(options, files).run()
        } else if options.tree.tree {
            try HashTree(options: options, files: files).run()
        } else if options.manifests.manifest {
            try HashManifest(options: options, files: files).run()
        } else {
            try HashFiles(options: options, files: files).run()
        }
    }
}
