@preconcurrency import Glibc
import Multiprocessing

/// A generator of random numbers that a seed determines (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The seed from the command line, or a new one; printed, so that a failure can be repeated.
func printedSeed() -> UInt64 {
    let seed = CommandLine.arguments.dropFirst(2).first.flatMap { UInt64($0) } ?? .random(in: .min ... .max)
    print("seed \(seed)")
    return seed
}

/// An error with a recognizable text.
struct Mishap: Error, Codable, CustomStringConvertible {
    var description = "the tea went cold"
}

/// What this process and those that it forks write to a descriptor while the body runs.
func captured(_ descriptor: Int32, _ body: () throws -> Void) throws -> String {
    let file = try require(tmpfile())
    defer { fclose(file) }
    fflush(nil)
    let original = dup(descriptor)
    dup2(fileno(file), descriptor)
    defer {
        // If the body throws, the rest of the program must not write to the file.
        fflush(nil)
        dup2(original, descriptor)
        close(original)
    }
    try body()
    fflush(nil)
    fseek(file, 0, SEEK_SET)
    return try require(contents(of: file))
}

/// Runs the body in a child, because it may hang or end the process, and expects it to succeed in time.
func inChild(
    within limit: Duration = .seconds(10), file: StaticString = #fileID, line: UInt = #line,
    _ body: @escaping () throws -> Void
) throws {
    let child = Process(target: body)
    try child.start()
    let status = try child.join(timeout: limit)
    if status == nil {
        child.kill()
        try child.join()
    }
    expectEqual(status, .exited(0), "nil means that it hung;", file: file, line: line)
}

/// Sets a handler that interrupts system calls; `signal` would restart them.
func interrupt(on number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    _ = sigaction(number, &action, nil)
}

/// Sends `SIGALRM` to this process at this interval while the body runs.
func withStormOfSignals<Result>(everyMicroseconds period: Int, _ body: () throws -> Result) rethrows -> Result {
    signalsSeen = 0
    interrupt(on: SIGALRM) { _ in signalsSeen += 1 }
    var timer = itimerval(
        it_interval: timeval(tv_sec: 0, tv_usec: period), it_value: timeval(tv_sec: 0, tv_usec: period))
    setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    defer {
        var none = itimerval()
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &none, nil)
        signal(SIGALRM, SIG_DFL)
    }
    return try body()
}

/// Written by a signal handler.
nonisolated(unsafe) var signalsSeen = 0
