/// Which shared descriptors a pool's manager process has, and which of its tasks use them, as the front knows it.
///
/// Descriptors that are no longer kept are returned to the caller, which releases them: when the last reference is
/// released, `release` is called here.
struct DescriptorLedger {
    /// The keys of the descriptors that were sent.
    private var sent: Set<UInt64> = []
    /// By unfinished tasks that use them.
    private var inUse: [UInt64: [SharedDescriptor]] = [:]
    /// The keys of descriptors that are gone here; the pool manager has not been told yet.
    private var released: [UInt64] = []

    /// Keeps a task's descriptors until it has ended; returns those that must still be sent.
    mutating func keep(_ descriptors: [SharedDescriptor], for task: UInt64) -> [SharedDescriptor] {
        inUse[task] = descriptors
        return descriptors.filter { sent.insert($0.key).inserted }
    }

    /// Removes what was kept for a task that has ended.
    mutating func takeOut(_ task: UInt64) -> [SharedDescriptor]? {
        inUse.isEmpty ? nil : inUse.removeValue(forKey: task)
    }

    /// Removes everything that was kept.
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

    /// The keys that the pool manager must still be told.
    mutating func takeReleased() -> [UInt64] {
        defer { released = [] }
        return released
    }
}
