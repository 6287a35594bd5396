import SystemPackage

/// What is to be told of a check, in the order of the lists and of their lines.
package enum CheckEvent {
    /// A file has the digest of its line, or why not: the error `mismatch`, or what kept it from being read.
    case checked(name: String, PoolmapError?)
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
    ///   - isOver: asked before each line whether nobody wants to know more.
    ///   - report: called with each event, in the order of the lines.
    package func check(
        _ lists: [Input], _ syntax: ChecksumSyntax, isOver: @escaping () -> Bool,
        report: @escaping (CheckEvent) -> Void
    ) {
        let check = CheckRun(jobs: jobs, meter, places, report)
        run(CheckPlans(lists, syntax, check, isOver), RunSettings(operation: .hash([]), reach: .reading))
    }
}

/// Plans a job for each line of the lists.
///
/// The lists are read as they are needed, and those that are pipes as far as there is something to read.
private struct CheckPlans: PlanSource {
    private var lists: ArraySlice<Input>
    private var list: OpenList?
    private var parser: ChecksumParser
    private let check: CheckRun
    private let isOver: () -> Bool

    init(_ lists: [Input], _ syntax: ChecksumSyntax, _ check: CheckRun, _ isOver: @escaping () -> Bool) {
        self.lists = lists[...]
        self.check = check
        self.isOver = isOver
        parser = ChecksumParser(syntax)
    }

    var hasMore: Bool { list != nil || !lists.isEmpty }

    mutating func next() -> PlanStep {
        while !isOver() {
            guard let list = list ?? nextList() else { return .end }
            self.list = list
            do throws(PoolmapError) {
                switch try list.lines.next() {
                case .line(let line):
                    if let plan = plan(line, of: list) { return .plan(plan) }
                case .tooLong: refuseLine(of: list)
                case .waitForInput(let descriptor): return .waitForInput(descriptor)
                case .end:
                    check.tell(.listEnded(list))
                    self.list = nil
                }
            } catch {
                check.tell(.listFailed(list.name, error))
                self.list = nil
            }
        }
        return .end
    }

    /// nil where there is none any more.
    private mutating func nextList() -> OpenList? {
        while let input = lists.popFirst() {
            do throws(PoolmapError) {
                return try OpenList(
                    input, try check.onlyOnce(input).open(), endsWithNull: parser.syntax.endsWithNull)
            } catch {
                check.tell(.listFailed(input.name, error))
            }
        }
        return nil
    }

    /// nil for a line that names no file.
    private mutating func plan(_ text: ArraySlice<UInt8>, of list: OpenList) -> PlannedJob? {
        list.lineNumber += 1
        switch parser.read(text) {
        case .ignored: return nil
        case .line(let line) where !(line.name == "-" && list.isStandardInput):
            list.counts.lines += 1
            if line.hasMore {
                countMalformed(list)
            }
            return check.plan(line, of: list)
        case .line, .malformed:
            countMalformed(list)
            return nil
        }
    }

    private func refuseLine(of list: OpenList) {
        list.lineNumber += 1
        countMalformed(list)
    }

    private func countMalformed(_ list: OpenList) {
        list.counts.malformed += 1
        check.tell(.malformed(list.name, list.lineNumber))
    }
}

/// A list that is being read, or whose files are being checked.
private final class OpenList {
    let name: String
    let isStandardInput: Bool
    let lines: LineReader
    var lineNumber = 0
    var counts = CheckCounts()

    /// The longest digest, and a name in which each byte is escaped, of any length that a path can have.
    private static let mostLineBytes = 2 * HashAlgorithm.mostDigestBytes + (1 << 16)

    init(_ input: Input, _ file: InputFile, endsWithNull: Bool) throws(PoolmapError) {
        name = input.name
        isStandardInput = if case .standardInput = input { true } else { false }
        lines = LineReader(
            file, separator: endsWithNull ? 0 : UInt8(ascii: "\n"), mostLineBytes: OpenList.mostLineBytes)
    }
}

/// What the jobs of a check share, and the order in which is told what becomes of them.
private final class CheckRun {
    enum Event {
        case malformed(String, Int)
        case listFailed(String, PoolmapError)
        case listEnded(OpenList)
    }

    private let jobs: Int
    private let meter: Meter
    private let places: RunPlaces?
    private let report: (CheckEvent) -> Void
    private let kinds = DigestKinds()
    private var isStandardInputTaken = false
    private var plannedCount = 0
    private var reportedCount = 0
    /// What is told when so many files were.
    private var waiting: ArraySlice<(count: Int, event: Event)> = []

    /// If more wait for the report of a slow file, malformed lines are told before it, so that memory stays bounded.
    private static let mostWaiting = 1 << 16

    init(jobs: Int, _ meter: Meter, _ places: RunPlaces?, _ report: @escaping (CheckEvent) -> Void) {
        self.jobs = jobs
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

    func plan(_ line: ChecksumLine, of list: OpenList) -> PlannedJob {
        let input: Input = line.name == "-" ? .standardInput : .file(line.name)
        let source = onlyOnce(input)
        defer { plannedCount += 1 }
        return PlannedJob(number: plannedCount, input: input, target: .nowhere) { [self] (hands) throws(PoolmapError) in
            try job(line, source, hands)
        } report: { [self] result in
            var failure: PoolmapError?
            if case .failure(let error) = result {
                failure = error
            }
            list.counts.count(failure)
            report(.checked(name: line.name, failure))
            reportedCount += 1
            tellWaiting()
        }
    }

    private func job(
        _ line: ChecksumLine, _ source: Input, _ hands: PlannedJob.Hands
    ) throws(PoolmapError) -> any Job {
        let settings = RunSettings(operation: .hash(line.candidates))
        if case .file(let path) = source {
            try places?.require(input: path)
        }
        if jobs > 1, hands == .anyone, case .file(let path) = source,
            let whole = settings.wholeFile(FoundFile(path: path, pathInTree: nil, status: nil), .nowhere, meter)
        {
            return CheckJob(line, kinds, inOneRead: whole)
        }
        let input = try source.open()
        let isLarge = input.isRegular && input.byteCount > settings.wholeFileBytes
        guard isLarge, line.candidates.count > 1 else {
            return CheckJob(line, kinds, inOneRead: try HashJob(input, line.candidates, meter, isOnlyInput: false))
        }
        return try CheckJob(line, kinds) { [meter] (algorithm) throws(PoolmapError) in
            try HashJob(input, [algorithm], meter, isOnlyInput: false)
        }
    }

    // MARK: Order

    /// Tells an event behind the files that were planned before it.
    func tell(_ event: Event) {
        if case .malformed = event, waiting.count >= CheckRun.mostWaiting {
            return now(event)
        }
        waiting.append((plannedCount, event))
        tellWaiting()
    }

    private func tellWaiting() {
        while let first = waiting.first, first.count <= reportedCount {
            waiting.removeFirst()
            now(first.event)
        }
    }

    private func now(_ event: Event) {
        switch event {
        case .malformed(let list, let line): report(.malformed(list: list, line: line))
        case .listFailed(let list, let error): report(.listFailed(list: list, error))
        case .listEnded(let list): report(.listEnded(list: list.name, list.counts))
        }
    }
}
