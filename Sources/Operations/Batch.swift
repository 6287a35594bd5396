import Digests
import Files
import Glibc
import Ground
import JobServer
import Multiprocessing
import Run
import SystemPackage

/// A run of a command over its inputs, in one workforce, with each input reported in its turn.
///
/// This is the path of a chunk: `Batch` plans a job for each input → `Pipeline` asks the job for pieces and hands them
/// to the `Workforce` → an `Operation` processes them in a worker → `Pipeline` returns the results to the job, in order
/// → the job writes its `Output`. A small file goes to a worker as one piece (`WholeFileJob`), and the worker does all
/// of this itself.
package struct Batch {
    /// The number of worker processes; 1 does everything in this process.
    package var jobs: Int
    /// How targets are written and inputs removed.
    package var policy = OutputPolicy()
    /// The run's progress.
    package let meter = Meter()
    /// How often `onTick` is called while the run waits, in addition to each time something is done; nil for never.
    package var tick: Duration?
    /// Called while the run goes on.
    package var onTick: () -> Void = {}
    /// Called once with the sandbox of the workers, if there are any.
    package var onConfinement: (Confinement) -> Void = { _ in }
    /// Records the run.
    package var recorder: RunRecorder?
    /// The files that options read and write; names in digest lists must not refer to them.
    package var places: RunPlaces?
    /// make's job server, which limits how many workers are busy; nil for none.
    package var jobServer: JobServer?
    /// Limits the output of each input that is decompressed.
    package var limit = OutputLimit()
    /// The dictionary for decompression; nil for none.
    package var dictionary: ZstdDictionary?
    /// The part of each input to decompress; nil for all of it.
    package var part: Part?
    /// The part to process of inputs that are in every share; nil if there are none.
    package var splitPart: Part?
    /// The text for inputs that need no more than the usual line.
    package var format = DoneFormat()
    /// Takes that text for many inputs at once; nil if each input is to be reported by itself.
    package var onText: ((DoneText) -> Void)?

    /// How much memory a decompressed frame's window may take, with half as much for everything else; nil for any
    /// amount.
    ///
    /// If set, it replaces `maximumWindowLog`.
    package var memoryBytes: UInt64?

    /// Creates a run with this many jobs.
    package init(jobs: Int) {
        self.jobs = jobs
    }

    /// Called with an input and its result.
    package typealias Report = (Input, Result<JobSummary, PoolmapError>) -> Void

    /// Compresses each input to its target.
    package func compress(_ items: some ItemSource, _ options: CompressionOptions, report: @escaping Report) {
        run(
            items,
            RunSettings(operation: .compress(options), policy: policy, part: options.part, splitPart: splitPart), report
        )
    }

    /// Decompresses each input to its target, or only checks it if the target is `nowhere`.
    ///
    /// - Parameters:
    ///   - maximumWindowLog: the largest window that a streamed frame may need, as a power of two; nil for libzstd's
    ///     27.
    ///   - passesThrough: whether an input that is not a Zstandard file is copied to its target.
    package func decompress(
        _ items: some ItemSource, maximumWindowLog: Int? = nil, passesThrough: Bool = false, report: @escaping Report
    ) {
        var settings = decompression(.decompress, maximumWindowLog)
        settings.passesThrough = passesThrough
        run(items, settings, report)
    }

    /// Recovers the undamaged content of each input to its target.
    ///
    /// The summary's `salvage` says what was lost.
    ///
    /// - Parameters:
    ///   - omitsLost: whether the content after a loss moves up, instead of zeros taking the place of the loss.
    ///   - maximumWindowLog: as for `decompress`.
    package func salvage(
        _ items: some ItemSource, omitsLost: Bool, maximumWindowLog: Int? = nil, report: @escaping Report
    ) {
        run(items, decompression(.salvage(omitsLost: omitsLost), maximumWindowLog), report)
    }

    private func decompression(_ operation: RunSettings.Command, _ maximumWindowLog: Int?) -> RunSettings {
        RunSettings(
            operation: operation, policy: policy, maximumWindowLog: maximumWindowLog,
            memory: memoryBytes.map { MemoryLimit(bytes: $0, jobs: jobs) }, limit: limit, dictionary: dictionary,
            part: part, splitPart: splitPart)
    }

    /// Writes a range of the content of a compressed file to standard output.
    package func cat(
        _ path: String, _ range: Range<UInt64>, maximumWindowLog: Int? = nil, report: @escaping Report
    ) {
        let settings = decompression(.cat, maximumWindowLog)
        let plan = PlannedJob(number: 0, input: .file(path), target: .standardOutput) { (_) throws(PoolmapError) in
            try CatJob.open(path, range, policy, limit, meter)
        } report: { result in
            report(.file(path), result)
        }
        run(PlanList([plan]), settings)
    }

    /// Computes all digests of each input in one read; the summaries hold them.
    package func hash(_ items: some ItemSource, _ algorithms: [HashAlgorithm], report: @escaping Report) {
        run(items, RunSettings(operation: .hash(algorithms)), report)
    }

    /// Runs a command over the chunks of each input; the results go to `map`'s output.
    package func map(
        _ items: some ItemSource, _ map: MapRun, maximumWindowLog: Int? = nil, report: @escaping Report
    ) {
        var settings = RunSettings(
            operation: .map(map), maximumWindowLog: maximumWindowLog, limit: limit, dictionary: dictionary)
        settings.reach = nil
        let plans = BatchPlans(
            items: items, settings: settings, jobs: jobs, meter: meter,
            report: { input, result in
                map.reportInput()
                if case .failure = result { map.leaveOut() }
                report(input, result.mapError { map.isUnread ? .outputClosed : $0 })
            }, onText: nil)
        run(MapPlans(plans, map), settings)
    }

    private func run(_ items: some ItemSource, _ settings: RunSettings, _ report: @escaping Report) {
        var settings = settings
        settings.reach = items.reach
        var onText: ((DoneText) -> Void)?
        // With a recorder, each input is recorded by itself.
        if jobs > 1, recorder == nil, settings.wholeFileBytes > 0, let text = self.onText {
            settings.bundles = FileOperation(items, settings, format)
            onText = text
        }
        run(
            BatchPlans(items: items, settings: settings, jobs: jobs, meter: meter, report: report, onText: onText),
            settings)
    }

    func run(_ plans: some PlanSource, _ settings: RunSettings) {
        let observer = RunObserver(tick: tick, onTick: onTick, recorder: recorder)
        let workforce = Workforce(jobs: jobs, settings, jobServer, onConfinement: onConfinement)
        Pipeline(workforce, plans, observer: observer).run()
    }
}

/// Plans a job for each item of a batch, or one for many names about which nothing else is known.
private final class BatchPlans<Items: ItemSource>: PlanSource {
    private let items: Items
    private let settings: RunSettings
    private let jobs: Int
    private let report: Batch.Report
    private let meter: Meter
    private var count = 0
    private let folders = FolderCache()
    private var bundles: BundlePlans?

    /// - Parameter onText: takes what is printed about bundles; nil if there are to be no bundles.
    init(
        items: Items, settings: RunSettings, jobs: Int, meter: Meter, report: @escaping Batch.Report,
        onText: ((DoneText) -> Void)?
    ) {
        self.items = items
        self.settings = settings
        self.jobs = jobs
        self.meter = meter
        self.report = report
        guard let onText else { return }
        let writes = settings.reach?.targets?.isEmpty != true
        bundles = BundlePlans(writes: writes, meter: meter, text: onText) { [unowned self] bundle, index, exception in
            plan(exception, bundle, index)
        } failure: { bundle, index, error in
            report(.file(FileName.text(of: bundle.name(at: index))), .failure(error))
        }
    }

    var hasMore: Bool { items.hasMore }

    func next() -> PlanStep {
        if let bundles, let names = items.nextNames(atMost: bundles.size.count) { return .plan(bundles.plan(names)) }
        let isOnlyInput = count == 0
        let step = items.next()
        switch step {
        case .waitForInput(let descriptor): return .waitForInput(descriptor)
        case .waitForReport: return .waitForReport
        default: return plan(step, isOnlyInput: isOnlyInput && !items.hasMore).map { .plan($0) } ?? .end
        }
    }

    /// nil if the step is not an input.
    ///
    /// - Parameter ordinal: the ordinal of a name of a bundle.
    private func plan(_ step: ItemStep, isOnlyInput: Bool, ordinal: UInt64? = nil) -> PlannedJob? {
        switch step {
        case .item(let input, let target, let file):
            plan(input, target, ordinal ?? file?.ordinal) {
                [settings, jobs, meter, folders] (hands) throws(PoolmapError) in
                try settings.job(input, target, file, by: hands, jobs: jobs, meter, isOnlyInput: isOnlyInput, folders)
            }
        case .refused(let input, let error):
            plan(input, .nowhere) { (_) throws(PoolmapError) in throw error }
        case .waitForInput, .waitForReport, .end: nil
        }
    }

    private func plan(
        _ exception: BundleOutcome.Exception, _ bundle: NameBundle, _ index: Int
    ) -> PlannedJob? {
        let name = bundle.name(at: index)
        if let result = exception.result {
            return .telling { [report] in report(.file(FileName.text(of: name)), result) }
        }
        return name.withUnsafeBytes { items.item($0, of: bundle) }.flatMap {
            plan($0, isOnlyInput: false, ordinal: bundle.ordinal(at: index))
        }
    }

    private func plan(
        _ input: Input, _ target: Target, _ ordinal: UInt64? = nil,
        _ open: @escaping (PlannedJob.Hands) throws(PoolmapError) -> any Job
    ) -> PlannedJob {
        defer { count += 1 }
        return PlannedJob(number: count, input: input, target: target, open: open) { [report] result in
            report(
                input,
                result.map { summary in
                    var summary = summary
                    summary.ordinal = ordinal
                    return summary
                })
        }
    }
}
