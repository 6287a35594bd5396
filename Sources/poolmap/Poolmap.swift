import ArgumentParser
import PoolmapCore

/// The command: parses its arguments, runs one subcommand, and leaves with the code that the README's table says.
@main
struct Poolmap: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "poolmap",
        abstract: "Compress, restore, check and hash files on all cores.",
        discussion: """
            Without a subcommand poolmap compresses, or does what -d, -t or -l say, with zstd's options. \
            Without a FILE, or with -, it reads standard input.

            Exit codes: 0 all done; 1 some input failed; 2 wrong usage. \
            A signal ends poolmap as it ends other programs.
            """,
        version: version,
        subcommands: [Compress.self, Decompress.self, Test.self, List.self, Cat.self, Hash.self],
        defaultSubcommand: Compress.self)

    static func main() {
        preparePlatform()
        let arguments = ZstdSyntax.normalize(Array(CommandLine.arguments.dropFirst()))
        do {
            var command = try parseAsRoot(arguments)
            try command.run()
        } catch {
            leave(with: error)
        }
    }

    private static func leave(with error: any Error) -> Never {
        if let failure = error as? RunFailed {
            endAfter(failure)
        }
        guard exitCode(for: error) != .success else {
            exit(withError: error)
        }
        if let error = error as? PoolmapError {
            complain("\(error)")
            leaveProcess(1)
        }
        complain(message(for: error))
        leaveProcess(2)
    }
}
