import Ground
import Multiprocessing
import Run

/// Reduces the remaining outputs of a map once all its inputs are done.
final class ReduceJob: Job {
    private let run: MapRun
    /// The files to reduce next, in order.
    private var files: [SharedDescriptor] = []
    private var joined: [SharedDescriptor] = []
    private var hasBegun = false
    private var isFinal = false
    private var index = 0
    /// The number of groups in progress before the reduction goes round by round.
    private var groupCount = 0

    init(_ run: MapRun) {
        self.run = run
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        guard run.hasAllInputs else { return .waitForTurn }
        if run.isBroken || isFinal { return .end }
        if !hasBegun {
            // First reduce what could have been reduced earlier, so that the result does not depend on the speed of
            // chunks.
            if let step = try run.nextReduction(workforce) {
                groupCount += 1
                return step
            }
            if groupCount > 0 || run.hasGroup { return .waitForTurn }
            hasBegun = true
            files = run.takeAllOutputs()
        }
        guard !files.isEmpty else { return .end }
        guard let slot = try workforce.acquireSlot() else { return .waitForTurn }
        isFinal = joined.isEmpty && index == 0 && files.count <= Reduction.most
        let group = Array(files.prefix(Reduction.most))
        files.removeFirst(group.count)
        index += 1
        return try run.reduce(group, slot, isFinal: isFinal)
    }

    var looksAhead: Bool { true }

    func look(at result: Result<TaskAnswer, PoolmapError>, slot: Int?, _ workforce: Workforce) {
        if let slot { run.end(slot) }
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard let slot else { return }
        let done = try ChunkCommand.done(answer)
        for outcome in done.all {
            if hasBegun {
                if let file = try run.acceptReduced(outcome, slot, workforce) { joined.append(file) }
            } else {
                groupCount -= 1
                try run.acceptReducedEarly(outcome, slot, workforce)
            }
        }
        workforce.own(ChunkCommand.self).clearSpills(of: done, slot)
    }

    func beginsAgain() -> Bool {
        guard !joined.isEmpty else { return false }
        (files, joined, index) = (joined, [], 0)
        return true
    }

    func cancel() {
        run.cancelAll()
    }

    func finish() -> JobSummary { JobSummary() }
}
