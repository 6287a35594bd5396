import Files
import Ground
import Run

/// A target, and the files of its parts, in any order.
package struct PartGroup {
    package let target: Target
    package var paths: [String]

    package init(target: Target, paths: [String]) {
        (self.target, self.paths) = (target, paths)
    }
}

extension Batch {
    /// Makes of the parts of each job what one run would have made; the target is what is reported.
    package func join(_ groups: [PartGroup], report: @escaping Report) {
        var policy = policy
        (policy.removesInput, policy.syncs) = (false, policy.isDurable)
        // What a part has left out, the target leaves out too.
        policy.sparse = .files
        let plans = groups.enumerated().map { (number, group) in plan(number, group, policy, report) }
        run(PlanList(plans), RunSettings(operation: .join, policy: policy))
    }

    private func plan(
        _ number: Int, _ group: PartGroup, _ policy: OutputPolicy, _ report: @escaping Report
    ) -> PlannedJob {
        let target = group.target
        var input = Input.file("standard output")
        if case .file(let path) = target { input = .file(path) }
        let removesParts = self.policy.removesInput
        return PlannedJob(number: number, input: input, target: target) { [meter] (_) throws(PoolmapError) in
            let parts = try PartSet(group.paths)
            let output: Output
            if case .file(let path) = target {
                output = .file(try OutputFile(Place(path: path), policy, for: try parts.members[0].open()))
            } else {
                output = .standardOutput(policy)
            }
            return try JoinJob(parts, to: output, removesParts: removesParts, meter)
        } report: { [input] result in
            report(input, result)
        }
    }
}
