import ArgumentParser
import ArgumentSyntax
import CFiles
import CPoolmap
import Files
import Glibc
import Ground

/// The command: parses its arguments, runs one subcommand, and exits with a code that docs/errors.md lists.
@main
struct Poolmap: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "poolmap",
        abstract: "Compress, decompress, check and hash files on all cores, or run a command over their chunks.",
        discussion: """
            Without a subcommand, poolmap compresses, or does what -d, -t or -l asks, and takes zstd's options. \
            Without a FILE, or with -, it reads standard input.

            Exit codes: 0 success; 1 some input failed; 2 wrong usage. \
            A signal ends poolmap as it would any other program.
            """,
        version: Program.version,
        subcommands: [
            Compress.self, Decompress.self, Test.self, List.self, Cat.self, Hash.self, Map.self, Join.self,
            Report.self,
        ],
        defaultSubcommand: Compress.self)

    static func main() {
        Program.prepare()
        do {
            let raw = rawArguments()
            if let script = CompletionScript(for: raw) {
                writeHelp(script.text(of: Poolmap.self))
            }
            let arguments = try Arguments(raw, calledAs: ProgramName(argument: CommandLine.arguments.first ?? ""))
            Program.arguments = arguments
            if !arguments.unusedWords.isEmpty {
                _ = try Compress.parse(arguments.unusedWords)
            }
            var command = try parse(arguments)
            let quietness = arguments.count(of: ["-q", "--quiet"])
            saysErrors = quietness < 2
            if quietness == 0 {
                arguments.notes.forEach { complain(.unusable($0), kind: "warning") }
            }
            try command.run()
        } catch {
            leave(with: error)
        }
    }

    /// Parses the arguments of the subcommand that was named.
    ///
    /// Letting the root command find it among all subcommands, with help and completions, would take as long as the
    /// rest of compressing a small file.
    private static func parse(_ arguments: Arguments) throws -> any ParsableCommand {
        let isForRoot = arguments.options.contains { option in
            rootOptions.contains(option.name) || option.name.hasPrefix("--generate-completion-script")
        }
        let word = arguments.word ?? .compress
        guard !isForRoot, word != .help else {
            if arguments.word == nil, arguments.words == ["--version"] {
                // The parser would print the same after reading the options of all commands, which takes 20 times as long.
                writeHelp(Program.version)
            }
            return try parseAsRoot((arguments.word.map { [$0.rawValue] } ?? []) + arguments.words)
        }
        switch word {
        case .compress, .help: return try parse(Compress.self, arguments)
        case .decompress: return try parse(Decompress.self, arguments)
        case .test: return try parse(Test.self, arguments)
        case .hash: return try parse(Hash.self, arguments)
        case .join: return try parse(Join.self, arguments)
        case .report: return try parse(Report.self, arguments)
        case .map:
            var map = try parse(Map.self, arguments)
            map.command = arguments.command
            return map
        case .list: return try parse(List.self, arguments.words, arguments)
        case .cat: return try parse(Cat.self, arguments.words, arguments)
        }
    }

    private static func parse<Command: FilesCommand>(
        _ command: Command.Type, _ arguments: Arguments
    ) throws -> Command {
        var command = try parse(Command.self, arguments.optionWords, arguments)
        command.files = arguments.operands
        return command
    }

    private static func parse<Command: ParsableCommand>(
        _ command: Command.Type, _ words: [String], _ arguments: Arguments
    ) throws -> Command {
        do {
            return try Command.parse(words)
        } catch {
            throw UnknownOption(error, of: Command.self, arguments) ?? error
        }
    }

    private static let rootOptions: Set<String> = [
        "-h", "--help", "--help-hidden", "--version", "--experimental-dump-help",
    ]

    /// The arguments unchanged; `CommandLine.arguments` repairs names that are not UTF-8.
    private static func rawArguments() -> [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            CommandLine.unsafeArgv[index].map { FileName.text(of: $0) }
        }
    }

    private static func writeHelp(_ text: String) -> Never {
        do throws(PoolmapError) {
            try writeStandardOutput(Array((text + "\n").utf8))
        } catch {
            leave(with: error)
        }
        Glibc.exit(0)
    }

    /// The parser lists the values that an option may have on separate lines.
    private static func onOneLine(_ message: String) -> String {
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count > 1, lines.dropFirst().allSatisfy({ $0.hasPrefix("  - ") }) else { return message }
        return "\(lines[0]) " + lines.dropFirst().map { $0.dropFirst(4) }.joined(separator: ", ")
    }

    private static func leave(with error: any Error) -> Never {
        let failure = (error as? RunFailed)?.first ?? error as? PoolmapError
        if failure?.code == .outputClosed {
            // As if SIGPIPE had ended the process during the write: silent, and visible to the parent.
            poolmap_remove_temporaries()
            poolmap_end_by_signal(SIGPIPE)
        }
        switch error {
        case is RunFailed:
            Glibc.exit(1)
        case let error as ProgramNotFound:
            complain(error.reason)
            Glibc.exit(error.exitCode)
        case let error as PoolmapError:
            complain(error)
            Glibc.exit(1)
        case _ where exitCode(for: error) == .success:
            writeHelp(fullMessage(for: error))
        default:
            complain(usage: (error as? UnknownOption)?.description ?? onOneLine(message(for: error)))
            Glibc.exit(2)
        }
    }
}
