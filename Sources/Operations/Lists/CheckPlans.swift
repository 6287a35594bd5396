import Digests
import Files
import Ground
import Run
import SystemPackage

/// What is to be told of a check, in the order of the lists and of their lines.
package enum CheckEvent {
    /// A file has the digest of its line, or why not: the error `mismatch`, or what kept it from being read.
    case checked(name: String, PoolmapError?)
    /// Several files have the digests of their lines, of which this is to be printed.
    case matched(DoneText)
    /// A line, counted from 1, is no line of a list of digests.
    case malformed(list: String, line: Int)
    /// A list cannot be read, or not to its end.
    case listFailed(list: String, PoolmapError)
    /// All files of a list were told of.
    case listEnded(list: String, CheckCounts)
}

/// What became of the lines of a list.
package struct CheckCounts: Sendable {
    /// Lines with a digest and a name.
    package var lines = 0
    /// Lines without.
    package var malformed = 0
    /// Files that have their digest.
    package var matched = 0
    /// Files that have another.
    package var mismatched = 0
    /// Names without a file.
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
    /// Reads lists of digests, and checks that the files in them have these.
    ///
    /// - Parameters:
    ///   - syntax: what the lists themselves leave open.
    ///   - verdict: what is printed of a file that has its digest.
    ///   - isOver: asked before each line whether nobody wants to know more.
    ///   - report: called with each event, in the order of the lines.
    package func check(
        _ lists: [Input], _ syntax: ChecksumSyntax, verdict: @escaping (String) -> [UInt8],
        isOver: @escaping () -> Bool, report: @escaping (CheckEvent) -> Void
    ) {
        var settings = RunSettings(operation: .hash([]), reach: .reading)
        // An account is kept of each input.
        let areBundled = jobs > 1 && recorder == nil
        if areBundled {
            settings.bundles = CheckOperation(syntax, places, mostBytes: settings.wholeFileBytes, verdict)
        }
        run(CheckPlans(lists, syntax, CheckRun(meter, places, report), isOver, areBundled: areBundled), settings)
    }
}

/// Plans jobs for the lines of the lists: one for many lines where workers read them, or one for each.
///
/// The lists are read as they are needed, and those that are pipes as far as there is something to read.
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

    /// nil for a line that says nothing.
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

    /// nil for a line that says nothing.
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
    /// What comes next, where that was read already.
    private var found: Result<LineReader.Step, PoolmapError>?

    /// The longest digest, and a name in which each byte is escaped, of any length that a path can have.
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

    /// The lines that come next, at most so many; nil where there is something else.
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

/// What the jobs of a check share.
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

    /// The input itself; but standard input is at its end for all but the first who reads it.
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
