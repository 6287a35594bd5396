import Files
import Ground
import Run

/// An event of a check by manifests, in the order of the manifests and their files.
package enum ManifestEvent {
    /// A manifest cannot be used, and why.
    case refused(manifest: String, PoolmapError)
    /// A file differs from its manifest.
    case found(name: String, ManifestFinding)
    /// A file was checked and matches if the error is nil; otherwise `mismatch`, after its findings, or what prevented
    /// the check.
    case checked(name: String, PoolmapError?)
    /// All files of a manifest have been reported.
    case ended(manifest: String)
}

extension Batch {
    /// Checks files against manifests.
    ///
    /// Blocks until everything is done.
    ///
    /// - Parameters:
    ///   - range: the range to check of each file; nil for all of it.
    ///   - isOver: called before each file; true ends the check.
    ///   - report: called with each event.
    package func checkManifests(
        _ manifests: [Input], _ range: ManifestRange? = nil, isOver: @escaping () -> Bool = { false },
        report: @escaping (ManifestEvent) -> Void
    ) {
        let settings = RunSettings(operation: .hashChunks(nil), reach: .reading)
        let check = ManifestCheckSettings(
            range: range, mayShareFiles: jobs > 1, wholeFileBytes: settings.wholeFileBytes, meter: meter,
            places: places, report: report)
        run(ManifestCheckPlans(manifests: manifests[...], check: check, isOver: isOver), settings)
    }
}

/// A range of a file to check.
package struct ManifestRange: Sendable {
    /// Where it begins.
    package var offset: UInt64
    /// Its length; nil for everything up to the end.
    package var byteCount: UInt64?

    /// Creates a range.
    package init(offset: UInt64, byteCount: UInt64? = nil) {
        self.offset = offset
        self.byteCount = byteCount
    }

    /// The chunks that overlap the range.
    func chunks(of section: ManifestSection) throws(PoolmapError) -> Range<UInt64> {
        let (end, overflowed) = offset.addingReportingOverflow(byteCount ?? 0)
        let wanted = byteCount == nil ? section.byteCount : overflowed ? .max : end
        guard wanted <= section.byteCount, offset < wanted || offset == 0 && wanted == 0 && byteCount == nil else {
            let size = "the file should have \(section.byteCount) bytes"
            throw PoolmapError(.invalidOption, "the range at byte \(offset) is not within the file: \(size)")
        }
        if wanted == 0 { return 0..<0 }
        let last = (wanted - 1) / section.scheme.chunkBytes
        return offset / section.scheme.chunkBytes..<last + 1
    }
}

/// Plans a check for each file of manifests.
private struct ManifestCheckPlans: PlanSource {
    var manifests: ArraySlice<Input>
    let check: ManifestCheckSettings
    let isOver: () -> Bool
    var count = 0
    /// The manifest whose files come next.
    var current: ManifestFile?

    var hasMore: Bool {
        current.map { !$0.isAtEnd } ?? false || !manifests.isEmpty
    }

    mutating func next() -> PlanStep {
        while !isOver() {
            if let manifest = current {
                do throws(PoolmapError) {
                    switch try manifest.next() {
                    case .section(let section): return .plan(plan(section, manifest))
                    case .waitForInput(let descriptor): return .waitForInput(descriptor)
                    case .end: current = nil
                    }
                } catch {
                    current = nil
                    return .plan(plan(refusing: manifest.input, error))
                }
                continue
            }
            guard let input = manifests.popFirst() else { return .end }
            do throws(PoolmapError) {
                current = try ManifestFile(input)
            } catch {
                return .plan(plan(refusing: input, error))
            }
        }
        return .end
    }

    /// A job that fails, so that the error is reported in its turn.
    private mutating func plan(refusing input: Input, _ error: PoolmapError) -> PlannedJob {
        plan(input) { (_) throws(PoolmapError) in
            throw error
        } report: { [check] _ in
            check.report(.refused(manifest: input.name, error))
        }
    }

    private mutating func plan(_ section: ManifestSection, _ manifest: ManifestFile) -> PlannedJob {
        let input = section.name == "-" ? Input.standardInput : .file(section.name)
        let isLast = manifest.isAtEnd
        return plan(input) { [check] (hands) throws(PoolmapError) in
            try check.job(section, input, manifest, hands)
        } report: { [check] result in
            var failure: PoolmapError?
            if case .failure(let error) = result {
                failure = error
            }
            check.report(.checked(name: section.name, failure))
            if isLast {
                check.report(.ended(manifest: manifest.input.name))
            }
        }
    }

    private mutating func plan(
        _ input: Input, _ open: @escaping (PlannedJob.Hands) throws(PoolmapError) -> any Job,
        report: @escaping (Result<JobSummary, PoolmapError>) -> Void
    ) -> PlannedJob {
        defer { count += 1 }
        return PlannedJob(
            number: count, input: input, target: .nowhere, writesInTurn: true, open: open, report: report)
    }
}

/// Settings shared by all files of a check.
private struct ManifestCheckSettings {
    let range: ManifestRange?
    let mayShareFiles: Bool
    let wholeFileBytes: UInt64
    let meter: Meter
    let places: RunPlaces?
    let report: (ManifestEvent) -> Void

    func job(
        _ section: ManifestSection, _ input: Input, _ manifest: ManifestFile, _ hands: PlannedJob.Hands
    ) throws(PoolmapError) -> any Job {
        if case .file(let path) = input {
            try places?.require(input: path)
        }
        let chunks = try range.map { (range) throws(PoolmapError) in try range.chunks(of: section) }
        let comparison = ManifestComparison(manifest, section, chunks ?? 0..<section.chunkCount) { [report] finding in
            report(.found(name: section.name, finding))
        }
        if case .file(let path) = input {
            // A part of a small file is not worth a worker's time.
            if mayShareFiles, hands == .anyone, chunks == nil, section.byteCount <= wholeFileBytes,
                let status = FileStatus(ofPath: path), status.isRegular, status.byteCount == section.byteCount
            {
                return WholeChunksJob(
                    Place(path: path), byteCount: section.byteCount, mayDiffer: false, section.scheme, into: comparison,
                    meter)
            }
        } else if manifest.isStandardInput {
            throw PoolmapError(.failed, "is the manifest itself")
        }
        return try job(section, chunks, try input.open(), comparison)
    }

    private func job(
        _ section: ManifestSection, _ chunks: Range<UInt64>?, _ input: InputFile, _ comparison: ManifestComparison
    ) throws(PoolmapError) -> any Job {
        guard let chunks else {
            return ChunksJob(input, section.scheme, part: 0..<section.byteCount, into: comparison, meter)
        }
        guard input.isRegular || input.isEmptyFile else {
            throw PoolmapError(.unsupported, "a range can be checked only in a regular file or a block device")
        }
        // An empty file is read like a pipe, where no range can begin later than 0.
        let part = input.isRegular ? section.bytes(of: chunks) : 0..<0
        return ChunksJob(input, section.scheme, part: part, into: comparison, meter)
    }
}
