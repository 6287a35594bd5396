import Files
import Ground
import Multiprocessing
import Run
import SystemPackage

/// Outputs that a command joins to one: neighbours first, so many at a time, and what comes of them likewise.
///
/// Each is a file without a name, in TMPDIR, so that nothing is left of it whatever is killed. Which ones are joined
/// together depends on their number alone.
struct Reduction {
    /// Files that are to be joined, in their order.
    struct Group {
        let files: [SharedDescriptor]
        /// How often what is in them was joined.
        let level: Int
    }

    /// As many as `sort -m` reads at once.
    static let most = 16
    private var levels: [[SharedDescriptor]] = []

    /// Takes the next file of a level.
    mutating func add(_ file: SharedDescriptor, level: Int) {
        while levels.count <= level { levels.append([]) }
        levels[level].append(file)
    }

    /// Files that may be joined, whatever comes; nil for none.
    mutating func takeGroup() -> Group? {
        guard let level = levels.firstIndex(where: { $0.count >= Reduction.most }) else { return nil }
        defer { levels[level].removeFirst(Reduction.most) }
        return Group(files: Array(levels[level].prefix(Reduction.most)), level: level)
    }

    /// All that there is, in order, once nothing more comes.
    mutating func takeAll() -> [SharedDescriptor] {
        defer { levels = [] }
        return levels.reversed().flatMap(\.self)
    }
}

/// Joins what is left of the outputs of a map once all its inputs are done.
final class ReduceJob: Job {
    private let run: MapRun
    /// What is to be joined next, in order.
    private var files: [SharedDescriptor] = []
    private var joined: [SharedDescriptor] = []
    private var hasBegun = false
    private var isFinal = false
    private var index = 0

    init(_ run: MapRun) {
        self.run = run
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        guard run.hasAllInputs else { return .waitForTurn }
        if run.isBroken || isFinal { return .end }
        if !hasBegun {
            hasBegun = true
            files = run.takeAllOutputs()
        }
        guard !files.isEmpty else { return .end }
        guard let slot = try workforce.acquireSlot() else { return .waitForTurn }
        isFinal = joined.isEmpty && index == 0 && files.count <= Reduction.most
        let group = Array(files.prefix(Reduction.most))
        files.removeFirst(group.count)
        index += 1
        return try run.reduce(group, slot, isFinal: isFinal)
    }

    var looksAhead: Bool { true }

    func look(at result: Result<TaskAnswer, PoolmapError>, slot: Int?, _ workforce: Workforce) {
        if let slot { run.end(slot) }
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard let slot else { return }
        let done = try ChunkCommand.done(answer)
        for outcome in done.all {
            if let file = try run.acceptReduced(outcome, slot, workforce) { joined.append(file) }
        }
        workforce.own(ChunkCommand.self).clearSpills(of: done, slot)
    }

    func beginsAgain() -> Bool {
        guard !joined.isEmpty else { return false }
        (files, joined, index) = (joined, [], 0)
        return true
    }

    func cancel() {
        run.cancelAll()
    }

    func finish() -> JobSummary { JobSummary() }
}
