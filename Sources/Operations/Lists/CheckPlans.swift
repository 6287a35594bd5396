import Digests
import Files
import Ground
import Run
import SystemPackage

/// An event of a check, in the order of the lists and their lines.
package enum CheckEvent {
    /// A file has the digest of its line if the error is nil; otherwise `mismatch`, or what prevented reading it.
    case checked(name: String, PoolmapError?)
    /// Several files match their lines; the text is to be printed.
    case matched(DoneText)
    /// A line, counted from 1, is malformed.
    case malformed(list: String, line: Int)
    /// A list cannot be read, or not to its end.
    case listFailed(list: String, PoolmapError)
    /// All files of a list have been reported.
    case listEnded(list: String, CheckCounts)
}

/// Counts of a list's lines by result.
package struct CheckCounts: Sendable {
    /// Well-formed lines.
    package var lines = 0
    /// Malformed lines.
    package var malformed = 0
    /// Files that match.
    package var matched = 0
    /// Files that do not match.
    package var mismatched = 0
    /// Files that do not exist.
    package var missing = 0
    /// Files that could not be read for another reason.
    package var unread = 0

    mutating func count(_ error: PoolmapError?) {
        switch error {
        case nil: matched += 1
        case let error? where error.code == .mismatch: mismatched += 1
        case let error? where error.isMissingFile: missing += 1
        default: unread += 1
        }
    }
}

extension Batch {
    /// Checks files against lists of digests.
    ///
    /// - Parameters:
    ///   - syntax: how to read what lists do not say themselves.
    ///   - verdict: the text printed for a file with the right digest.
    ///   - isOver: called before each line; true ends the check.
    ///   - report: called with each event, in the order of the lines.
    package func check(
        _ lists: [Input], _ syntax: ChecksumSyntax, verdict: @escaping (String) -> [UInt8],
        isOver: @escaping () -> Bool, report: @escaping (CheckEvent) -> Void
    ) {
        var settings = RunSettings(operation: .hash([]), reach: .reading)
        // With a recorder, each input is recorded by itself.
        let areBundled = jobs > 1 && recorder == nil
        if areBundled {
            settings.bundles = CheckOperation(syntax, places, mostBytes: settings.wholeFileBytes, verdict)
        }
        run(CheckPlans(lists, syntax, CheckRun(meter, places, report), isOver, areBundled: areBundled), settings)
    }
}

/// Plans jobs for the lines of the lists: one for many lines if workers read them, or one for each.
///
/// Lists are read as needed; those that are pipes, only as far as there is input.
private final class CheckPlans: PlanSource {
    private var lists: ArraySlice<Input>
    private var list: OpenList?
    private var parser: ChecksumParser
    private let check: CheckRun
    private let isOver: () -> Bool
    private let areBundled: Bool
    private let size = BundleSize()

    init(
        _ lists: [Input], _ syntax: ChecksumSyntax, _ check: CheckRun, _ isOver: @escaping () -> Bool,
        areBundled: Bool
    ) {
        self.lists = lists[...]
        self.check = check
        self.isOver = isOver
        self.areBundled = areBundled
        parser = ChecksumParser(syntax)
    }

    var hasMore: Bool { list != nil || !lists.isEmpty }

    func next() -> PlanStep {
        while !isOver() {
            if list == nil {
                guard let input = lists.popFirst() else { return .end }
                do throws(PoolmapError) {
                    let file = try check.onlyOnce(input).open()
                    list = try OpenList(input, file, endsWithNull: parser.syntax.endsWithNull)
                } catch {
                    return .plan(check.plan(.listFailed(list: input.name, error)))
                }
            }
            if let list, let step = next(of: list) { return step }
        }
        return .end
    }

    /// nil for an ignored line.
    private func next(of list: OpenList) -> PlanStep? {
        if areBundled, let bundle = list.nextLines(atMost: size.count, &parser) {
            return .plan(bundles(of: list).plan(bundle))
        }
        do throws(PoolmapError) {
            switch try list.next() {
            case .line(let line):
                list.lineNumber += 1
                return plan(line, list.lineNumber, of: list).map { .plan($0) }
            case .tooLong:
                list.lineNumber += 1
                return .plan(check.plan(malformed: list.lineNumber, of: list))
            case .waitForInput(let descriptor): return .waitForInput(descriptor)
            case .end:
                self.list = nil
                return .plan(.telling { [check] in check.report(.listEnded(list: list.name, list.counts)) })
            }
        } catch {
            self.list = nil
            return .plan(check.plan(.listFailed(list: list.name, error)))
        }
    }

    private func bundles(of list: OpenList) -> BundlePlans {
        BundlePlans(size: size, meter: check.meter) { [check] text in
            list.counts.lines += text.count
            list.counts.matched += text.count
            check.report(.matched(text))
        } exception: { [unowned self] bundle, index, exception in
            let number = bundle.firstLine + index
            if exception.reason == .isMalformed { return check.plan(malformed: number, of: list) }
            if let error = exception.error { return .telling { [self] in tell(error, bundle, index, of: list) } }
            return plan(bundle.name(at: index)[...], number, of: list)
        } failure: { [unowned self] bundle, index, error in
            tell(error, bundle, index, of: list)
        }
    }

    private func tell(_ error: PoolmapError, _ bundle: NameBundle, _ index: Int, of list: OpenList) {
        guard case .line(let line) = parser.read(bundle.name(at: index)[...]) else { return }
        list.counts.lines += 1
        list.counts.count(error)
        check.report(.checked(name: line.name, error))
    }

    /// nil for an ignored line.
    private func plan(_ text: ArraySlice<UInt8>, _ number: Int, of list: OpenList) -> PlannedJob? {
        switch parser.read(text) {
        case .ignored: return nil
        case .line(let line) where !(line.name == "-" && list.isStandardInput):
            return check.plan(line, number, of: list)
        case .line, .malformed: return check.plan(malformed: number, of: list)
        }
    }
}

/// A list that is being read, or whose files are being checked.
private final class OpenList {
    let name: String
    let isStandardInput: Bool
    private let lines: LineReader
    private let separator: UInt8
    var lineNumber = 0
    var counts = CheckCounts()
    /// The next step, if it was read in advance.
    private var found: Result<LineReader.Step, PoolmapError>?

    /// The longest digest, and the longest possible path with every byte escaped.
    private static let mostLineBytes = 2 * HashAlgorithm.mostDigestBytes + (1 << 16)

    init(_ input: Input, _ file: InputFile, endsWithNull: Bool) throws(PoolmapError) {
        name = input.name
        isStandardInput = if case .standardInput = input { true } else { false }
        separator = endsWithNull ? 0 : UInt8(ascii: "\n")
        lines = LineReader(file, separator: separator, mostLineBytes: OpenList.mostLineBytes)
    }

    func next() throws(PoolmapError) -> LineReader.Step {
        try (found.take() ?? Result { () throws(PoolmapError) in try lines.next() }).get()
    }

    /// The next lines, at most `most`; nil if something else comes next.
    func nextLines(atMost most: Int, _ parser: inout ChecksumParser) -> NameBundle? {
        var bundle = NameBundle(NameBundle.Origin(separator: separator))
        bundle.firstLine = lineNumber + 1
        while found == nil, bundle.count < most {
            let step = Result { () throws(PoolmapError) in try lines.next() }
            guard case .success(.line(let line)) = step else {
                found = step
                break
            }
            parser.learn(line)
            line.withUnsafeBytes { bundle.append($0) }
            lineNumber += 1
        }
        bundle.origin.hasOneBlank = parser.hasOneBlank
        return bundle.isEmpty ? nil : bundle
    }
}

/// State shared by the jobs of a check.
private final class CheckRun {
    let meter: Meter
    let report: (CheckEvent) -> Void
    private let places: RunPlaces?
    private let kinds = DigestKinds()
    private var isStandardInputTaken = false
    private var plannedCount = 0

    init(_ meter: Meter, _ places: RunPlaces?, _ report: @escaping (CheckEvent) -> Void) {
        self.meter = meter
        self.places = places
        self.report = report
    }

    /// Returns the input; after its first reader, standard input is replaced by an empty file.
    func onlyOnce(_ input: Input) -> Input {
        guard case .standardInput = input else { return input }
        defer { isStandardInputTaken = true }
        return isStandardInputTaken ? .file("/dev/null") : input
    }

    // MARK: Jobs

    func plan(_ event: CheckEvent) -> PlannedJob {
        .telling { [report] in report(event) }
    }

    func plan(malformed number: Int, of list: OpenList) -> PlannedJob {
        .telling { [report] in
            list.counts.malformed += 1
            report(.malformed(list: list.name, line: number))
        }
    }

    func plan(_ line: ChecksumLine, _ number: Int, of list: OpenList) -> PlannedJob {
        let input: Input = line.name == "-" ? .standardInput : .file(line.name)
        let source = onlyOnce(input)
        defer { plannedCount += 1 }
        return PlannedJob(number: plannedCount, input: input, target: .nowhere) { [self] (_) throws(PoolmapError) in
            try job(line, source)
        } report: { [report] result in
            list.counts.lines += 1
            if line.hasMore {
                list.counts.malformed += 1
                report(.malformed(list: list.name, line: number))
            }
            var failure: PoolmapError?
            if case .failure(let error) = result {
                failure = error
            }
            list.counts.count(failure)
            report(.checked(name: line.name, failure))
        }
    }

    private func job(_ line: ChecksumLine, _ source: Input) throws(PoolmapError) -> any Job {
        if case .file(let path) = source {
            try places?.require(input: path)
        }
        let input = try source.open()
        let isLarge = input.isRegular && input.byteCount > RunSettings(operation: .hash([])).wholeFileBytes
        guard isLarge, line.candidates.count > 1 else {
            return CheckJob(line, kinds, inOneRead: try HashJob(input, line.candidates, meter, isOnlyInput: false))
        }
        return try CheckJob(line, kinds) { [meter] (algorithm) throws(PoolmapError) in
            try HashJob(input, [algorithm], meter, isOnlyInput: false)
        }
    }
}
