import Glibc
import PoolmapCore

/// One line on standard error that is written over itself: bytes, rate, time left, ratio.
final class ProgressLine {
    private let start = now()
    private let delay: UInt64
    private var lastShown: UInt64 = 0
    private var isVisible = false
    private static let interval: UInt64 = 100_000_000

    /// - Parameter delay: nanoseconds before the line appears, so that short work is silent.
    init(delay: UInt64) {
        self.delay = delay
    }

    func show(_ meter: Meter) {
        let time = now()
        guard time - start >= delay, time - lastShown >= ProgressLine.interval else { return }
        lastShown = time
        isVisible = true
        // Written whole, then what an older, longer line left is taken away.
        writeError("\r\(text(meter, seconds: Double(time - start) / 1e9))\u{1B}[K")
    }

    func clear() {
        guard isVisible else { return }
        isVisible = false
        writeError("\r\u{1B}[K")
    }

    private func text(_ meter: Meter, seconds: Double) -> String {
        let done = meter.inputBytes
        let rate = seconds > 0 ? Double(done) / seconds : 0
        var parts = [readable(done)]
        if let expected = meter.expectedBytes, expected > 0 {
            parts[0] += " of \(readable(expected)) (\(done * 100 / expected) %)"
        }
        parts.append("\(readable(UInt64(rate)))/s")
        if let expected = meter.expectedBytes, rate > 0, expected >= done {
            parts.append("\(clock(Double(expected - done) / rate)) left")
        }
        if meter.outputBytes > 0, done > 0 {
            parts.append("ratio \(ratio(max(done, meter.outputBytes), min(done, meter.outputBytes)))")
        }
        return parts.joined(separator: ", ")
    }

    private func clock(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 359_999))
        let parts = whole < 3600 ? [whole / 60, whole % 60] : [whole / 3600, whole / 60 % 60, whole % 60]
        return parts.enumerated().map { $0 > 0 && $1 < 10 ? "0\($1)" : "\($1)" }.joined(separator: ":")
    }
}

private func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
