import Ground
import Run

/// The inputs of a map, and behind them what joins their outputs, if a command does.
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
        if run.isHalted { return end() }
        let step = inputs.next()
        switch step {
        case .plan:
            run.planInput()
            run.hasMorePlans = inputs.hasMore
        case .end: return end()
        case .waitForInput, .waitForReport: break
        }
        return step
    }

    private func end() -> PlanStep {
        run.endPlans()
        guard !isReductionPlanned else { return .end }
        isReductionPlanned = true
        return .plan(
            PlannedJob(number: 0, input: .standardInput, target: .standardOutput, isInput: false) { [run] _ in
                ReduceJob(run)
            } report: { [run] result in
                if case .failure(let error) = result { run.onReductionFailure(error) }
            })
    }
}
