import ArgumentParser
import Glibc
import PoolmapCore

/// The inputs of `compress` and `decompress`, each with its target.
struct FilePlan {
    /// What a name says about its target.
    enum Naming {
        case target(String)
        case skip(String)
    }

    private let items: [(input: Input, target: Target)]
    private let options: TargetOptions
    private let run: RunOptions
    private let console: Console

    init(
        _ files: [String], _ options: TargetOptions, _ run: RunOptions, naming: (String) -> Naming
    ) throws {
        self.options = options
        self.run = run
        console = Console(run)
        let all = try inputs(files)
        if options.output != nil && all.count > 1 {
            throw ValidationError("-o takes one input, and there are \(all.count)")
        }
        if all.filter({ $0.isStandardInput }).count > 1 {
            throw ValidationError("standard input can be read only once")
        }
        var items: [(input: Input, target: Target)] = []
        for input in all {
            guard let target = FilePlan.target(of: input, options, naming, console) else { continue }
            items.append((input, target))
        }
        self.items = items
    }

    private static func target(
        of input: Input, _ options: TargetOptions, _ naming: (String) -> Naming, _ console: Console
    ) -> Target? {
        if let output = options.output {
            return output == "-" ? .standardOutput : .file(output)
        }
        guard !options.standardOutput, case .file(let path) = input else { return .standardOutput }
        switch naming(path) {
        case .target(let target): return .file(target)
        case .skip(let reason):
            console.fail(input, .unusable(reason))
            return nil
        }
    }

    /// Throws if compressed data would go to a person.
    func refuseTerminal() throws {
        guard items.contains(where: { $0.target.isStandardOutput }), isatty(STDOUT_FILENO) == 1, !options.force else {
            return
        }
        throw ValidationError("compressed data is not written to a terminal; use -o FILE, or -f to force it")
    }

    /// Runs the batch, says what became of each input, and removes those that were asked to go.
    func execute(
        _ body: (Batch, [(input: Input, target: Target)], @escaping Batch.Report) throws -> Void
    ) throws {
        let batch = console.batch(run, force: options.force)
        try body(batch, items) { [console, options] input, result in
            console.report(input, result) { summary in
                "\(input.name): \(readable(summary.inputBytes)) to \(readable(summary.outputBytes))"
            }
            if options.remove, case .success = result, case .file(let path) = input {
                do throws(PoolmapError) {
                    try removeFile(path)
                } catch {
                    console.fail(input, error)
                }
            }
        }
        try console.finish()
    }
}

extension Input {
    var isStandardInput: Bool {
        if case .standardInput = self { return true }
        return false
    }
}

extension Target {
    var isStandardOutput: Bool {
        if case .standardOutput = self { return true }
        return false
    }
}

/// The inputs that the arguments name: none, or "-", is standard input.
func inputs(_ files: [String]) throws -> [Input] {
    if files.isEmpty && isatty(STDIN_FILENO) == 1 {
        throw ValidationError("name a file, or - to read what is typed; --help says more")
    }
    return files.isEmpty ? [.standardInput] : files.map { $0 == "-" ? .standardInput : .file($0) }
}
