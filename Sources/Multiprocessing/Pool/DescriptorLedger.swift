/// Which shared descriptors a pool's manager process has, and which of its tasks use them, as the front knows it.
///
/// Descriptors that are kept no more are handed to the caller, who lets go of them: the last one who does so comes back
/// here with `release`.
struct DescriptorLedger {
    /// The keys of those that were sent.
    private var sent: Set<UInt64> = []
    /// By the tasks that are under way and use them.
    private var inUse: [UInt64: [SharedDescriptor]] = [:]
    /// The keys of those that are gone here, which the pool manager has not been told.
    private var released: [UInt64] = []

    /// Keeps what a task uses until it has ended; returns those that are yet to be sent.
    mutating func keep(_ descriptors: [SharedDescriptor], for task: UInt64) -> [SharedDescriptor] {
        inUse[task] = descriptors
        return descriptors.filter { sent.insert($0.key).inserted }
    }

    /// What was kept for a task that has ended.
    mutating func takeOut(_ task: UInt64) -> [SharedDescriptor]? {
        inUse.isEmpty ? nil : inUse.removeValue(forKey: task)
    }

    /// All that was kept.
    mutating func takeAll() -> [UInt64: [SharedDescriptor]] {
        defer { inUse = [:] }
        return inUse
    }

    mutating func release(_ key: UInt64) {
        sent.remove(key)
        released.append(key)
    }

    var hasReleased: Bool {
        !released.isEmpty
    }

    /// What the pool manager is to be told that it was not told.
    mutating func takeReleased() -> [UInt64] {
        defer { released = [] }
        return released
    }
}
