import Files
import Glibc
import Ground
import RunReport

/// Records a run as a report for programs and as a trace for people.
///
/// Both are written as the run goes on, so memory is used only for the inputs in progress. The files get their names at
/// the end. docs/report.md describes the fields.
package final class RunRecorder {
    private let report: LineFile?
    private var format: any ReportFormat
    private let trace: LineFile?
    private let startedNanoseconds = monotonicNanoseconds()
    private let front = getpid()
    private var lanes: Set<Int32> = []
    private var totals = RunTotals()
    private var hasEvent = false
    private var frontTime: FrontTime
    private(set) var failure: PoolmapError?

    /// Opens the files.
    ///
    /// - Parameters:
    ///   - report: the path of the report; nil for none.
    ///   - trace: the path of the trace; nil for none.
    ///   - head: what is known in advance, such as the options.
    package init(report: String?, trace: String?, head: [(String, JSONText)]) throws(PoolmapError) {
        self.report = try report.map { (path) throws(PoolmapError) in try LineFile(path: path, force: true) }
        self.trace = try trace.map { (path) throws(PoolmapError) in try LineFile(path: path, force: true) }
        format = reportFormat(forFile: report ?? "")
        frontTime = FrontTime(from: startedNanoseconds)
        var members: [(String, JSONText)] = [("schema", .string("poolmap-report/1"))]
        members += head
        members += [
            ("startedUnixNanoseconds", .number(RunRecorder.unixNanoseconds())), ("pid", .number(UInt64(front))),
        ]
        attempt(self.report) { (file) throws(PoolmapError) in try format.begin(members, to: file) }
        write("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [", to: self.trace)
        writeLane(front, "poolmap")
    }

    private static func unixNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    // MARK: During the run

    /// Records that the front switches to an activity.
    package func begin(_ activity: FrontTime.Activity) {
        frontTime.begin(activity)
    }

    /// Records the end of a task, with or without a result.
    ///
    /// Returns the entries of its pieces for the report of the input.
    ///
    /// - Parameter handedOut: when the task was handed out, on the monotonic clock; its result is taken now.
    package func add(
        _ pieces: [Piece], _ completion: TaskCompletion, handedOut: UInt64, of plan: PlannedJob
    ) throws(PoolmapError) -> [ReportedPiece] {
        totals.repeatedTries += UInt64(max(0, completion.attempts - 1))
        let (time, taken) = (WorkTime(completion), sinceStart(monotonicNanoseconds()))
        let queued = sinceStart(handedOut)
        return zip(pieces, try completion.results).compactMap { piece, result in
            var reported = reported(
                piece, result.text, result.time ?? time, by: completion.worker, completion.attempts)
            (reported.queuedNanoseconds, reported.takenNanoseconds) = (queued, taken)
            return add(reported, piece, of: plan)
        }
    }

    /// Records a step that the front did itself.
    package func add(_ piece: Piece, _ time: WorkTime, of plan: PlannedJob) -> ReportedPiece? {
        add(reported(piece, .null, time, by: front, 1), piece, of: plan)
    }

    private func sinceStart(_ nanoseconds: UInt64) -> UInt64 {
        nanoseconds - min(startedNanoseconds, nanoseconds)
    }

    private func reported(
        _ piece: Piece, _ result: JSONText, _ time: WorkTime, by worker: Int32, _ attempts: Int
    ) -> ReportedPiece {
        ReportedPiece(
            index: UInt64(piece.index), count: UInt64(piece.count), offset: piece.offset, length: piece.byteCount,
            result: result, worker: UInt64(max(0, worker)), startNanoseconds: sinceStart(time.startedNanoseconds),
            durationNanoseconds: time.durationNanoseconds, tries: UInt64(max(0, attempts)))
    }

    private func add(_ reported: ReportedPiece, _ piece: Piece, of plan: PlannedJob) -> ReportedPiece? {
        totals.pieces += piece.isPart ? 1 : 0
        totals.workNanoseconds += reported.durationNanoseconds
        if trace != nil {
            let worker = Int32(clamping: reported.worker)
            writeLane(worker, "worker \(worker)")
            writeEvent([
                ("name", .string(piece.isWholeFile ? plan.input.name : "\(piece.noun) \(piece.index)")),
                ("cat", .string(piece.noun)), ("ph", .string("X")), ("ts", .microseconds(reported.startNanoseconds)),
                ("dur", .microseconds(reported.durationNanoseconds)), ("pid", .number(UInt64(front))),
                ("tid", .number(reported.worker)),
                (
                    "args",
                    .object(
                        [("file", .string(plan.input.name))] + reported.extent + [("tries", .number(reported.tries))])
                ),
            ])
        }
        return report != nil && piece.isPart ? reported : nil
    }

    /// Records an input; called in input order.
    ///
    /// - Parameter pieces: the entries of its pieces.
    package func add(_ result: Result<JobSummary, PoolmapError>, of plan: PlannedJob, _ pieces: [ReportedPiece]) {
        totals.add(result)
        var file = ReportedFile(input: plan.input.name, output: plan.target.text, result)
        file.pieces = pieces
        attempt(report) { (report) throws(PoolmapError) in try format.add(file, to: report) }
    }

    // MARK: The end

    /// Gives both files their names, except a name that is also an input's; throws the first error met in writing
    /// either.
    package func finish(_ places: RunPlaces) throws(PoolmapError) {
        let now = monotonicNanoseconds()
        let members = [("mainProcess", frontTime.json(at: now)), ("totals", totals.json(now - startedNanoseconds))]
        attempt(report) { (report) throws(PoolmapError) in try format.end(members, to: report) }
        write("\n]}\n", to: trace)
        if let failure { throw failure }
        if !places.mustStay(fileOf: "--report") {
            try report?.commit()
        }
        if !places.mustStay(fileOf: "--trace") {
            try trace?.commit()
        }
    }

    private func writeLane(_ process: Int32, _ name: String) {
        guard lanes.insert(process).inserted else { return }
        writeEvent([
            ("name", .string("thread_name")), ("ph", .string("M")), ("pid", .number(UInt64(front))),
            ("tid", .number(UInt64(max(0, process)))), ("args", .object([("name", .string(name))])),
        ])
    }

    private func writeEvent(_ members: [(String, JSONText)]) {
        write("\(hasEvent ? "," : "")\n\(JSONText.object(members).text)", to: trace)
        hasEvent = true
    }

    private func write(_ text: String, to file: LineFile?) {
        attempt(file) { (file) throws(PoolmapError) in try file.write(Array(text.utf8)) }
    }

    private func attempt(_ file: LineFile?, _ body: (LineFile) throws(PoolmapError) -> Void) {
        guard failure == nil, let file else { return }
        do throws(PoolmapError) {
            try body(file)
        } catch {
            failure = error
        }
    }
}

/// The totals over all inputs of a run.
private struct RunTotals {
    private var files: UInt64 = 0
    private var failed: UInt64 = 0
    private var inputBytes: UInt64 = 0
    private var outputBytes: UInt64 = 0
    var pieces: UInt64 = 0
    var repeatedTries: UInt64 = 0
    var workNanoseconds: UInt64 = 0

    package mutating func add(_ result: Result<JobSummary, PoolmapError>) {
        files += 1
        switch result {
        case .success(let summary):
            inputBytes += summary.inputBytes
            outputBytes += summary.outputBytes
        case .failure(let error): failed += error.code == .ignored ? 0 : 1
        }
    }

    func json(_ wallNanoseconds: UInt64) -> JSONText {
        .object([
            ("files", .number(files)), ("failed", .number(failed)), ("inputBytes", .number(inputBytes)),
            ("outputBytes", .number(outputBytes)), ("chunks", .number(pieces)),
            ("repeatedTries", .number(repeatedTries)), ("workNanoseconds", .number(workNanoseconds)),
            ("wallNanoseconds", .number(wallNanoseconds)),
        ])
    }
}

extension ReportedFile {
    fileprivate init(input: String, output: String?, _ result: Result<JobSummary, PoolmapError>) {
        switch result {
        case .success(let summary):
            self.init(
                input: input, output: output, status: summary.status, inputBytes: summary.inputBytes,
                outputBytes: summary.outputBytes, digests: summary.digests, salvage: summary.salvage?.json ?? .null)
        case .failure(let error):
            self.init(
                input: input, output: output, status: error.code == .ignored ? "ignored" : "failed",
                error: .error(error))
        }
    }
}

extension Target {
    fileprivate var text: String? {
        switch self {
        case .file(let path): path
        case .standardOutput: "standard output"
        case .nowhere: nil
        }
    }
}

extension TaskCompletion {
    /// The result of each piece; of the first alone if the task failed.
    fileprivate var results: [PieceResult] {
        get throws(PoolmapError) {
            switch result {
            case .failure(let error), .success(.failed(let error)):
                [PieceResult(text: .object([("error", .error(error))]))]
            case .success(.files(let files)): files.all.map { PieceResult(text: $0.resultText) }
            case .success(let answer): try answer.results
            }
        }
    }
}

extension WorkTime {
    /// The time of the task as a whole.
    fileprivate init(_ completion: TaskCompletion) {
        startedNanoseconds = completion.startedNanoseconds
        durationNanoseconds = completion.durationNanoseconds
    }
}

extension FileDone {
    fileprivate var resultText: JSONText {
        switch outcome {
        case .done(let summary): .object([("bytes", .number(summary.outputBytes))])
        case .failed(let error): .object([("error", .error(error))])
        case .isForFront: .null
        }
    }
}

extension JSONText {
    /// An error as programs see it, here and with `--json`.
    package static func error(_ error: PoolmapError) -> JSONText {
        .object([
            ("code", .string(error.code.rawValue)), ("message", .string("\(error)")),
            ("errno", .number(orNull: error.errno.map { UInt64($0) })),
        ])
    }

    /// Nanoseconds as microseconds with three decimals.
    fileprivate static func microseconds(_ nanoseconds: UInt64) -> JSONText {
        let fraction = "\(nanoseconds % 1000)"
        return .decimal("\(nanoseconds / 1000)." + String(repeating: "0", count: 3 - fraction.utf8.count) + fraction)
    }
}

extension JobSummary {
    fileprivate var status: String {
        if let salvage, !salvage.isWhole { return "salvaged" }
        return isUnchanged ? "unchanged" : "done"
    }
}

extension SalvageSummary {
    /// The losses, for the report.
    fileprivate var json: JSONText {
        let ranges = lost.map { range -> JSONText in
            .object([
                ("offset", .number(range.content.lowerBound)),
                ("length", range.isLengthKnown ? .number(UInt64(range.content.count)) : .null),
                ("isLengthAssumed", .bool(range.isLengthAssumed)), ("fileOffset", .number(range.file.lowerBound)),
                ("fileLength", .number(UInt64(range.file.count))), ("reason", .string(range.reason)),
            ])
        }
        return .object([
            ("restoredBytes", .number(restoredBytes)), ("lostBytes", .number(lostBytes)),
            ("contentBytes", .number(orNull: contentBytes)), ("lostCount", .number(UInt64(lostCount))),
            ("harmlessCount", .number(UInt64(harmlessCount))), ("lost", .array(ranges)),
        ])
    }
}
