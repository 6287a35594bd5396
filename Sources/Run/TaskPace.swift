import Ground

/// Measures the time and output of a job's pieces, to decide how many of them may share a task.
///
/// The front and the pool manager have the same cost for every task, whatever is in it. So short pieces go together, as
/// long as no worker is left waiting for work.
package struct TaskPace {
    /// The time for a byte, in 1/1024 of a nanosecond; nil until the first pieces, each of which goes alone, are done.
    private var costOfByte: UInt64?
    /// Output bytes for each input byte, in 1/1024.
    private var outputOfByte: UInt64 = 1024

    package init() {}

    /// How many bytes take at most this time and produce at most `outputBytes`; 0 while unknown.
    package func mostBytes(nanoseconds: UInt64, outputBytes: UInt64) -> Int {
        guard let costOfByte else { return 0 }
        return Int(clamping: min((nanoseconds << 10) / costOfByte, (outputBytes << 10) / outputOfByte))
    }

    /// Learns from a finished piece.
    package mutating func learn(_ time: WorkTime, contentBytes: UInt64, outputBytes: UInt64) {
        let contentBytes = max(contentBytes, 1)
        let latest = max(1, min((time.durationNanoseconds << 10) / contentBytes, 1 << 40))
        costOfByte = costOfByte.map { (7 * $0 + latest) / 8 } ?? latest
        let share = min((min(outputBytes, 1 << 50) << 10) / contentBytes, 1 << 40)
        // Rises at once and falls slowly.
        outputOfByte = max((7 * outputOfByte + share) / 8, share, 1)
    }
}
