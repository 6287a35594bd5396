import ArgumentParser
import Digests
import Files
import Ground
import Operations

/// `poolmap hash --check`: checks the files named in lists or manifests.
struct HashCheck {
    private let options: HashOptions
    private let files: [String]
    private let lists: [Input]

    init(_ options: HashOptions, _ files: [String]) {
        self.options = options
        self.files = files
        lists = files.isEmpty ? [.standardInput] : files.map { $0 == "-" ? .standardInput : .file($0) }
    }

    func run() throws {
        let sources = try options.names.sources(files)
        let areManifests = lists.map { options.manifests.manifest || isManifest($0) }
        if let first = areManifests.firstIndex(of: true) {
            if let other = areManifests.firstIndex(of: false) {
                let names = (lists[first].name, lists[other].name)
                throw PoolmapError.unusable("\(names.0) is a manifest and \(names.1) is not; check them separately")
            }
            return try checkManifests()
        }
        if options.checking.offset != nil {
            throw ValidationError("--offset requires a manifest, and \(lists[0].name) is not one")
        }
        try options.digests.validateLength()
        try checkLists(standardInputIsTaken: sources.contains { $0.isStandardInput })
    }

    private func console() throws -> Console {
        let console = try Console(options.common)
        for case .file(let path) in lists {
            try console.places.add(read: path, by: "--check")
        }
        return console
    }

    private func check(
        _ algorithms: [HashAlgorithm], _ console: Console, _ body: (Batch, VerdictPrinter) -> Void
    ) throws {
        var batch = try console.batch(options.common, "hash", options.settings(algorithms, mode: "check"))
        let printer = VerdictPrinter(options.checking, isQuiet: options.common.quiet, console)
        printer.attach(to: &batch)
        body(batch, printer)
        printer.flush()
        try console.finish()
    }

    // MARK: Lists of digests

    private func checkLists(standardInputIsTaken: Bool) throws {
        let console = try console()
        let syntax = ChecksumSyntax(
            untagged: try options.digests.untagged(standardInputIsTaken: standardInputIsTaken),
            endsWithNull: options.lines.zero)
        try check([syntax.untagged].compactMap(\.self), console) { batch, printer in
            batch.check(lists, syntax, verdict: printer.match, isOver: { printer.isClosed }) { event in
                switch event {
                case .checked(let name, let error): printer.tell(name, error)
                case .matched(let text): printer.write(text.output)
                case .malformed(let list, let line):
                    if options.checking.warn {
                        console.warn("\(list): \(line)", .unusable("improperly formatted checksum line"))
                    }
                case .listFailed(let list, let error): console.fail(list, error)
                case .listEnded(let list, let counts): tellEnd(of: list, counts, console)
                }
            }
        }
    }

    private func tellEnd(of list: String, _ counts: CheckCounts, _ console: Console) {
        let checking = options.checking
        guard counts.lines > 0 else {
            return console.fail(list, .unusable("no properly formatted checksum lines found"))
        }
        func warn(_ count: Int, _ one: String, _ several: String) {
            if count > 0, !checking.status {
                console.warn(nil, .unusable("WARNING: \(count) \(count == 1 ? one : several)"))
            }
        }
        let unread = counts.unread + (checking.ignoreMissing ? 0 : counts.missing)
        warn(counts.malformed, "line is improperly formatted", "lines are improperly formatted")
        warn(unread, "listed file could not be read", "listed files could not be read")
        warn(counts.mismatched, "computed checksum did NOT match", "computed checksums did NOT match")
        if checking.strict && counts.malformed > 0 {
            console.fail(list, .unusable("has improperly formatted lines"), isSaid: true)
        }
        if counts.matched == 0 {
            let isSaid = checking.status || !checking.ignoreMissing
            console.fail(list, .unusable("no file was verified"), isSaid: isSaid)
        }
    }

    // MARK: Manifests

    private func checkManifests() throws {
        let console = try console()
        let range = try manifestRange()
        try check([], console) { batch, printer in
            // For the current manifest.
            var hasVerified = false
            batch.checkManifests(lists, range, isOver: { printer.isClosed }) { event in
                switch event {
                case .refused(let manifest, let error): console.fail(manifest, error)
                case .found(let name, let finding): printer.write(name, finding.text)
                case .checked(let name, let error):
                    hasVerified = hasVerified || error == nil || error?.code == .mismatch
                    let file = name == "-" ? Input.standardInput.name : name
                    printer.tell(name, error, about: file, isExplained: true)
                case .ended(let manifest):
                    if options.checking.ignoreMissing && !hasVerified {
                        console.fail(manifest, .unusable("no file was verified"))
                    }
                    hasVerified = false
                }
            }
        }
    }

    /// The range given by --offset and --length; nil without them.
    private func manifestRange() throws -> ManifestRange? {
        let (offset, length) = (options.checking.offset, options.digests.length)
        if let length, length.bytes == 0 {
            throw ValidationError("--length must be at least 1")
        }
        if offset == nil && length == nil { return nil }
        return ManifestRange(offset: offset?.bytes ?? 0, byteCount: length?.bytes)
    }
}

extension ManifestFinding {
    /// The text after the file's name.
    fileprivate var text: String {
        switch self {
        case .size(let byteCount, let expected): "FAILED: has \(byteCount) bytes, and should have \(expected)"
        case .damaged(let bytes): "FAILED bytes \(bytes.lowerBound) to \(bytes.upperBound)"
        }
    }
}
