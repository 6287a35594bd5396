import Ground

/// What pieces of a job cost and become, which says how many of them may share a task.
///
/// A task costs the front and the pool manager the same, whatever is in it. So pieces that are done soon go together, as
/// far as that keeps nobody waiting.
package struct TaskPace {
    /// What a byte takes, in 1/1024 of a nanosecond; nil before the first pieces are done, each of which goes alone.
    private var costOfByte: UInt64?
    /// What comes of a byte, likewise, in 1/1024.
    private var outputOfByte: UInt64 = 1024

    package init() {}

    /// How many bytes are done in a time, and make no more than so much output; 0 before it is known.
    package func mostBytes(nanoseconds: UInt64, outputBytes: UInt64) -> Int {
        guard let costOfByte else { return 0 }
        return Int(clamping: min((nanoseconds << 10) / costOfByte, (outputBytes << 10) / outputOfByte))
    }

    /// Learns of a piece that is done.
    package mutating func learn(_ time: WorkTime, contentBytes: UInt64, outputBytes: UInt64) {
        let contentBytes = max(contentBytes, 1)
        let latest = max(1, min((time.durationNanoseconds << 10) / contentBytes, 1 << 40))
        costOfByte = costOfByte.map { (7 * $0 + latest) / 8 } ?? latest
        let share = min((min(outputBytes, 1 << 50) << 10) / contentBytes, 1 << 40)
        // More at once, less by and by.
        outputOfByte = max((7 * outputOfByte + share) / 8, share, 1)
    }
}
