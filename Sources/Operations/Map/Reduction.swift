import Multiprocessing

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

    var hasGroup: Bool { levels.contains { $0.count >= Reduction.most } }

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
