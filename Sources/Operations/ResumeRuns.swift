import Digests
import Files
import Ground
import Run

extension Batch {
    /// The suffixes of the files kept beside an unfinished target.
    package static let resumeSuffixes = [".partial", ".resume"]

    /// Compresses a regular file to a target, continuing an earlier run with the same input and options.
    ///
    /// - Parameter notice: called to say how much is kept, and why less than there was.
    package func resumeCompression(
        of path: String, to target: String, _ options: CompressionOptions,
        notice: @escaping (Input, ResumeNotice) -> Void, report: @escaping Report
    ) {
        var options = options
        options.isJournaled = true
        let settings = RunSettings(operation: .compress(options), policy: policy)
        let (meter, policy) = (meter, policy)
        let plan = PlannedJob(number: 0, input: .file(path), target: .file(target)) {
            [options] (_) throws(PoolmapError) in
            let input = try openResumable(path)
            // Check that the target exists first: `PartTable` reads both ends of the input.
            if !policy.replaces, FileStatus(ofPath: target) != nil,
                try PartTable(input, options)?.isThere(target) == true
            {
                return NothingToDo(JobSummary(inputBytes: input.byteCount, isUnchanged: true))
            }
            switch try PartialOutput.open(path: target, policy, for: input, options) {
            case .finished(let journal, let byteCount):
                notice(.file(path), .kept("\(target) was already complete"))
                return try FinishedJob(input, target, journal, outputBytes: byteCount, policy, meter)
            case .unfinished(let output):
                return try ResumeJob(input, to: output, options, meter) { notice(.file(path), $0) }
            }
        } report: { result in
            report(.file(path), result)
        }
        run(PlanList([plan]), settings)
    }

    /// Hashes a regular file, continuing an earlier run with the same state.
    ///
    /// The state file remains; call `HashState.remove` once the digests are printed.
    ///
    /// - Parameters:
    ///   - algorithms: must all be divisible.
    ///   - notice: called to say how much is kept, and why less than there was.
    package func resumeHash(
        of path: String, _ algorithms: [HashAlgorithm], _ state: HashState,
        notice: @escaping (Input, ResumeNotice) -> Void, report: @escaping Report
    ) {
        hash(path, algorithms, state, notice, report) { (_) throws(PoolmapError) in nil }
    }

    /// - Parameter part: creates the file of the part to hash; nil for all of the input.
    func hash(
        _ path: String, _ algorithms: [HashAlgorithm], _ state: HashState?,
        _ notice: @escaping (Input, ResumeNotice) -> Void, _ report: @escaping Report,
        part: @escaping (InputFile) throws(PoolmapError) -> PartWriter?
    ) {
        let meter = meter
        let plan = PlannedJob(number: 0, input: .file(path), target: .nowhere) { (_) throws(PoolmapError) in
            let input = state == nil ? try InputFile.open(path: path) : try openResumable(path)
            let part = try part(input)
            if part?.isThere == true { return NothingToDo(JobSummary(inputBytes: input.byteCount, isUnchanged: true)) }
            return try HashJob(input, algorithms, meter, isOnlyInput: true, state, part: part) {
                notice(.file(path), $0)
            }
        } report: { result in
            report(.file(path), result)
        }
        run(PlanList([plan]), RunSettings(operation: .hash(algorithms)))
    }
}
