import Digests
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

    /// The name for messages.
    package var name: String {
        if case .file(let path) = target { path } else { "standard output" }
    }
}

extension MapSettings {
    /// Settings for a reduction of outputs that parts of a map kept, without a command over chunks.
    package init(joining parts: PartSet, by join: Join, jobs: Int) {
        self.init(CommandTemplate(shellLine: ""), .bytes, chunkBytes: 1, jobs: jobs)
        self.join = join
        mostRecordBytes = 0
        outputHeaderLineCount = parts.headerLineCount ?? 0
    }
}

extension Batch {
    /// Joins the outputs kept by the parts of a map as `map` says; the target is reported in place of an input.
    package func join(_ parts: PartSet, _ map: MapRun, to group: PartGroup, report: @escaping Report) {
        var settings = RunSettings(operation: .map(map), policy: policy)
        settings.reach = nil
        let input = Input.file(group.name)
        let plan = PlannedJob(number: 0, input: input, target: group.target) { [meter] _ in
            KeptOutputsJob(parts, map, meter)
        } report: { result in
            map.reportInput()
            if case .failure = result { map.leaveOut() }
            report(input, result)
        }
        run(MapPlans(PlanList([plan]), map), settings)
    }

    /// Joins the parts of each job to the result of a single run; the targets are reported in place of inputs.
    package func join(_ groups: [PartGroup], report: @escaping Report) {
        var policy = policy
        (policy.removesInput, policy.syncs) = (false, policy.isDurable)
        // Holes in a part become holes in the target.
        policy.sparse = .files
        let plans = groups.enumerated().map { (number, group) in plan(number, group, policy, report) }
        run(PlanList(plans), RunSettings(operation: .join, policy: policy))
    }

    private func plan(
        _ number: Int, _ group: PartGroup, _ policy: OutputPolicy, _ report: @escaping Report
    ) -> PlannedJob {
        let target = group.target
        let input = Input.file(group.name)
        let removesParts = self.policy.removesInput
        return PlannedJob(number: number, input: input, target: target) { [meter] (_) throws(PoolmapError) in
            let parts = try PartSet(group.paths)
            if case .file(let path) = target { try parts.requireOthers(than: path) }
            try parts.requireReduction(nil)
            // A part has the mode, owner and times of its input; lists of digests and outputs of commands have none to
            // pass on.
            let isOfContent = parts.operation == .compress || parts.operation == .decompress
            let output = try PartTarget(
                target, policy, for: isOfContent ? try parts.members[0].open() : nil, removesParts: removesParts)
            switch parts.operation {
            case .hash, .manifest: return try DigestJoinJob(parts, to: output)
            case .files: return ShareJoinJob(parts, to: output)
            case .compress, .decompress, .map: return try JoinJob(parts, to: output, meter)
            }
        } report: { result in
            report(input, result)
        }
    }
}

extension Batch {
    /// Hashes a part of a regular file, and writes what a join needs to a file of its own.
    ///
    /// - Parameters:
    ///   - algorithms: must all be divisible.
    ///   - target: the part's file.
    ///   - form: the format of the lines once all parts are joined.
    ///   - state: as for `resumeHash`; nil if nothing is to be kept.
    package func hashPart(
        _ part: Part, of path: String, to target: String, _ algorithms: [HashAlgorithm], _ form: DigestForm,
        _ state: HashState?, notice: @escaping (Input, ResumeNotice) -> Void, report: @escaping Report
    ) {
        let policy = policy
        hash(path, algorithms, state, notice, report) { (input) throws(PoolmapError) in
            let pieceBytes = PieceSize.bytes(algorithms, wanted: PieceSize.ofFile) ?? .max
            return try PartWriter(part, of: input, algorithms, in: pieceBytes, form, to: target, policy)
        }
    }

    /// Hashes the chunks of a part of a regular file, and writes the digests to a file of their own.
    package func writeManifestPart(
        _ part: Part, of path: String, to target: String, _ scheme: ManifestScheme, report: @escaping Report
    ) {
        let (policy, meter) = (policy, meter)
        let plan = PlannedJob(number: 0, input: .file(path), target: .nowhere) { (_) throws(PoolmapError) in
            let input = try InputFile.open(path: path)
            let sink = try PartWriter(part, of: input, scheme, name: path, to: target, policy)
            if sink.isThere { return NothingToDo(JobSummary(inputBytes: input.byteCount, isUnchanged: true)) }
            return ChunksJob(input, scheme, part: sink.share, into: sink, meter)
        } report: { result in
            report(.file(path), result)
        }
        run(PlanList([plan]), RunSettings(operation: .hashChunks(scheme.chunkBytes), reach: .reading))
    }
}
