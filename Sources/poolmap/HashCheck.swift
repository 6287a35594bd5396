import ArgumentParser
import Glibc
import PoolmapCore

/// How `hash --check` judges and what it prints.
struct CheckOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Read lists of digests from the files, and check them.")
    var check = false

    @Flag(name: .long, help: "With --check: print nothing, the exit code says it.")
    var status = false

    @Flag(name: .shortAndLong, help: "With --check: say which lines of a list are no lines of a list.")
    var warn = false

    @Flag(name: .long, help: "With --check: fail where a list has such a line.")
    var strict = false

    @Flag(name: .customLong("ignore-missing"), help: "With --check: pass over names without a file.")
    var ignoreMissing = false

    func validate() throws {
        let needing = [
            (status, "--status"), (warn, "--warn"), (strict, "--strict"), (ignoreMissing, "--ignore-missing"),
        ]
        if !check, let option = needing.first(where: \.0) {
            throw ValidationError("\(option.1) needs --check")
        }
    }
}

extension Hash {
    /// Throws where an option is given that says how to hash or what, and not how to check.
    func validateCheck() throws {
        guard checking.check else { return }
        let excluded = [
            (lines.tag, "--tag"), (lines.noNames, "--no-names"), (output != nil, "-o"), (force, "--force"),
            (names.recursive, "-r"), (!names.lists.isEmpty, "--files-from"), (names.isNullSeparated, "-0"),
        ]
        if let option = excluded.first(where: \.0) {
            throw ValidationError("--check and \(option.1) exclude each other")
        }
        if digests.algorithm.count > 1 {
            throw ValidationError("--check takes one --algorithm, for the lines that do not name their own")
        }
    }

    /// Checks the files that are named in the lists.
    func check() throws {
        let console = Console(common)
        let sources = try names.sources(files)
        let syntax = ChecksumSyntax(
            untagged: try digests.untagged(standardInputIsTaken: sources.contains { $0.isStandardInput }),
            endsWithNull: lines.zero)
        let lists: [Input] = files.isEmpty ? [.standardInput] : files.map { $0 == "-" ? .standardInput : .file($0) }
        var batch = try console.batch(common, "hash", settings([syntax.untagged].compactMap(\.self), mode: "check"))
        let printer = CheckPrinter(checking, isQuiet: common.quiet, console)
        let onTick = batch.onTick
        batch.onTick = {
            // Behind the last file that is done, before the run waits for another.
            printer.flush()
            onTick()
        }
        batch.check(lists, syntax, isOver: { printer.isClosed }, report: printer.print)
        printer.flush()
        try console.finish()
    }
}

/// Prints what becomes of the files in lists, as coreutils does.
private final class CheckPrinter {
    private let options: CheckOptions
    private let isQuiet: Bool
    private let console: Console
    private var output = LineOutput()
    /// Standard output takes no more.
    private(set) var isClosed = false

    init(_ options: CheckOptions, isQuiet: Bool, _ console: Console) {
        self.options = options
        self.isQuiet = isQuiet
        self.console = console
    }

    func print(_ event: CheckEvent) {
        switch event {
        case .checked(let name, let error): printFile(name, error)
        case .malformed(let list, let line):
            if options.warn {
                console.warn("\(list): \(line)", .unusable("improperly formatted checksum line"))
            }
        case .listFailed(let list, let error): console.fail(list, error)
        case .listEnded(let list, let counts): printEnd(of: list, counts)
        }
    }

    private func printFile(_ name: String, _ error: PoolmapError?) {
        guard let error else {
            if !isQuiet {
                printLine(name, "OK")
            }
            return
        }
        if error.code == .mismatch {
            // For people the line on standard output is enough.
            console.fail(name, error, isSaid: !saysJSON)
            printLine(name, "FAILED")
        } else if !(options.ignoreMissing && error.isMissingFile) {
            console.fail(name, error)
            printLine(name, "FAILED open or read")
        }
    }

    private func printLine(_ name: String, _ verdict: String) {
        guard !options.status else { return }
        // Only such a name would be taken for two lines; coreutils writes the others as they are.
        let isEscaped = name.unicodeScalars.contains("\n")
        write("\(isEscaped ? "\\" + DigestLine.escaped(name) : name): \(verdict)\n")
    }

    private func printEnd(of list: String, _ counts: CheckCounts) {
        guard counts.lines > 0 else {
            return console.fail(list, .unusable("no properly formatted checksum lines found"))
        }
        let unread = counts.unread + (options.ignoreMissing ? 0 : counts.missing)
        if !options.status {
            warn(counts.malformed, "line is improperly formatted", "lines are improperly formatted")
            warn(unread, "listed file could not be read", "listed files could not be read")
            warn(counts.mismatched, "computed checksum did NOT match", "computed checksums did NOT match")
        }
        if options.strict && counts.malformed > 0 {
            console.fail(list, .unusable("has improperly formatted lines"), isSaid: true)
        }
        if counts.matched == 0 {
            let isSaid = options.status || !options.ignoreMissing
            console.fail(list, .unusable("no file was verified"), isSaid: isSaid)
        }
    }

    private func warn(_ count: Int, _ one: String, _ several: String) {
        if count > 0 {
            console.warn(nil, .unusable("WARNING: \(count) \(count == 1 ? one : several)"))
        }
    }

    // MARK: Standard output

    private func write(_ line: String) {
        attempt { () throws(PoolmapError) in try output.write(line) }
    }

    func flush() {
        guard output.hasLines else { return }
        console.makeRoomOnTerminal()
        attempt { () throws(PoolmapError) in try output.flush() }
    }

    private func attempt(_ body: () throws(PoolmapError) -> Void) {
        guard !isClosed else { return }
        do throws(PoolmapError) {
            try body()
        } catch {
            isClosed = true
            console.fail(nil, error)
        }
    }
}
