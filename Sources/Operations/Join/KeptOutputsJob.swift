import Files
import Ground
import Multiprocessing
import Run

/// Gives the outputs that the parts of a map have kept to what joins them, as if their commands had just ended.
///
/// For a command the workers copy each output to a file of its own; numbers are added up here.
final class KeptOutputsJob: Job {
    private let parts: PartSet
    private let run: MapRun
    private let meter: Meter
    // The next output: its part, its row, and where it is.
    private var partIndex = 0
    private var rowIndex = 0
    private var offset: UInt64 = 0
    private var file: InputFile?
    /// What is under way, the first in front.
    private var copies: [Copy] = []
    private var byteCount: UInt64 = 0

    private struct Copy {
        let member: PartSet.Member
        let file: InputFile
        let rowIndex: Int
        let offset: UInt64
        var output: SharedDescriptor?

        var row: PartRow { member.table.rows[rowIndex] }
        var piece: Piece { Piece(noun: "chunk", index: rowIndex, offset: offset, byteCount: row.byteCount) }
        var work: PartCopy.Work {
            var work = PartCopy.Work(offset: offset, place: 0, hasHoles: false)
            work.rows = [row]
            return work
        }
    }

    init(_ parts: PartSet, _ run: MapRun, _ meter: Meter) {
        (self.parts, self.run, self.meter) = (parts, run, meter)
        meter.expect(parts.members.reduce(0) { $0 + $1.byteCount })
        run.beginCut()
    }

    // MARK: Cut

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if run.isHalted { return .end }
        if let step = try run.nextReduction(workforce) { return step }
        // What is to be joined goes first, so that few outputs wait, each with a file that is open.
        guard copies.count < workforce.slotCount, !run.hasGroup else { return .waitForTurn }
        guard var copy = try nextCopy() else {
            run.endCut()
            return .end
        }
        guard run.settings.reduction != nil else {
            return .local(copy.piece) { [self] () throws(PoolmapError) in try add(up: copy, workforce) }
        }
        let output = try run.openOutput()
        copy.output = output
        copies.append(copy)
        let task = PartCopy.task(copy.work, copy.file.handed + [output], byteCount: copy.row.byteCount)
        return .work(task, [copy.piece], slot: nil, isLast: false)
    }

    private func nextCopy() throws(PoolmapError) -> Copy? {
        while partIndex < parts.members.count, rowIndex == parts.members[partIndex].table.rows.count {
            partIndex += 1
            (rowIndex, offset, file) = (0, 0, nil)
        }
        guard partIndex < parts.members.count else { return nil }
        let member = parts.members[partIndex]
        let file = if let file { file } else { try member.open() }
        self.file = file
        defer {
            offset += member.table.rows[rowIndex].byteCount
            rowIndex += 1
        }
        return Copy(member: member, file: file, rowIndex: rowIndex, offset: offset)
    }

    // MARK: Join

    private func add(up copy: Copy, _ workforce: Workforce) throws(PoolmapError) {
        var done = PartCopy.Done(damaged: nil)
        try run.takeKept { (take) throws(PoolmapError) in
            done = try workforce.own(PartCopy.self).copy(copy.work, from: copy.file.descriptor) {
                (bytes, _) throws(PoolmapError) in try take(bytes)
            }
        }
        try accept(done, copy)
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        if let slot {
            let done = try ChunkCommand.done(answer)
            defer { workforce.own(ChunkCommand.self).clearSpills(of: done, slot) }
            for outcome in done.all { try run.acceptReducedEarly(outcome, slot, workforce) }
            return
        }
        let copy = copies.removeFirst()
        try accept(PartCopy.done(answer), copy)
        if let output = copy.output { run.add(output) }
    }

    private func accept(_ done: PartCopy.Done, _ copy: Copy) throws(PoolmapError) {
        do throws(PoolmapError) {
            guard done.damaged == nil else {
                throw PoolmapError(
                    .damaged, "is damaged in its chunk \(copy.rowIndex); remove it, and make the part again")
            }
            if copy.rowIndex == copy.member.table.rows.count - 1 { try copy.file.requireUnchanged() }
        } catch {
            throw error.of(copy.member.path)
        }
        byteCount += copy.row.byteCount
        meter.add(input: copy.row.byteCount)
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
