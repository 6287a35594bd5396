import Digests
import Files
import Ground
import Run

extension Batch {
    /// What the names of the files end with that are kept beside an unfinished target.
    package static let resumeSuffixes = [".partial", ".resume"]

    /// Compresses a regular file to a target, from where an earlier run with the same input and options stood.
    ///
    /// - Parameter notice: called when less is kept than there was, and to tell how much is.
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
            // Without a file the input's ends would be read for nothing.
            if !policy.replaces, FileStatus(ofPath: target) != nil,
                try PartTable(input, options)?.isThere(target) == true
            {
                return NothingToDo(JobSummary(inputBytes: input.byteCount, isUnchanged: true))
            }
            switch try PartialOutput.open(path: target, policy, for: input, options) {
            case .finished(let journal, let byteCount):
                notice(.file(path), .kept("\(target) was whole already"))
                return try FinishedJob(input, target, journal, outputBytes: byteCount, policy, meter)
            case .unfinished(let output):
                return try ResumeJob(input, to: output, options, meter) { notice(.file(path), $0) }
            }
        } report: { result in
            report(.file(path), result)
        }
        run(PlanList([plan]), settings)
    }

    /// Hashes a regular file, from where an earlier run with the same state stood.
    ///
    /// The state stays; `HashState.remove` is for whoever has the digests.
    ///
    /// - Parameters:
    ///   - algorithms: all of them divisible.
    ///   - notice: called when less is kept than there was, and to tell how much is.
    package func resumeHash(
        of path: String, _ algorithms: [HashAlgorithm], _ state: HashState,
        notice: @escaping (Input, ResumeNotice) -> Void, report: @escaping Report
    ) {
        hash(path, algorithms, state, notice, report) { (_) throws(PoolmapError) in nil }
    }

    /// - Parameter part: makes the file of the part that is hashed; nil for all.
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
