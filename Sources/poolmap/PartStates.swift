import Slurm

/// The states of a job's parts, as far as the front knows them.
struct PartStates {
    /// An element of a job array, or a job that is not an array.
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
    /// The submission of each part in progress, by its place in the record.
    private var submissions: [Int: Int] = [:]
    /// How many times this process has seen a part fail.
    private var failureCounts: [Int: Int] = [:]
    var runningCount = 0
    /// Why a part is waiting, in Slurm's words.
    var reason: String?

    init(count: Int) {
        self.count = count
    }

    var doneCount: Int { done.count }
    var areOver: Bool { done.count + failures.count == count }
    /// The parts that are neither done nor submitted.
    var missing: [Int] { (1...count).filter { !done.contains($0) && submissions[$0] == nil } }
    /// The parts in progress.
    var open: [Int] { submissions.keys.sorted() }
    /// The submissions of the parts in progress.
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

    /// Counts a failure of the part.
    ///
    /// It is final once the retries are used up, or if the part was cancelled.
    mutating func fail(_ number: Int, _ failure: PartFailure, retries: Int) {
        failureCounts[number, default: 0] += 1
        if failure.isCancelled || failureCounts[number, default: 0] > retries {
            failures[number] = failure
            submissions[number] = nil
        }
    }

    /// The text of the progress line.
    var text: String {
        let waiting = submissions.count - runningCount
        let failed = failures.isEmpty ? "" : ", \(failures.count) failed"
        // Some reasons mean that it will wait forever, for example if no node has the requested resources.
        let reason = runningCount == 0 ? self.reason.map { ": \($0)" } ?? "" : ""
        return
            "parts: \(done.count) of \(count) done, \(runningCount) running, \(max(0, waiting)) waiting\(failed)\(reason)"
    }
}
