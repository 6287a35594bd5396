@preconcurrency import Glibc
import Multiprocessing

nonisolated(unsafe) private var globalNumber = 1

func processLifeScenarios() {
    scenario("closureRunsInAnotherProcess") {
        let (pid, parent) = (SharedCounter(), SharedCounter())
        let child = Process {
            pid.set(Int(getpid()))
            parent.set(Int(getppid()))
        }
        expectEqual(child.pid, nil)
        try child.start()
        expectEqual(try child.join(), .exited(0))
        expectEqual(pid.value, Int(try require(child.pid)))
        expect(pid.value != Int(getpid()), "the closure ran in the parent")
        expectEqual(parent.value, Int(getpid()))
    }
    scenario("childSeesWhatTheParentHadAndItsChangesStayItsOwn") {
        globalNumber = 2
        var local = [1, 2, 3]
        let child = Process {
            expectEqual(globalNumber, 2)
            expectEqual(local, [1, 2, 3])
            globalNumber = 3
            local.removeAll()
        }
        try child.start()
        expectEqual(try child.join(), .exited(0))
        expectEqual(globalNumber, 2)
        expectEqual(local, [1, 2, 3])
    }
    scenario("exitCodeOfTheChildIsItsStatus") {
        for code: Int32 in [0, 1, 3, 255] {
            let leaving = Process { Process.exit(code) }
            let exiting = Process { exit(code) }
            for child in [leaving, exiting] {
                try child.start()
                expectEqual(try child.join(), .exited(code))
                expectEqual(child.exitStatus, .exited(code))
                expectEqual(child.exitStatus?.isSuccess, code == 0)
            }
        }
    }
    scenario("thrownErrorIsWrittenToStandardErrorAndTheCodeIsOne") {
        let text = try captured(2) {
            let child = Process(name: "kettle") { throw Mishap() }
            try child.start()
            expectEqual(try child.join(), .exited(1))
        }
        expectEqual(text, "kettle: the tea went cold\n")
    }
    scenario("signalThatEndsTheChildIsItsStatus") {
        for number in [SIGTERM, SIGKILL, SIGABRT, SIGSEGV, SIGUSR1] {
            let child = Process {
                signal(number, SIG_DFL)
                raise(number)
            }
            try child.start()
            expectEqual(try child.join(), .signaled(number))
        }
        expectEqual("\(ExitStatus.signaled(SIGKILL))", "was killed by SIGKILL")
        expectEqual("\(ExitStatus.exited(3))", "exited with code 3")
    }
    scenario("joinReturnsNilOnATimeoutAndTheStatusAfterwards") {
        let go = Doorbell()
        let child = Process {
            expect(go.wait(), "no ring came")
            Process.exit(7)
        }
        try child.start()
        expectEqual(try child.join(timeout: .zero), nil)
        expectEqual(try child.join(timeout: .milliseconds(20)), nil)
        expectEqual(try child.join(timeout: .seconds(-1)), nil)
        go.ring()
        expectEqual(try child.join(timeout: .seconds(20)), .exited(7))
        expectEqual(try child.join(), .exited(7))
        expectEqual(try child.join(timeout: .zero), .exited(7))
    }
    scenario("startTwiceIsAnInvalidState") {
        let child = Process {}
        try child.start()
        expectThrows(.invalidState) { try child.start() }
        try child.join()
        expectThrows(.invalidState) { try child.start() }
    }
    scenario("joinBeforeStartIsAnInvalidState") {
        let child = Process {}
        expectThrows(.invalidState) { try child.join() }
        expectThrows(.invalidState) { try child.join(timeout: .zero) }
        expect(!child.isAlive, "alive before it was started")
        expect(child.sentinel == nil, "a sentinel before it was started")
        child.terminate()
        child.kill()
    }
    scenario("isAliveFollowsTheChild") {
        let go = Doorbell()
        let child = Process { _ = go.wait() }
        try child.start()
        expect(child.isAlive, "not alive after start")
        expectEqual(child.exitStatus, nil)
        go.ring()
        expectEqual(try Multiprocessing.wait(for: [child], timeout: .seconds(20)), [0])
        expect(!child.isAlive, "alive after its sentinel says that it ended")
    }
    scenario("sentinelBecomesReadyWithTheEndOfTheChild") {
        let go = Doorbell()
        let first = Process { _ = go.wait() }
        let second = Process { pauseForever() }
        try first.start()
        try second.start()
        let sentinels = [try require(first.sentinel), try require(second.sentinel)]
        expectEqual(try Multiprocessing.wait(for: sentinels, timeout: .milliseconds(10)), [])
        go.ring()
        expectEqual(try Multiprocessing.wait(for: sentinels, timeout: .seconds(20)), [0])
        second.kill()
        try second.join()
        expectEqual(try Multiprocessing.wait(for: sentinels), [0, 1])
        try first.join()
    }
    scenario("childHasItsOwnNameInTheProcessTable") {
        let child = Process(name: "tea") { pauseForever() }
        try child.start()
        let pid = try require(child.pid)
        expect(eventually { ProcessRecord(pid)?.name == "tea" }, "it is \(ProcessRecord(pid)?.name ?? "gone")")
        child.kill()
        try child.join()
    }
}
