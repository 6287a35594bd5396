import Ground

/// How long to wait before asking the queue again: longer, the longer the job has taken so far.
///
/// The end of a short job is noticed at once, and a long one costs the controller one query every five seconds.
struct Pace {
    private let start = monotonicNanoseconds()

    func next() -> Duration {
        let passed = Duration.nanoseconds(Int64(clamping: monotonicNanoseconds() - start))
        return min(max(passed / 8, .milliseconds(200)), .seconds(5))
    }
}
