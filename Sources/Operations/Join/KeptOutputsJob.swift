import Files
import Ground
import Multiprocessing
import Run

/// Passes the outputs kept by the parts of a map to the reduction, as if their commands had just ended.
///
/// For a reducing command the workers copy each output to a file of its own; sums are computed here.
final class KeptOutputsJob: Job {
    private let run: MapRun
    private let meter: Meter
    private var cursor: PieceCursor
    /// The copies in progress, each with the file that it is copied to, in order.
    private var copies: [(output: PartPieces, file: SharedDescriptor)] = []
    private var byteCount: UInt64 = 0

    init(_ parts: PartSet, _ run: MapRun, _ meter: Meter) {
        (self.run, self.meter) = (run, meter)
        cursor = PieceCursor(parts)
        meter.expect(parts.members.reduce(0) { $0 + $1.byteCount })
        run.beginCut()
    }

    // MARK: Cut

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if run.isHalted { return .end }
        if let step = try run.nextReduction(workforce) { return step }
        // Reductions go first, so that few outputs wait, each with an open file.
        guard copies.count < workforce.slotCount, !run.hasGroup else { return .waitForTurn }
        guard let output = try cursor.next() else {
            run.endCut()
            return .end
        }
        guard run.settings.reduction != nil else {
            return .local(output.piece) { [self] () throws(PoolmapError) in try add(up: output, workforce) }
        }
        let file = try run.openOutput()
        copies.append((output, file))
        let task = PartCopy.task(
            output.work(to: 0, hasHoles: false), output.file.handed + [file], byteCount: output.byteCount)
        return .work(task, [output.piece], slot: nil, isLast: false)
    }

    // MARK: Join

    private func add(up output: PartPieces, _ workforce: Workforce) throws(PoolmapError) {
        let work = output.work(to: 0, hasHoles: false)
        var done = PartCopy.Done(damaged: nil)
        try run.takeKept { (take) throws(PoolmapError) in
            done = try workforce.own(PartCopy.self).copy(work, from: output.file.descriptor) {
                (bytes, _) throws(PoolmapError) in try take(bytes)
            }
        }
        try accept(done, output)
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        if let slot {
            let done = try ChunkCommand.done(answer)
            defer { workforce.own(ChunkCommand.self).clearSpills(of: done, slot) }
            for outcome in done.all { try run.acceptReducedEarly(outcome, slot, workforce) }
            return
        }
        let (output, file) = copies.removeFirst()
        try accept(PartCopy.done(answer), output)
        run.add(file)
    }

    private func accept(_ done: PartCopy.Done, _ output: PartPieces) throws(PoolmapError) {
        try output.requireIntact(done)
        byteCount += output.byteCount
        meter.add(input: output.byteCount)
    }

    var looksAhead: Bool { true }

    func look(at result: Result<TaskAnswer, PoolmapError>, slot: Int?, _ workforce: Workforce) {
        if let slot { run.end(slot) }
    }

    func recover(from error: PoolmapError, piece: Piece, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard let slot else { throw error }
        run.drop(slot)
        run.leaveOut(always: true)
        throw error.at(piece.description)
    }

    func cancel() {
        run.cancelAll()
    }

    func finish() -> JobSummary { JobSummary(inputBytes: byteCount) }
}
