import Glibc
import Ground
import Run

/// One line on standard error that overwrites itself: bytes, rate, time left, ratio.
final class ProgressLine {
    private let start = monotonicNanoseconds()
    private let delay: UInt64
    private var lastShown: UInt64 = 0
    private var isVisible = false
    private static let interval: UInt64 = 100_000_000

    /// - Parameter delay: nanoseconds before the line first appears, so that short runs stay silent.
    init(delay: UInt64) {
        self.delay = delay
    }

    func show(_ meter: Meter) {
        show { text(meter, seconds: $0) }
    }

    /// Shows a given text, cut to the width of the terminal.
    func show(_ text: String) {
        show { _ in terminalColumns().map { String(text.prefix(max(0, $0 - 1))) } ?? text }
    }

    private func show(_ text: (_ seconds: Double) -> String) {
        let time = monotonicNanoseconds()
        guard time - start >= delay, time - lastShown >= ProgressLine.interval else { return }
        lastShown = time
        isVisible = true
        // Clearing after the text, not before, avoids flicker; it removes the rest of a longer, older line.
        writeError("\r\(text(Double(time - start) / 1e9))\u{1B}[K")
    }

    func clear() {
        guard isVisible else { return }
        isVisible = false
        writeError("\r\u{1B}[K")
    }

    /// As much as fits on the terminal; the least important items are dropped first.
    private func text(_ meter: Meter, seconds: Double) -> String {
        let done = meter.inputBytes
        let rate = seconds > 0 ? Double(done) / seconds : 0
        let speed = "\(readable(UInt64(rate)))/s"
        var (bytes, percent, left, gain): (String, String?, String?, String?) = (readable(done), nil, nil, nil)
        if let expected = meter.expectedBytes, expected > 0 {
            percent = "\(done * 100 / expected) %"
            bytes += " of \(readable(expected)) (\(done * 100 / expected) %)"
        }
        if let expected = meter.expectedBytes, rate > 0, expected >= done {
            left = "\(clock(Double(expected - done) / rate)) left"
        }
        if meter.outputBytes > 0, done > 0 {
            gain = "ratio \(ratio(max(done, meter.outputBytes), min(done, meter.outputBytes)))"
        }
        let brief = percent ?? readable(done)
        let lines = [
            [bytes, speed, left, gain], [bytes, speed, left], [bytes, left], [brief, left], [brief],
        ].map { $0.compactMap { $0 }.joined(separator: ", ") }
        guard let columns = terminalColumns() else { return lines[0] }
        // Some terminals start a new line after the last column.
        return lines.first { $0.count < columns } ?? ""
    }

    private func clock(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 359_999))
        let parts = whole < 3600 ? [whole / 60, whole % 60] : [whole / 3600, whole / 60 % 60, whole % 60]
        return parts.enumerated().map { $0 > 0 && $1 < 10 ? "0\($1)" : "\($1)" }.joined(separator: ":")
    }
}

/// The current width of the terminal; nil if it is unknown.
///
/// The C function is `ioctl` with `TIOCGWINSZ`.
private func terminalColumns() -> Int? {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
}
