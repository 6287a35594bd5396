import ArgumentParser
import Files
import Glibc
import Ground
import RunReport

/// `poolmap report`.
struct Report: FilesCommand {
    static let configuration = CommandConfiguration.subcommand(
        commandName: "report",
        abstract: "Write a web page from the JSON that --report wrote.",
        discussion: """
            The page is the one that --report writes to a name that ends in .html: a single file that a browser shows \
            without a network. Without -o, it goes beside its report, with .html instead of .json; for standard input \
            it goes to standard output.
            """)

    @Option(
        name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("Write to this file.", valueName: "file"),
        completion: .file(extensions: ["html"]))
    var output: String?

    @Flag(name: [.customShort("c"), .customLong("stdout")], help: "Write to standard output.")
    var standardOutput = false

    @Flag(name: [.short, .long], help: "Overwrite an existing file, and write to a terminal.")
    var force = false

    @Flag(
        name: [.customShort("q"), .customLong("quiet")],
        help: "Print errors only; if given twice, not even those.")
    var quietness: Int

    @Flag(name: .long, help: "Print errors as JSON on standard error, one object per line.")
    var json = false

    @Argument(
        help: ArgumentHelp("JSON reports; - or none is standard input.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var files: [String] = []

    func validate() throws {
        if standardOutput, output != nil {
            throw ValidationError("-o cannot be combined with -c")
        }
    }

    func run() throws {
        let inputs: [Input] = files.isEmpty ? [.standardInput] : files.map { $0 == "-" ? .standardInput : .file($0) }
        if inputs.count > 1, let option = standardOutput ? "-c" : output != nil ? "-o" : nil {
            throw ValidationError("\(option) requires a single report")
        }
        if inputs.count(where: { $0.isStandardInput }) > 1 {
            throw ValidationError("standard input can be read only once")
        }
        if files.isEmpty, isatty(STDIN_FILENO) == 1 {
            throw ValidationError("missing file name; use - to read from the terminal, or see --help")
        }
        if inputs.contains(where: { target(of: $0) == .standardOutputPath }), isatty(STDOUT_FILENO) == 1, !force {
            throw ValidationError("refusing to write the page to a terminal; use -o FILE, or -f to force it")
        }
        var failure: PoolmapError?
        for input in inputs {
            do throws(PoolmapError) {
                try writePage(of: input, to: target(of: input))
            } catch {
                if error.code != .outputClosed { complain(error, about: input.name) }
                failure = failure ?? error
            }
        }
        if let failure {
            throw RunFailed(first: failure)
        }
    }

    private func target(of input: Input) -> String {
        if standardOutput || output == "-" { return .standardOutputPath }
        if let output { return output }
        guard case .file(let path) = input else { return .standardOutputPath }
        return (path.hasSuffix(".json") ? String(path.dropLast(5)) : path) + ".html"
    }

    private func writePage(of input: Input, to target: String) throws(PoolmapError) {
        let places = RunPlaces(replacesTargets: force)
        try places.add(written: target, by: "the page")
        switch input {
        case .file(let path): try places.require(input: path)
        case .standardInput: try places.requireStandardInput()
        }
        let report = try input.open()
        let file = try LineFile(path: target, force: force)
        try ReportReader.writePage(of: report, to: file)
        try file.commit()
    }
}

extension Input {
    fileprivate var isStandardInput: Bool {
        if case .standardInput = self { true } else { false }
    }
}

extension String {
    fileprivate static let standardOutputPath = "/dev/stdout"
}
