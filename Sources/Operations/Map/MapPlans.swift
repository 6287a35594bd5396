import Ground
import Run

/// The inputs of a map, followed by the reduction of their outputs, if a command does it.
final class MapPlans: PlanSource {
    private var inputs: any PlanSource
    private let run: MapRun
    private var isReductionPlanned: Bool

    init(_ inputs: some PlanSource, _ run: MapRun) {
        (self.inputs, self.run) = (inputs, run)
        isReductionPlanned = run.settings.reduction == nil
        run.hasMorePlans = inputs.hasMore
    }

    var hasMore: Bool { inputs.hasMore || !isReductionPlanned }

    func next() -> PlanStep {
        let step = inputs.next()
        if run.isHalted { return notBegun(step) }
        switch step {
        case .plan:
            run.planInput()
            run.hasMorePlans = inputs.hasMore
        case .end: return end()
        case .waitForInput, .waitForReport: break
        }
        return step
    }

    /// Reports inputs that were not started because the run has halted, each once.
    private func notBegun(_ step: PlanStep) -> PlanStep {
        guard case .plan(let plan) = step else { return end() }
        run.planInput()
        return .plan(
            PlannedJob(number: plan.number, input: plan.input, target: plan.target) { (_) throws(PoolmapError) in
                throw PoolmapError(.failed, "not started, because a chunk of another input failed")
            } report: {
                plan.report($0)
            })
    }

    private func end() -> PlanStep {
        run.endPlans()
        guard !isReductionPlanned else { return .end }
        isReductionPlanned = true
        return .plan(
            PlannedJob(number: 0, input: .standardInput, target: .standardOutput, isInput: false) { [run] _ in
                ReduceJob(run)
            } report: { [run] result in
                guard case .failure(let error) = result else { return }
                run.leaveOut(always: true)
                run.onReductionFailure(error)
            })
    }
}
