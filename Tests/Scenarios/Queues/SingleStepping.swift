@preconcurrency import Glibc

private typealias Trace = @convention(c) (Int, Int, Int, Int) -> Int

/// `ptrace` is variadic, so Swift cannot call it; with all four arguments it is an ordinary function.
private let trace: Trace = {
    guard let address = dlsym(nil, "ptrace") else { fatalError("no ptrace") }
    return unsafeBitCast(address, to: Trace.self)
}()

private let traceMe = 0
private let goOn = 7
private let singleStep = 9

/// What happens to a child that was stopped between two of its instructions.
enum Fate {
    /// It is killed there.
    case killed
    /// This process does something meanwhile; then the child continues to its end.
    case passed(() throws -> Void)
}

/// Runs an operation in child processes that are stopped after a number of its instructions, and checks the state each
/// time.
///
/// The numbers are spread at random over the whole operation. With `EVERY_INSTRUCTION` in the environment it is stopped
/// after each instruction in turn, which takes minutes in a release build and hours in a debug build.
func stopBetweenInstructions(
    _ random: inout SeededGenerator, _ fate: Fate, stops: Int = 20, prepare: () throws -> Void,
    of operation: () throws -> Void, then check: () throws -> Void
) throws {
    func meanwhile() throws {
        if case .passed(let body) = fate { try body() }
    }
    // Work that is done only once in a process is done before.
    for _ in 0..<2 {
        try prepare()
        try operation()
        try meanwhile()
        try check()
    }
    try prepare()
    let total = try steps(until: nil, operation, .killed)
    try meanwhile()
    try check()
    print("\(total) instructions")
    expect(total > 100, "only \(total) instructions")
    let isThorough = getenv("EVERY_INSTRUCTION") != nil
    for stop in 0..<(isThorough ? total : stops) {
        try prepare()
        let limit = isThorough ? stop : Int.random(in: 0..<total, using: &random)
        _ = try steps(until: limit, operation, fate)
        try check()
        if Failures.count > 0 {
            print("stopped after \(limit) of \(total) instructions")
            return
        }
    }
}

/// The same, but the child is killed.
func killBetweenInstructions(
    _ random: inout SeededGenerator, kills: Int = 20, prepare: () throws -> Void, of operation: () throws -> Void,
    then check: () throws -> Void
) throws {
    try stopBetweenInstructions(&random, .killed, stops: kills, prepare: prepare, of: operation, then: check)
}

/// Runs the operation in a child for up to `limit` instructions or to its end, applies its fate, and returns the number
/// of instructions.
private func steps(until limit: Int?, _ operation: () throws -> Void, _ fate: Fate) throws -> Int {
    let child = fork()
    if child == 0 {
        guard trace(traceMe, 0, 0, 0) == 0 else { _exit(3) }
        raise(SIGSTOP)
        try? operation()
        raise(SIGSTOP)
        _exit(0)
    }
    var count = 0
    expect(stopSignal(of: child) == SIGSTOP, "the child cannot be traced")
    while count != limit {
        _ = trace(singleStep, Int(child), 0, 0)
        let signal = stopSignal(of: child)
        if signal == SIGSTOP { break }
        guard signal == SIGTRAP else {
            expect(false, "the child got signal \(signal ?? 0)")
            break
        }
        count += 1
    }
    if case .passed(let body) = fate {
        try body()
        // Up to the stop at its end.
        _ = trace(goOn, Int(child), 0, 0)
        _ = stopSignal(of: child)
    }
    kill(child, SIGKILL)
    var status: Int32 = 0
    waitpid(child, &status, 0)
    return count
}

/// Waits until the traced child stops; nil if it ended.
private func stopSignal(of child: Int32) -> Int32? {
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    return status & 0xFF == 0x7F ? status >> 8 & 0xFF : nil
}
