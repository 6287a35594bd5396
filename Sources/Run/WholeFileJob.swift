import Files
import Ground

/// Hands a small file to one worker, which does all of it.
///
/// It takes no slot, and the front writes nothing. The `Workforce` sends several such files to a worker at a time.
package final class WholeFileJob: Job {
    private var work: FileWork
    private let target: Target
    private let targetRoot: Root?
    private let meter: Meter
    private var ticket: NoteTicket?
    private var isHandedOut = false
    private var summary = JobSummary()
    // The worker opens the file, not the front.
    package let isOpen = false

    /// - Parameters:
    ///   - work: the file, without its target.
    ///   - root: the folder whose tree contains the target.
    package init(_ work: FileWork, to target: Target, in root: Root?, _ meter: Meter) {
        self.work = work
        self.target = target
        targetRoot = root
        self.meter = meter
        meter.expect(work.byteCount)
    }

    package func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if isHandedOut { return .end }
        if case .file(let path) = target {
            guard let ticket = try workforce.acquireNote() else { return .waitForTurn }
            self.ticket = ticket
            (work.target, work.note) = (Place(path: path, root: targetRoot), ticket.index)
        }
        isHandedOut = true
        return .work(.wholeFile(work), [.whole(work.byteCount)], slot: nil, isLast: true)
    }

    package func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard case .files(let files) = answer, case .done(let summary) = files.all.first?.outcome else {
            throw PoolmapError(.failed, "internal error: unexpected answer from a worker")
        }
        self.summary = summary
        meter.add(input: summary.inputBytes, output: summary.outputBytes)
    }

    package func finish() -> JobSummary {
        summary
    }
}
