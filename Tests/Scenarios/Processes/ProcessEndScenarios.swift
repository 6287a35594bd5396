@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

nonisolated(unsafe) private var terminations = SharedCounter()

func processEndScenarios() {
    scenario("terminateEndsTheChildBySIGTERMAndKillBySIGKILL") {
        let first = Process { pauseForever() }
        let second = Process { pauseForever() }
        try first.start()
        try second.start()
        first.terminate()
        second.kill()
        expectEqual(try first.join(), .signaled(SIGTERM))
        expectEqual(try second.join(), .signaled(SIGKILL))
        first.terminate()
        second.kill()
    }
    scenario("daemonIsTerminatedWhenItsParentExits") {
        try expectDaemonEnds { exit(0) }
        expectEqual(terminations.value, 1, "a daemon of a parent that exits can tidy up after SIGTERM;")
    }
    scenario("daemonIsTerminatedWhenItsParentsClosureReturns") {
        try expectDaemonEnds {}
        expectEqual(terminations.value, 1, "a daemon of a parent that returns can tidy up after SIGTERM;")
    }
    scenario("daemonIsEndedWhenItsParentIsKilled") {
        try expectDaemonEnds { raise(SIGKILL) }
        try expectDaemonEnds { abort() }
        expectEqual(terminations.value, 0)
    }
    scenario("daemonThatIgnoresSIGTERMIsKilledWhenItsParentExits") {
        let (ready, lifeline) = (Doorbell(), Lifeline())
        let parent = Process {
            let daemon = Process(daemon: true) {
                signal(SIGTERM, SIG_IGN)
                ready.ring()
                pauseForever()
            }
            try daemon.start()
            expect(ready.wait(), "the daemon did not begin")
            exit(0)
        }
        try parent.start()
        // A second of grace, and then the kill.
        expect(lifeline.allEnded(within: .seconds(6)), "the daemon runs on")
        try parent.join()
    }
    scenario("childIsWaitedForWhenItsParentExits") {
        try expectChildIsWaitedFor { exit(0) }
    }
    scenario("childIsWaitedForWhenItsParentsClosureReturns") {
        try expectChildIsWaitedFor {}
    }
    scenario("childRunsOnAfterAnUncaughtErrorOfItsParent") {
        try withFailingProgram("--uncaught") { program, child, daemon, letGo in
            let status = try program.join()
            guard case .signaled = status else { return expect(false, "a crash: \(String(describing: status))") }
            expect(eventually { !isRunning(daemon) }, "a daemon outlives its parent")
            expect(isRunning(child), "a child that is no daemon has ended")
            try letGo()
            expect(eventually { !isRunning(child) }, "the child does not end")
        }
    }
    scenario("childIsWaitedForWhenItsParentCatchesTheErrorAndExits") {
        try withFailingProgram("--caught") { program, child, daemon, letGo in
            expect(eventually { !isRunning(daemon) }, "a daemon outlives its parent")
            expectEqual(try program.join(timeout: .milliseconds(100)), nil, "the parent is to wait for its child;")
            expect(isRunning(child), "a child that is no daemon has ended")
            try letGo()
            expectEqual(try program.join(), .exited(1))
            expect(!isRunning(child), "the child runs on")
        }
    }
    scenario("activeChildrenAreThoseThatRun") {
        expect(Process.activeChildren.isEmpty, "children before any was started")
        let go = Doorbell()
        let children = (0..<3).map { _ in Process { _ = go.wait() } }
        for child in children { try child.start() }
        expectEqual(Process.activeChildren.map(\.pid), children.map(\.pid))
        let inner = Process { expectEqual(Process.activeChildren.count, 0, "seen by a child:") }
        try inner.start()
        expectEqual(try inner.join(), .exited(0))
        go.ring()
        let ended = try Multiprocessing.wait(for: children, timeout: .seconds(20))
        expectEqual(ended.count, 1)
        expectEqual(Process.activeChildren.count, 2)
        go.ring()
        go.ring()
        for child in children { try child.join() }
        expectEqual(Process.activeChildren.count, 0)
    }
    scenario("childThatIsNotJoinedIsReapedByTheNextStart") {
        let first = Process {}
        try first.start()
        expectEqual(try Multiprocessing.wait(for: [first], timeout: .seconds(20)), [0])
        let second = Process {}
        try second.start()
        expect(first.pid.flatMap { ProcessRecord($0) } == nil, "the first is still in the process table")
        try second.join()
    }
    scenario("fiftyProcessesRunAtOnce") {
        let pipe = try Pipe()
        let go = Doorbell()
        let children = (0..<50).map { number in
            Process {
                expect(go.wait(), "no ring came")
                try pipe.second.send(number)
                Process.exit(Int32(number))
            }
        }
        for child in children { try child.start() }
        for _ in children { go.ring() }
        let numbers = try children.map { _ in try pipe.first.receive(Int.self) }
        expectEqual(numbers.sorted(), Array(0..<50))
        for (number, child) in children.enumerated().reversed() {
            expectEqual(try child.join(), .exited(Int32(number)))
        }
    }
    scenario("threeHundredProcessesLeaveNoDescriptorAndNoMapping") {
        try expectNoGrowth(warmUp: 10, turns: 300) { _ in
            let child = Process {}
            try child.start()
            try child.join()
        }
    }
    scenario("joinInAnotherProcessIsAnErrorAndDoesNotDisturbTheOwner") {
        let go = Doorbell()
        let sibling = Process { _ = go.wait() }
        try sibling.start()
        try inChild {
            // The sentinel's number may refer to another file here by now.
            let pipe = try Pipe()
            try pipe.first.send(1)
            expectThrows(.invalidState) { try sibling.join(timeout: .milliseconds(10)) }
            expect(sibling.sentinel == nil, "a sentinel that belongs to another process")
        }
        go.ring()
        expectEqual(try sibling.join(), .exited(0))
    }
}

/// A parent starts a daemon and ends; expects the daemon to end with it.
private func expectDaemonEnds(when end: @escaping () -> Void) throws {
    let (ready, lifeline) = (Doorbell(), Lifeline())
    let parent = Process {
        let daemon = Process(daemon: true) {
            interrupt(on: SIGTERM) { _ in
                terminations.add(1)
                _exit(0)
            }
            ready.ring()
            pauseForever()
        }
        try daemon.start()
        expect(ready.wait(), "the daemon did not begin")
        end()
    }
    try parent.start()
    expect(lifeline.allEnded(within: .seconds(20)), "the daemon outlives its parent")
    try parent.join()
}

/// A parent starts a child that is not a daemon and ends; expects the parent to wait for the child.
private func expectChildIsWaitedFor(when end: @escaping () -> Void) throws {
    let (go, ready, finished, lifeline) = (Doorbell(), Doorbell(), SharedCounter(), Lifeline())
    let parent = Process {
        let child = Process {
            ready.ring()
            _ = go.wait()
            finished.add(1)
        }
        try child.start()
        expect(ready.wait(), "the child did not begin")
        end()
    }
    try parent.start()
    expectEqual(try parent.join(timeout: .milliseconds(100)), nil, "the parent is to wait for its child;")
    go.ring()
    expectEqual(try parent.join(), .exited(0))
    expectEqual(finished.value, 1, "children that finished before their parent ended:")
    expect(lifeline.allEnded(), "the child runs on")
}

/// For `scenarios --uncaught` and `--caught`: starts a child, which ends with their standard input, and a daemon,
/// prints the pids of both, and throws.
func failWithChildren() throws {
    let child = Process(standardInput: .inherited) { while readLine() != nil {} }
    let daemon = Process(daemon: true) { pauseForever() }
    try child.start()
    try daemon.start()
    print(try require(child.pid), try require(daemon.pid))
    fflush(stdout)
    throw Mishap()
}

/// Runs the executable in one of these modes; passes the body its process, its child, its daemon, and a function that
/// ends the child.
private func withFailingProgram(
    _ mode: String, _ body: (Process, Int32, Int32, () throws -> Void) throws -> Void
) throws {
    let (input, output) = (try FileDescriptor.pipe(), try FileDescriptor.pipe())
    let program = Process {
        dup2(input.readEnd.rawValue, 0)
        dup2(output.writeEnd.rawValue, 1)
        let null = open("/dev/null", O_WRONLY)
        dup2(null, 2)
        for number in openDescriptors().keys where number > 2 { close(number) }
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("scenarios"), strdup(mode), nil]
        execv("/proc/self/exe", &arguments)
    }
    try program.start()
    for end in [input.readEnd, output.writeEnd] { try end.close() }
    let file = try require(fdopen(output.readEnd.rawValue, "r"))
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 100)
    _ = fgets(&line, 100, file)
    let numbers = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        .split { " \n".contains($0) }.compactMap { Int32($0) }
    try body(program, try require(numbers.first), try require(numbers.last)) { try input.writeEnd.close() }
}

private func isRunning(_ pid: Int32) -> Bool {
    ProcessRecord(pid).map { !$0.isZombie } ?? false
}
