import Ground

/// How long to wait until the queue is asked again: the longer, the longer it has taken so far.
///
/// Short jobs end at once, and a long one costs the controller a question every five seconds.
struct Pace {
    private let start = monotonicNanoseconds()

    func next() -> Duration {
        let passed = Duration.nanoseconds(Int64(clamping: monotonicNanoseconds() - start))
        return min(max(passed / 8, .milliseconds(200)), .seconds(5))
    }
}
