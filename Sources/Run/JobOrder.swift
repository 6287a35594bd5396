import Ground
import SystemPackage

/// The jobs of a run in input order: which begins next, and which is reported next.
///
///     plans ──> begun, or waiting behind a bundle of names ──> … ──> reported
///
/// A bundle of names says only when it is done which of its names must be opened by the front, as jobs of their own in
/// the bundle's place. So inputs planned after it wait until it has.
struct JobOrder {
    private var plans: any PlanSource
    private(set) var isAtEnd = false
    /// Bundles of names left over by other bundles, not begun yet.
    private var bundles = Line<RunningJob>()
    /// Bundles that have not yet said which names must be opened here.
    private var undecided: [RunningJob] = []
    /// Inputs behind one of these bundles, in reverse input order.
    private var waiting: [RunningJob] = []
    /// Jobs that were planned and are not reported yet, in input order.
    private var unreported = Line<RunningJob>()
    /// Whether every input planned so far goes to standard output.
    private(set) var hasOnlyStreams = true
    private var planCount = 0
    private var lastLane = 0

    /// No job is planned while this many wait behind a bundle.
    private static let mostWaiting = 8
    /// No job is planned while this many reports wait behind a slow job's.
    private static let mostUnreported = 1 << 16

    init(_ plans: some PlanSource) {
        self.plans = plans
    }

    /// Whether there are, or may be, jobs that have not begun.
    var hasUnbegun: Bool { !bundles.isEmpty || !waiting.isEmpty || plans.hasMore }

    /// The job that is reported next; nil if all that were planned are reported.
    var first: RunningJob? { unreported.first }

    // MARK: Beginning

    /// What `next` found.
    enum Next {
        /// A job that begins now.
        case job(RunningJob)
        /// A job was planned that has to wait.
        case postponed
        /// Nothing until there is input.
        case waitForInput(FileDescriptor)
        /// Nothing for now.
        case nothing
    }

    /// The next bundle of names left over by another one; it begins however many jobs are open.
    mutating func nextBundle() -> RunningJob? {
        guard let running = bundles.first else { return nil }
        bundles.removeFirst()
        return running
    }

    /// The next input; does not block.
    mutating func next() -> Next {
        if let running = waiting.last, !isBehindUndecided(running) {
            waiting.removeLast()
            return .job(running)
        }
        guard !isAtEnd, unreported.count < JobOrder.mostUnreported, waiting.count < JobOrder.mostWaiting else {
            return .nothing
        }
        switch plans.next() {
        case .plan(let plan):
            planCount += 1
            let running = planned(plan, at: [planCount])
            hasOnlyStreams = hasOnlyStreams && plan.isStream
            unreported.append(running)
            guard plan.isInput && isBehindUndecided(running) else { return .job(running) }
            waiting.putInLine([running])
            return .postponed
        case .waitForInput(let descriptor): return .waitForInput(descriptor)
        case .waitForReport: return .nothing
        case .end:
            isAtEnd = true
            return .nothing
        }
    }

    /// A job that will never begin, because the run is abandoned; nil if there are no more.
    mutating func nextUnplanned() -> PlannedJob? {
        if case .plan(let plan) = plans.next() { return plan }
        return nil
    }

    private mutating func planned(_ plan: PlannedJob, at place: [Int]) -> RunningJob {
        lastLane += 1
        let running = RunningJob(plan, at: place, lane: lastLane)
        if !plan.isInput {
            undecided.append(running)
        }
        return running
    }

    private func isBehindUndecided(_ running: RunningJob) -> Bool {
        undecided.contains { $0.precedes(running) }
    }

    // MARK: Ending

    /// Records that a job is finished, and queues what a bundle left over, in the bundle's place.
    mutating func finished(_ running: RunningJob) {
        guard !running.plan.isInput else { return }
        undecided.removeAll { $0 === running }
        let followers = running.job?.followers ?? []
        running.followers = followers.enumerated().map { planned($1, at: running.place + [$0]) }
        waiting.putInLine(running.followers.filter { $0.plan.isInput })
        for follower in running.followers where !follower.plan.isInput {
            bundles.append(follower)
        }
    }

    /// Removes the job that is reported; those that take its place come next.
    mutating func removeFirst() {
        guard let running = unreported.first else { return }
        unreported.removeFirst()
        unreported.prepend(running.followers)
    }
}
