/// Which shared descriptors a pool's manager process has, and which of its tasks use them, as the front knows it.
struct DescriptorLedger {
    /// The keys of those that were sent.
    private var sent: Set<UInt64> = []
    /// By the tasks that are under way and use them.
    private var inUse: [UInt64: [SharedDescriptor]] = [:]
    /// The keys of those that are gone here, which the manager has not been told.
    private var released: [UInt64] = []

    /// Keeps what a task uses until it has ended; returns those that are yet to be sent.
    mutating func keep(_ descriptors: [SharedDescriptor], for task: UInt64) -> [SharedDescriptor] {
        inUse[task] = descriptors
        return descriptors.filter { sent.insert($0.key).inserted }
    }

    mutating func taskHasEnded(_ task: UInt64) {
        if !inUse.isEmpty {
            inUse.removeValue(forKey: task)
        }
    }

    /// No task will ever end any more.
    mutating func allTasksHaveEnded() {
        inUse = [:]
    }

    mutating func release(_ key: UInt64) {
        sent.remove(key)
        released.append(key)
    }

    var hasReleased: Bool {
        !released.isEmpty
    }

    /// What the manager is to be told that it was not told.
    mutating func takeReleased() -> [UInt64] {
        defer { released = [] }
        return released
    }
}
