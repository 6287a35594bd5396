import Files
import Ground

/// Hands a bundle of names to a worker, and reports the results in order.
///
/// Names that the worker left to the front, or returned unstarted, follow as jobs of their own in the bundle's place.
package final class BundleJob: Job {
    package let isOpen = false
    private var bundle: NameBundle
    private let plans: BundlePlans
    private var ticket: BundleTicket?
    /// The parts handed out: at first the whole bundle; after a worker died each name by itself, so that only one
    /// fails.
    private var parts: [Range<Int>]
    private var handedOut = 0
    private var results: [Result<BundleOutcome, PoolmapError>] = []
    package private(set) var followers: [PlannedJob] = []

    /// - Parameter ticket: the ticket of the bundle that these names were returned from. A killed worker may have noted
    ///   more names than the worker after it had time for.
    init(_ bundle: NameBundle, _ plans: BundlePlans, _ ticket: BundleTicket?) {
        self.bundle = bundle
        self.bundle.wantedNanoseconds = plans.size.nanoseconds
        self.plans = plans
        self.ticket = ticket
        parts = [0..<bundle.count]
    }

    package func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        guard handedOut < parts.count else { return .end }
        if ticket == nil {
            guard let ticket = try workforce.acquireBundle(writes: plans.writes) else { return .waitForTurn }
            self.ticket = ticket
            if plans.writes {
                (bundle.firstNote, bundle.generation) = (ticket.firstNote, ticket.generation)
            }
        }
        defer { handedOut += 1 }
        let part = parts.count == 1 && parts[0].count == bundle.count ? bundle : bundle.part(parts[handedOut])
        // Never the only task, which the front would do itself: the amount of work is unknown and may be large.
        return .work(NameWork.task(part, [], byteCount: 0), [.whole(0)], slot: nil, isLast: false)
    }

    package func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        let outcome = try NameWork.done(answer)
        plans.size.learn(outcome.count, outcome.nanoseconds)
        plans.meter.expect(outcome.inputBytes)
        plans.meter.add(input: outcome.inputBytes, output: outcome.outputBytes)
        results.append(.success(outcome))
    }

    package func recover(from error: PoolmapError, piece: Piece, slot: Int?, _ workforce: Workforce) {
        results.append(.failure(error))
    }

    /// One of the names kills its workers: hands out each by itself to find which.
    package func beginsAgain() -> Bool {
        guard case .failure? = results.first, parts.count == 1, bundle.count > 1 else { return false }
        parts = (0..<bundle.count).map { $0..<$0 + 1 }
        (handedOut, results) = (0, [])
        return true
    }

    package func finish() -> JobSummary {
        for (part, result) in zip(parts, results) {
            switch result {
            case .success(let outcome): add(outcome, part)
            case .failure(let error):
                ticket?.removeTemporaries(of: bundle)
                add(.telling { [plans, bundle] in plans.failure(bundle, part.lowerBound, error) })
            }
        }
        ticket = nil
        return JobSummary()
    }

    private func add(_ outcome: BundleOutcome, _ part: Range<Int>) {
        for exception in outcome.exceptions {
            add(exception.before)
            if let plan = plans.exception(bundle, part.lowerBound + exception.index, exception) {
                add(plan)
            }
        }
        add(outcome.text)
        let rest = part.lowerBound + outcome.count..<part.upperBound
        // Several parts, because other workers may be idle.
        let count = plans.size.count
        for start in stride(from: rest.lowerBound, to: rest.upperBound, by: count) {
            add(plans.plan(bundle.part(start..<min(start + count, rest.upperBound)), ticket))
        }
    }

    private func add(_ text: DoneText) {
        guard !text.isEmpty else { return }
        add(.telling { [plans] in plans.text(text) })
    }

    private func add(_ plan: PlannedJob) {
        followers.append(plan)
    }
}

/// How bundles become jobs, and what is reported of their names.
package struct BundlePlans {
    package var size = BundleSize()
    /// Whether names have targets.
    package var writes = false
    package let meter: Meter
    /// Called with text to print.
    package let text: (DoneText) -> Void
    /// Returns the job for a name with an exception; nil if there is nothing to do.
    package let exception: (NameBundle, Int, BundleOutcome.Exception) -> PlannedJob?
    /// Called for a name that no process could do.
    package let failure: (NameBundle, Int, PoolmapError) -> Void

    package init(
        size: BundleSize = BundleSize(), writes: Bool = false, meter: Meter, text: @escaping (DoneText) -> Void,
        exception: @escaping (NameBundle, Int, BundleOutcome.Exception) -> PlannedJob?,
        failure: @escaping (NameBundle, Int, PoolmapError) -> Void
    ) {
        self.size = size
        self.writes = writes
        self.meter = meter
        self.text = text
        self.exception = exception
        self.failure = failure
    }

    package func plan(_ bundle: NameBundle, _ ticket: BundleTicket? = nil) -> PlannedJob {
        // The job owns the ticket from its start, and releases it when done, however late it is reported.
        var ticket = ticket
        return PlannedJob(number: 0, input: .standardInput, target: .nowhere, isInput: false) { _ in
            BundleJob(bundle, self, ticket.take())
        } report: { result in
            guard case .failure(let error) = result else { return }
            for index in 0..<bundle.count {
                failure(bundle, index, error)
            }
        }
    }
}
