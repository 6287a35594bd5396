import Slurm

/// What has become of the parts of a job, as far as the front knows.
struct PartStates {
    /// An element of an array, or a job that is none.
    struct Element: Hashable {
        let job: String
        let number: Int?

        init(_ job: String, _ number: Int?) {
            (self.job, self.number) = (job, number)
        }
    }

    let count: Int
    private(set) var failures: [Int: PartFailure] = [:]
    private var done: Set<Int> = []
    /// Which submission, by its place in the record, has each part that is under way.
    private var submissions: [Int: Int] = [:]
    /// How many times a part has failed, as this process has seen.
    private var failureCounts: [Int: Int] = [:]
    var runningCount = 0
    /// Why one of them waits, in Slurm's words.
    var reason: String?

    init(count: Int) {
        self.count = count
    }

    var doneCount: Int { done.count }
    var areOver: Bool { done.count + failures.count == count }
    /// Those that nobody does.
    var missing: [Int] { (1...count).filter { !done.contains($0) && submissions[$0] == nil } }
    /// Those that are under way.
    var open: [Int] { submissions.keys.sorted() }
    /// The submissions that those have.
    var places: Set<Int> { Set(submissions.values) }

    func isDone(_ number: Int) -> Bool { done.contains(number) }
    func place(of number: Int) -> Int? { submissions[number] }

    mutating func give(_ number: Int, to place: Int) {
        submissions[number] = place
    }

    mutating func finish(_ number: Int) {
        done.insert(number)
        submissions[number] = nil
    }

    mutating func finishAll() {
        (1...count).forEach { finish($0) }
    }

    /// The part has failed; for good if it has so for the last time that it may, or was cancelled.
    mutating func fail(_ number: Int, _ failure: PartFailure, retries: Int) {
        failureCounts[number, default: 0] += 1
        if failure.isCancelled || failureCounts[number, default: 0] > retries {
            failures[number] = failure
            submissions[number] = nil
        }
    }

    /// For the progress line.
    var text: String {
        let waiting = submissions.count - runningCount
        let failed = failures.isEmpty ? "" : ", \(failures.count) failed"
        // Some reasons mean that it waits for ever, as where no node has what was asked for.
        let reason = runningCount == 0 ? self.reason.map { ": \($0)" } ?? "" : ""
        return
            "parts: \(done.count) of \(count) done, \(runningCount) running, \(max(0, waiting)) waiting\(failed)\(reason)"
    }
}
