import Files
import Glibc
import Ground

/// Records a run as a report for programs and as a trace for people.
///
/// Both are written as the run goes on, so memory is used only for the inputs in progress. The files get their names at
/// the end. docs/report.md describes the fields.
package final class RunRecorder {
    private let report: LineFile?
    private let trace: LineFile?
    private let startedNanoseconds = monotonicNanoseconds()
    private let front = getpid()
    private var lanes: Set<Int32> = []
    private var totals = RunTotals()
    private var hasFile = false
    private var hasEvent = false
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
        var members: [(String, JSONText)] = [("schema", .string("poolmap-report/1"))]
        members += head
        members.append(("startedUnixNanoseconds", .number(RunRecorder.unixNanoseconds())))
        let text = JSONText.object(members).text
        write("\(text.dropLast()), \"files\": [", to: self.report)
        write("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [", to: self.trace)
        writeLane(front, "poolmap")
    }

    private static func unixNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    // MARK: During the run

    /// Records the end of a task, with or without a result.
    ///
    /// Returns the entries of its pieces for the report of the input.
    package func add(
        _ pieces: [Piece], _ completion: TaskCompletion, of plan: PlannedJob
    ) throws(PoolmapError) -> [JSONText] {
        totals.repeatedTries += UInt64(max(0, completion.attempts - 1))
        let time = WorkTime(completion)
        return zip(pieces, try completion.results).compactMap { piece, result in
            add(piece, result.text, result.time ?? time, by: completion.worker, completion.attempts, of: plan)
        }
    }

    /// Records a step that the front did itself.
    package func add(_ piece: Piece, _ time: WorkTime, of plan: PlannedJob) -> JSONText? {
        add(piece, .null, time, by: front, 1, of: plan)
    }

    private func add(
        _ piece: Piece, _ result: JSONText, _ time: WorkTime, by worker: Int32, _ attempts: Int, of plan: PlannedJob
    ) -> JSONText? {
        totals.pieces += piece.isPart ? 1 : 0
        totals.workNanoseconds += time.durationNanoseconds
        let since = time.startedNanoseconds - min(startedNanoseconds, time.startedNanoseconds)
        let start = time.startedNanoseconds == 0 ? 0 : since
        let members: [(String, JSONText)] = [
            ("index", .number(UInt64(piece.index))), ("count", .number(UInt64(piece.count))),
            ("offset", .number(piece.offset)), ("length", .number(piece.byteCount)), ("result", result),
        ]
        let effort: [(String, JSONText)] = [
            ("worker", .number(UInt64(max(0, worker)))), ("startNanoseconds", .number(start)),
            ("durationNanoseconds", .number(time.durationNanoseconds)), ("tries", .number(UInt64(max(0, attempts)))),
        ]
        if trace != nil {
            writeLane(worker, "worker \(worker)")
            writeEvent([
                ("name", .string(piece.isWholeFile ? plan.input.name : "\(piece.noun) \(piece.index)")),
                ("cat", .string(piece.noun)), ("ph", .string("X")), ("ts", .microseconds(start)),
                ("dur", .microseconds(time.durationNanoseconds)), ("pid", .number(UInt64(front))),
                ("tid", .number(UInt64(max(0, worker)))),
                ("args", .object([("file", .string(plan.input.name))] + members.dropFirst() + effort.suffix(1))),
            ])
        }
        return report != nil && piece.isPart ? .object(members + effort) : nil
    }

    /// Records an input; called in input order.
    ///
    /// - Parameter pieces: the entries of its pieces.
    package func add(_ result: Result<JobSummary, PoolmapError>, of plan: PlannedJob, _ pieces: [JSONText]) {
        totals.add(result)
        guard report != nil else { return }
        var members: [(String, JSONText)] = [
            ("input", .string(plan.input.name)), ("output", plan.target.text),
        ]
        members += RunRecorder.outcome(result)
        members.append(("chunks", .array(pieces)))
        write("\(hasFile ? "," : "")\n\(JSONText.object(members).text)", to: report)
        hasFile = true
    }

    private static func outcome(_ result: Result<JobSummary, PoolmapError>) -> [(String, JSONText)] {
        switch result {
        case .success(let summary):
            [
                ("status", .string(summary.status)), ("error", .null),
                ("inputBytes", .number(summary.inputBytes)), ("outputBytes", .number(summary.outputBytes)),
                ("digests", .array(summary.digests.map { .string($0) })),
                ("salvage", summary.salvage?.json ?? .null),
            ]
        case .failure(let error):
            [
                ("status", .string(error.code == .ignored ? "ignored" : "failed")), ("error", .error(error)),
                ("inputBytes", .null), ("outputBytes", .null), ("digests", .array([])), ("salvage", .null),
            ]
        }
    }

    // MARK: The end

    /// Gives both files their names, except a name that is also an input's; throws the first error met in writing
    /// either.
    package func finish(_ places: RunPlaces) throws(PoolmapError) {
        let wall = monotonicNanoseconds() - startedNanoseconds
        write("\n], \"totals\": \(totals.json(wall).text)}\n", to: report)
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
        guard failure == nil else { return }
        do throws(PoolmapError) {
            try file?.write(Array(text.utf8))
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

extension Target {
    fileprivate var text: JSONText {
        switch self {
        case .file(let path): .string(path)
        case .standardOutput: .string("standard output")
        case .nowhere: .null
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
