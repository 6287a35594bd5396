import Run

/// How long commands run over a chunk, and how much they write, which says how many may share a task.
///
/// A task costs the front and the pool manager as much as some hundred microseconds of a worker, whatever is in it. So
/// chunks whose command is done soon share one, as far as that keeps nobody waiting.
struct ChunkPace {
    /// What a byte takes, in 1/1024 of a nanosecond; nil before the first chunks are done, each of which goes alone.
    private var costOfByte: UInt64?
    /// What comes of a byte, likewise, in 1/1024.
    private var outputOfByte: UInt64 = 1024
    private static let mostChunks = 64

    /// What chunks may have together that share a task.
    ///
    /// - Parameter roomBytes: what they write should have its place in half of this.
    func mostBytes(roomBytes: Int) -> Int {
        guard let costOfByte else { return 0 }
        return Int(
            clamping: min(
                (Workforce.taskNanoseconds << 10) / costOfByte, (UInt64(roomBytes / 2) << 10) / outputOfByte))
    }

    /// Whether so many chunks may have one more, all of them having so many bytes.
    func takes(_ count: Int, _ byteCount: UInt64, _ mostBytes: Int) -> Bool {
        count < ChunkPace.mostChunks && byteCount <= UInt64(mostBytes)
    }

    mutating func learn(_ outcome: CommandOutcome) {
        let chunkBytes = max(outcome.chunkBytes, 1)
        let latest = max(1, min((outcome.time.durationNanoseconds << 10) / chunkBytes, 1 << 40))
        // More at once, less by and by.
        costOfByte = costOfByte.map { max((7 * $0 + latest) / 8, latest) } ?? latest
        let share = min((min(outcome.output.byteCount, 1 << 50) << 10) / chunkBytes, 1 << 40)
        outputOfByte = max((7 * outputOfByte + share) / 8, share, 1)
    }
}
