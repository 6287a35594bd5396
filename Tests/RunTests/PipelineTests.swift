import Multiprocessing
import Testing

@testable import Ground
@testable import Run

/// The run loop and the workforce, with an operation that needs no file and no other process.
@Suite struct PipelineTests {
    @Test func resultsAreJoinedInTheOrderOfThePieces() throws {
        let log = Log()
        run([CountingJob("a", pieces: 5, log)])
        #expect(log.lines == ["a 0", "a 2", "a 4", "a 6", "a 8", "a finished", "a done"])
    }

    @Test func whatTheFrontDoesItselfHasItsPlaceAmongThePieces() throws {
        let log = Log()
        run([CountingJob("a", pieces: 3, log, localPiece: 1)])
        #expect(log.lines == ["a 0", "a here", "a 4", "a finished", "a done"])
    }

    @Test func aPieceThatFailsEndsItsOwnJobAndNoOther() throws {
        let log = Log()
        run([CountingJob("a", pieces: 4, log, failingPiece: 1), CountingJob("b", pieces: 2, log)])
        #expect(log.lines == ["a 0", "a abandoned", "a failed: odd", "b 0", "b 2", "b finished", "b done"])
    }

    @Test func aJobThatCannotBeOpenedIsReportedInItsTurn() throws {
        let log = Log()
        run([CountingJob("a", pieces: 1, log), nil, CountingJob("c", pieces: 1, log)], log)
        #expect(
            log.lines.filter { $0.hasSuffix("done") || $0.contains("failed") } == [
                "a done", "failed: closed", "c done",
            ])
    }

    @Test func aJobMayBeginAgain() throws {
        let log = Log()
        run([CountingJob("a", pieces: 2, log, rounds: 2)])
        #expect(log.lines == ["a 0", "a 2", "a 0", "a 2", "a finished", "a done"])
    }

    @Test func everySlotComesBack() throws {
        let log = Log()
        let workforce = workforce()
        Pipeline(workforce, Plans([CountingJob("a", pieces: 9, log, failingPiece: 6)], log)).run()
        #expect(workforce.hasEverySlot)
    }

    private func workforce() -> Workforce {
        Workforce(jobs: 1, [Doubling()], SlotLayout(inputBytes: 4096, outputBytes: 4096), .nothing)
    }

    private func run(_ jobs: [CountingJob?], _ log: Log = Log()) {
        Pipeline(workforce(), Plans(jobs, jobs.compactMap { $0?.log }.first ?? log)).run()
    }
}

private final class Log {
    var lines: [String] = []
}

/// Doubles a number; fails for numbers above 1000.
private final class Doubling: Operation {
    struct Work: Message, BitwiseCopyable {
        var number: Int
    }

    struct Done: Message, BitwiseCopyable {
        var number: Int
    }

    func perform(_ work: Work, _ files: [SharedDescriptor], _ hands: Hands) throws(PoolmapError) -> Done {
        guard work.number < 1000 else { throw PoolmapError(.failed, "odd") }
        return Done(number: 2 * work.number)
    }

    static func results(of done: Done) -> [PieceResult] { [] }
}

private final class CountingJob: Job {
    let name: String
    let log: Log
    private let pieces: Int
    private let localPiece: Int?
    private let failingPiece: Int?
    private var rounds: Int
    private var next = 0

    init(
        _ name: String, pieces: Int, _ log: Log, localPiece: Int? = nil, failingPiece: Int? = nil, rounds: Int = 1
    ) {
        self.name = name
        self.pieces = pieces
        self.log = log
        self.localPiece = localPiece
        self.failingPiece = failingPiece
        self.rounds = rounds
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        guard next < pieces else { return .end }
        defer { next += 1 }
        if next == localPiece {
            return .local(nil) { [self] () throws(PoolmapError) in log.lines.append("\(name) here") }
        }
        guard let slot = try workforce.acquireSlot() else {
            next -= 1
            return .waitForTurn
        }
        let piece = Piece(noun: "number", index: next, offset: 0, byteCount: 0)
        let work = Doubling.Work(number: next == failingPiece ? 1001 : next)
        return .work(Doubling.task(work, [], byteCount: 1), [piece], slot: slot, isLast: false)
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        log.lines.append("\(name) \(try Doubling.done(answer).number)")
    }

    func beginsAgain() -> Bool {
        rounds -= 1
        next = rounds > 0 ? 0 : next
        return rounds > 0
    }

    func finish() -> JobSummary {
        log.lines.append("\(name) finished")
        return JobSummary()
    }

    func abandon(_ workforce: Workforce) {
        log.lines.append("\(name) abandoned")
    }
}

private struct Plans: PlanSource {
    private var jobs: ArraySlice<CountingJob?>
    private let log: Log

    init(_ jobs: [CountingJob?], _ log: Log) {
        self.jobs = jobs[...]
        self.log = log
    }

    var hasMore: Bool { !jobs.isEmpty }

    mutating func next() -> PlanStep {
        guard let job = jobs.popFirst() else { return .end }
        return .plan(
            PlannedJob(number: 0, input: .standardInput, target: .nowhere) { (_) throws(PoolmapError) in
                guard let job else { throw PoolmapError(.failed, "closed") }
                return job
            } report: { [log] result in
                let name = job.map { "\($0.name) " } ?? ""
                switch result {
                case .success: log.lines.append("\(name)done")
                case .failure(let error): log.lines.append("\(name)failed: \(error)")
                }
            })
    }
}
