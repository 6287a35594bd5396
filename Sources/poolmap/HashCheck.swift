import ArgumentParser
import ArgumentSyntax
import Glibc
import PoolmapCore

/// How `hash --check` judges and what it prints.
struct CheckOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Check the files that these lists of digests, or manifests, name.")
    var check = false

    @Flag(name: .long, help: "With --check: print nothing, the exit code says it.")
    var status = false

    @Flag(name: .shortAndLong, help: "With --check: say which lines of a list are no lines of a list.")
    var warn = false

    @Flag(name: .long, help: "With --check: fail where a list has such a line.")
    var strict = false

    @Flag(name: .customLong("ignore-missing"), help: "With --check: pass over names without a file.")
    var ignoreMissing = false

    @Option(
        name: .long,
        help: ArgumentHelp("With --check of a manifest: check the bytes from here on only, as 8M.", valueName: "n"))
    var offset: ByteSize?

    func validate() throws {
        let needing = [
            (offset != nil, "--offset"), (status, "--status"), (warn, "--warn"), (strict, "--strict"),
            (ignoreMissing, "--ignore-missing"),
        ]
        if !check, let option = needing.first(where: \.0) {
            throw ValidationError("\(option.1) needs --check")
        }
    }
}

extension Hash {
    /// Throws where an option is given that says how to hash or what, and not how to check.
    func validateCheck() throws {
        guard checking.check else { return try digests.validateLength() }
        let excluded = [
            (lines.tag, "--tag"), (lines.noNames, "--no-names"), (output != nil, "-o"), (force, "--force"),
            (tree.tree, "--tree"), (manifests.chunkSize != nil, "--chunk-size"), (names.recursive, "-r"),
            (!names.lists.isEmpty, "--files-from"), (resume != nil, "--resume"),
        ]
        if let option = excluded.first(where: \.0) {
            throw ValidationError("--check and \(option.1) exclude each other")
        }
        if digests.algorithm.count > 1 {
            throw ValidationError("--check takes one --algorithm, for the lines that do not name their own")
        }
    }

    /// Checks the files that are named in lists, or in manifests.
    func check() throws {
        let sources = try names.sources(files)
        let lists: [Input] = files.isEmpty ? [.standardInput] : files.map { $0 == "-" ? .standardInput : .file($0) }
        let areManifests = lists.map { manifests.manifest || isManifest($0) }
        if let first = areManifests.firstIndex(of: true) {
            if let other = areManifests.firstIndex(of: false) {
                let names = (lists[first].name, lists[other].name)
                throw PoolmapError.unusable("\(names.0) is a manifest, and \(names.1) is none: check them apart")
            }
            return try checkManifests(lists)
        }
        if checking.offset != nil {
            throw ValidationError("--offset is for manifests, and \(lists[0].name) is none")
        }
        try digests.validateLength()
        try checkLists(lists, sources)
    }

    private func checkManifests(_ lists: [Input]) throws {
        let console = try Console(common)
        try claim(lists, console.places)
        let check = ManifestCheck(
            console, isQuiet: common.quiet, isSilent: checking.status, ignoresMissing: checking.ignoreMissing)
        let range = try manifestRange()
        check.run(lists, range, try console.batch(common, "hash", settings([], mode: "check")))
        try console.finish()
    }

    /// The range that --offset and --length say; nil for none.
    private func manifestRange() throws -> ManifestRange? {
        if let length = digests.length, length.bytes == 0 {
            throw ValidationError("--length must be at least 1")
        }
        if checking.offset == nil && digests.length == nil { return nil }
        return ManifestRange(offset: checking.offset?.bytes ?? 0, byteCount: digests.length?.bytes)
    }

    /// Throws if one of the lists is written by an option.
    private func claim(_ lists: [Input], _ places: RunPlaces) throws(PoolmapError) {
        for case .file(let path) in lists {
            try places.add(read: path, by: "--check")
        }
    }

    private func checkLists(_ lists: [Input], _ sources: [InputNames.Source]) throws {
        let console = try Console(common)
        try claim(lists, console.places)
        let syntax = ChecksumSyntax(
            untagged: try digests.untagged(standardInputIsTaken: sources.contains { $0.isStandardInput }),
            endsWithNull: lines.zero)
        var batch = try console.batch(common, "hash", settings([syntax.untagged].compactMap(\.self), mode: "check"))
        let printer = CheckPrinter(checking, isQuiet: common.quiet, console)
        let onTick = batch.onTick
        batch.onTick = {
            // Behind the last file that is done, before the run waits for another.
            printer.flush()
            onTick()
        }
        batch.check(
            lists, syntax, verdict: printer.verdictOfMatch, isOver: { printer.isClosed }, report: printer.print)
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
        case .matched(let text): write(text.output)
        case .malformed(let list, let line):
            if options.warn {
                console.warn("\(list): \(line)", .unusable("improperly formatted checksum line"))
            }
        case .listFailed(let list, let error): console.fail(list, error)
        case .listEnded(let list, let counts): printEnd(of: list, counts)
        }
    }

    private func printFile(_ name: String, _ error: PoolmapError?) {
        guard let error else { return write(verdictOfMatch(name)) }
        if error.code == .mismatch {
            // For people the line on standard output is enough.
            console.fail(name, error, isSaid: !saysJSON)
            printLine(name, "FAILED")
        } else if !(options.ignoreMissing && error.isMissingFile) {
            console.fail(name, error)
            printLine(name, "FAILED open or read")
        }
    }

    /// What is printed of a file that has its digest.
    func verdictOfMatch(_ name: String) -> [UInt8] {
        isQuiet ? [] : line(name, "OK")
    }

    private func printLine(_ name: String, _ verdict: String) {
        write(line(name, verdict))
    }

    private func line(_ name: String, _ verdict: String) -> [UInt8] {
        if options.status { return [] }
        // Only such a name would be taken for two lines; coreutils writes the others as they are.
        let isEscaped = name.unicodeScalars.contains("\n")
        return FileName.bytes(of: "\(isEscaped ? "\\" + DigestLine.escaped(name) : name): \(verdict)\n")
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

    private func write(_ line: [UInt8]) {
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
