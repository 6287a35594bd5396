@preconcurrency import Glibc
import Multiprocessing

/// A thread that runs a closure.
final class BodyThread {
    private final class Body {
        let run: () throws -> Void

        init(_ run: @escaping () throws -> Void) {
            self.run = run
        }
    }

    private var thread = pthread_t()

    init(_ body: @escaping () throws -> Void) {
        let result = pthread_create(
            &thread, nil,
            { context in
                if let context {
                    do {
                        try Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                    } catch {
                        expect(false, "a thread threw: \(error)")
                    }
                }
                return nil
            }, Unmanaged.passRetained(Body(body)).toOpaque())
        precondition(result == 0, "no thread")
    }

    func join() {
        pthread_join(thread, nil)
    }

    /// Waits for several, and until the kernel no longer counts them.
    static func join(_ threads: [BodyThread]) {
        for thread in threads {
            thread.join()
        }
        expect(eventually { namesIn("/proc/self/task").count == 1 }, "the threads have not ended")
    }
}

/// Starts processes that all run the same body, each with its number.
func startProcesses(_ count: Int, _ body: @escaping (Int) throws -> Void) throws -> [Process] {
    try (0..<count).map { number in
        let child = Process { try body(number) }
        try child.start()
        return child
    }
}

/// Waits for processes, which must all succeed.
func expectAllEndWell(
    _ children: [Process], within limit: Duration = .seconds(20), file: StaticString = #fileID, line: UInt = #line
) throws {
    for child in children {
        let status = try child.join(timeout: limit)
        if status == nil {
            child.kill()
            try child.join()
        }
        expectEqual(status, .exited(0), "nil means that it hung;", file: file, line: line)
    }
}

/// Kills processes and waits for them to end.
func killAndReap(_ children: Process..., file: StaticString = #fileID, line: UInt = #line) throws {
    for child in children {
        child.kill()
        expectEqual(try child.join(), .signaled(SIGKILL), file: file, line: line)
    }
}

/// Starts a process whose body waits for something, and returns once it is asleep.
func startSleeper(
    file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () throws -> Void
) throws -> Process {
    let begun = Doorbell()
    let child = Process {
        begun.ring()
        try body()
    }
    try child.start()
    expect(begun.wait(), "the process has not begun", file: file, line: line)
    expectAsleep(child, file: file, line: line)
    return child
}

func expectAsleep(_ child: Process, file: StaticString = #fileID, line: UInt = #line) {
    let isAsleep = eventually(within: .seconds(20)) { child.pid.flatMap { ProcessRecord($0) }?.state == "S" }
    expect(isAsleep, "the process does not sleep", file: file, line: line)
}

/// Stops a process, so that it does nothing until it is continued or killed.
func stop(_ child: Process) {
    if let pid = child.pid {
        kill(pid, SIGSTOP)
        expect(eventually { ProcessRecord(pid)?.state == "T" }, "the process does not stop")
    }
}

func goOn(_ child: Process) {
    if let pid = child.pid {
        kill(pid, SIGCONT)
    }
}

/// The body's duration must lie in a range with a generous upper end.
func expectTakes(
    atLeast least: Duration, file: StaticString = #fileID, line: UInt = #line, _ body: () throws -> Void
) rethrows {
    let start = ContinuousClock.now
    try body()
    let elapsed = ContinuousClock.now - start
    expect(elapsed >= least && elapsed < least + promptly, "took \(elapsed), not \(least)", file: file, line: line)
}

/// For a body that ends the program, such as a wrong index: returns what it printed.
func textOfEnd(_ body: @escaping () throws -> Void) throws -> String {
    try captured(2) {
        let child = Process {
            // Swift's own handlers print a backtrace, which takes seconds.
            signal(SIGILL, SIG_DFL)
            signal(SIGTRAP, SIG_DFL)
            try body()
        }
        try child.start()
        let status = try child.join(timeout: .seconds(20))
        expect(status == .signaled(SIGILL) || status == .signaled(SIGTRAP), "ended as \(String(describing: status))")
    }
}
