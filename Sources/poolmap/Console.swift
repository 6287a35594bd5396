import CPoolmap
import Glibc
import PoolmapCore

/// What the user sees of a run on standard error: errors, the progress line, and with `-v` a line for each file.
final class Console {
    private let isVerbose: Bool
    private let progress: ProgressLine?
    private var failure: PoolmapError?

    init(_ options: RunOptions) {
        isVerbose = options.verbose && !options.quiet
        let isShown = options.progress ?? (isatty(STDERR_FILENO) == 1 && !options.quiet)
        progress = isShown ? ProgressLine(delay: options.progress == true ? 0 : 500_000_000) : nil
    }

    /// A batch that shows its progress here.
    func batch(_ options: RunOptions, force: Bool) -> Batch {
        var batch = Batch(jobs: options.jobCount, force: force)
        if let progress {
            let meter = batch.meter
            batch.tick = .milliseconds(100)
            batch.onTick = { progress.show(meter) }
        }
        return batch
    }

    func report(_ input: Input, _ result: Result<JobSummary, PoolmapError>, line: (JobSummary) -> String?) {
        switch result {
        case .success(let summary):
            guard isVerbose, let line = line(summary) else { return }
            progress?.clear()
            writeError(FileName.printable(line) + "\n")
        case .failure(let error): fail(input, error)
        }
    }

    func fail(_ input: Input, _ error: PoolmapError) {
        failure = failure ?? error
        // Nobody reads on; who closed the output knows that.
        guard error.code != .outputClosed else { return }
        progress?.clear()
        complain("\(input.name): \(error)")
    }

    /// Throws if anything has failed.
    func finish() throws {
        progress?.clear()
        if let failure {
            throw RunFailed(first: failure)
        }
    }
}

/// Some input failed, and that was said already.
struct RunFailed: Error {
    let first: PoolmapError
}

/// One line on standard error, with the program's name.
///
/// Names may hold anything; what a terminal would take for more than text is escaped.
func complain(_ message: String) {
    writeError("poolmap: \(FileName.printable(message))\n")
}

func writeError(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeBufferPointer(rebasing: rest)
            let count = write(STDERR_FILENO, part.baseAddress, part.count)
            if count < 0 && errno != EINTR { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}

/// Handlers for signals; and a closed pipe is an error of the call that meets it, so that files are cleaned up.
func preparePlatform() {
    // A standard descriptor that is closed would be given to the next file that is opened, and be taken for what it is
    // not. In its place stands one that fails the same way: it cannot be used in that direction.
    for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
    where fcntl(descriptor, F_GETFD) < 0 {
        _ = open("/dev/null", mode)
    }
    poolmap_install_signal_handlers()
    signal(SIGPIPE, SIG_IGN)
    // So is a file that grows over its limit.
    signal(SIGXFSZ, SIG_IGN)
}

/// Standard output for lines, many to a write.
struct LineOutput {
    private var buffer: [UInt8] = []

    /// Names in the line are written as the bytes that they are.
    mutating func write(_ line: String) throws(PoolmapError) {
        buffer += FileName.bytes(of: line)
        if buffer.count >= 1 << 16 {
            try flush()
        }
    }

    mutating func flush() throws(PoolmapError) {
        defer { buffer.removeAll(keepingCapacity: true) }
        try writeStandardOutput(buffer)
    }
}

// MARK: Numbers for people

/// 1.30 GiB, as zstd writes it.
func readable(_ bytes: UInt64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var unit = 0
    var divisor: UInt64 = 1
    while unit < units.count - 1, bytes / divisor >= 1024 {
        divisor <<= 10
        unit += 1
    }
    if unit == 0 { return "\(bytes) B" }
    let hundredths = UInt64((Double(bytes) / Double(divisor) * 100).rounded())
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) \(units[unit])"
}

/// How often one size goes into another, with three places: 5.123.
func ratio(_ large: UInt64, _ small: UInt64) -> String {
    // A header may announce any size: the whole part first, so that nothing overflows.
    let divisor = max(small, 1)
    let fraction = "\(UInt64(Double(large % divisor) / Double(divisor) * 1000))"
    return "\(large / divisor)." + String(repeating: "0", count: 3 - fraction.count) + fraction
}
