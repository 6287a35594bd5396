import Multiprocessing

/// Outputs that a command reduces to one: adjacent ones first, a fixed number at a time, then the results likewise.
///
/// Each is a nameless file in TMPDIR, so nothing is left of it whatever is killed. Which ones are grouped depends only
/// on their number.
struct Reduction {
    /// Files to be reduced, in order.
    struct Group {
        let files: [SharedDescriptor]
        /// How often their contents have been reduced.
        let level: Int
    }

    /// As many as `sort -m` reads at once.
    static let most = 16
    private var levels: [[SharedDescriptor]] = []

    /// Adds the next file of a level.
    mutating func add(_ file: SharedDescriptor, level: Int) {
        while levels.count <= level { levels.append([]) }
        levels[level].append(file)
    }

    var hasGroup: Bool { levels.contains { $0.count >= Reduction.most } }

    /// Files that form a group whatever follows; nil if there are none.
    mutating func takeGroup() -> Group? {
        guard let level = levels.firstIndex(where: { $0.count >= Reduction.most }) else { return nil }
        defer { levels[level].removeFirst(Reduction.most) }
        return Group(files: Array(levels[level].prefix(Reduction.most)), level: level)
    }

    /// All remaining files in order, once no more follow.
    mutating func takeAll() -> [SharedDescriptor] {
        defer { levels = [] }
        return levels.reversed().flatMap(\.self)
    }
}
