import Files
import Ground
import Run

extension Batch {
    /// Writes a section of a manifest for each input, in order; the digest in a summary is the root.
    ///
    /// Blocks until everything is done. Inputs that fail have no section, or if it is long, one without an end.
    ///
    /// - Parameters:
    ///   - isOver: called before each input; true ends the run.
    ///   - write: takes the text, in parts, each with the ordinal of its input.
    package func writeManifests(
        _ items: some ItemSource, _ scheme: ManifestScheme, isOver: @escaping () -> Bool = { false },
        write: @escaping (UInt64?, [UInt8]) throws(PoolmapError) -> Void, report: @escaping Report
    ) {
        let settings = RunSettings(operation: .hashChunks(scheme.chunkBytes), reach: .reading)
        let plans = ManifestWritingPlans(
            items: items, scheme: scheme, mayShareFiles: jobs > 1, wholeFileBytes: settings.wholeFileBytes,
            meter: meter, isOver: isOver, write: write, report: report)
        run(plans, settings)
    }
}

/// Plans a section of a manifest for each item.
private struct ManifestWritingPlans<Items: ItemSource>: PlanSource {
    var items: Items
    let scheme: ManifestScheme
    let mayShareFiles: Bool
    let wholeFileBytes: UInt64
    let meter: Meter
    let isOver: () -> Bool
    let write: (UInt64?, [UInt8]) throws(PoolmapError) -> Void
    let report: Batch.Report
    var count = 0

    var hasMore: Bool { items.hasMore }

    mutating func next() -> PlanStep {
        if isOver() { return .end }
        switch items.next() {
        case .item(let input, let target, let file): return .plan(plan(input, target, file))
        case .refused(let input, let error):
            return .plan(plan(input, .nowhere) { (_) throws(PoolmapError) in throw error })
        case .waitForInput(let descriptor): return .waitForInput(descriptor)
        case .waitForReport: return .waitForReport
        case .end: return .end
        }
    }

    private mutating func plan(_ input: Input, _ target: Target, _ file: FoundFile?) -> PlannedJob {
        let name = if case .file(let path) = input { path } else { "-" }
        return plan(input, target) { [self] (hands) throws(PoolmapError) in
            let section = ManifestWriter(scheme, name: name) { (text) throws(PoolmapError) in
                try write(file?.ordinal, text)
            }
            if mayShareFiles, hands == .anyone, let file, !file.isDescriptor,
                let status = file.status ?? FileStatus(ofPath: file.path),
                status.isRegular, status.byteCount <= wholeFileBytes
            {
                return WholeChunksJob(
                    file.place, byteCount: status.byteCount, mayDiffer: true, scheme, into: section, meter)
            }
            return ChunksJob(try input.open(in: file?.root), scheme, into: section, meter)
        }
    }

    private mutating func plan(
        _ input: Input, _ target: Target, _ open: @escaping (PlannedJob.Hands) throws(PoolmapError) -> any Job
    ) -> PlannedJob {
        defer { count += 1 }
        return PlannedJob(number: count, input: input, target: target, writesInTurn: true, open: open) { [report] in
            report(input, $0)
        }
    }
}
