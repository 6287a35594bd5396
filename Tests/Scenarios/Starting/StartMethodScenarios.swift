@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

/// Properties of a child, however it is started.
func startMethodScenarios() {
    for method in StartMethod.allCases {
        lifeScenarios(method)
        argumentScenarios(method)
        relationScenarios(method)
    }
}

/// A scenario for one start method, which ends the fork server that it may have started.
func scenario(_ name: String, by method: StartMethod, _ body: @escaping () throws -> Void) {
    scenario("\(name)By\(method.rawValue.prefix(1).uppercased() + method.rawValue.dropFirst())") {
        defer { Process.stopForkServer() }
        try body()
    }
}

private func lifeScenarios(_ method: StartMethod) {
    scenario("exitStatusOfAChildStarted", by: method) {
        let endings: [(Ending, ExitStatus)] = [
            (.returns, .exited(0)), (.exits(3), .exited(3)), (.raises(SIGKILL), .signaled(SIGKILL)),
            (.raises(SIGTERM), .signaled(SIGTERM)),
        ]
        for (ending, status) in endings {
            let child = Process(startMethod: method, ending)
            expectThrows(.invalidState) { try child.join() }
            expectEqual(child.pid, nil)
            try child.start()
            expectThrows(.invalidState) { try child.start() }
            expectEqual(try child.join(timeout: .seconds(20)), status)
            expectEqual(try child.join(), status)
            expectEqual(child.exitStatus, status)
            expect(!child.isAlive, "a child that has ended")
        }
        expect(Process.activeChildren.isEmpty, "children that have ended")
    }
    scenario("errorIsWrittenToStandardErrorByAChildStarted", by: method) {
        let text = try captured(2) {
            let child = Process(startMethod: method, name: "kettle", Ending.throwsAnError)
            try child.start()
            expectEqual(try child.join(), .exited(1))
        }
        expectEqual(text, "kettle: the tea went cold\n")
    }
    scenario("signalsAndSentinelOfAChildStarted", by: method) {
        let pipe = try Pipe()
        for (number, end) in [(SIGTERM, { $0.terminate() }), (SIGKILL, { $0.kill() })] as [(Int32, (Process) -> Void)] {
            let child = Process(startMethod: method, Ending.waitsForASignal(pipe.second))
            try child.start()
            expectEqual(try pipe.first.receive(Int32.self), child.pid)
            expect(child.isAlive, "a child that waits")
            expectEqual(Process.activeChildren.count, 1)
            expectEqual(try wait(for: [child], timeout: .milliseconds(20)), [])
            expectEqual(try child.join(timeout: .milliseconds(1)), nil)
            end(child)
            expectEqual(try wait(for: [child], timeout: promptly), [0])
            expectEqual(try child.join(), .signaled(number))
            // The pid may belong to another process by now.
            child.kill()
        }
    }
    scenario("aHundredChildrenLeaveNothingStarted", by: method) {
        let warmUp = Process(startMethod: method, Ending.returns)
        try warmUp.start()
        try warmUp.join()
        let (descriptors, mappings) = (openDescriptors(), mappingCount())
        for _ in 0..<25 {
            let children = (0..<4).map { Process(startMethod: method, Ending.exits($0)) }
            for child in children { try child.start() }
            for (code, child) in children.enumerated() { expectEqual(try child.join(), .exited(Int32(code))) }
        }
        expectEqual(openDescriptors(), descriptors)
        expect(mappingCount() <= mappings + 3, "mappings are left: \(mappings), \(mappingCount())")
    }
}

private func argumentScenarios(_ method: StartMethod) {
    scenario("sharedThingsAmongTheArgumentsOfAChildStarted", by: method) {
        let (arena, pipe) = (try SlotArena(slotCount: 2, slotBytes: 10), try Pipe())
        let ends = try FileDescriptor.pipe()
        let file = DuplicatedDescriptor(ends.writeEnd)
        let child = Process(startMethod: method, SharedThings(arena: arena, way: pipe.second, file: file))
        try child.start()
        try ends.writeEnd.close()
        try pipe.first.send(UInt8(9))
        expectEqual(try pipe.first.receive(String.self), "done")
        expectEqual(try child.join(), .exited(0))
        expectEqual(arena[1][3], 9)
        pipe.second.close()
        expectThrows(.endOfFile) { try pipe.first.receive(Int.self) }
        var text = [UInt8](repeating: 0, count: 14)
        expectEqual(try text.withUnsafeMutableBytes { try ends.readEnd.read(into: $0) }, 14)
        expectEqual(String(decoding: text, as: UTF8.self), "from the child")
        try ends.readEnd.close()
    }
    scenario("genericTargetOfAChildStarted", by: method) {
        let pipe = try Pipe()
        let child = Process(startMethod: method, Sum(numbers: [1.5, 2.5], answers: pipe.second))
        try child.start()
        expectEqual(try pipe.first.receive(Double.self), 4)
        expectEqual(try child.join(), .exited(0))
    }
    scenario("largeArgumentsOfAChildStarted", by: method) {
        let pipe = try Pipe()
        let numbers = Array(0..<1_000_000)
        let child = Process(startMethod: method, Sum(numbers: numbers, answers: pipe.second))
        try child.start()
        expectEqual(try pipe.first.receive(Int.self), 499_999_500_000)
        expectEqual(try child.join(), .exited(0))
    }
    guard method != .fork else { return }
    scenario("targetThatCannotTravelIsAnErrorOfAStart", by: method) {
        struct Local: ProcessTarget, Codable {
            func run() {}
        }
        let warmUp = Process(startMethod: method, Ending.returns)
        try warmUp.start()
        try warmUp.join()
        let descriptors = openDescriptors()
        expectThrows(.invalidState) { try Process(startMethod: method, Local()).start() }
        expectThrows(.encodingFailed) { try Process(startMethod: method, Unspeakable()).start() }
        let error = expectThrows(.decodingFailed) {
            try Process(startMethod: method, Indigestible(kills: false)).start()
        }
        expectText(of: error, contains: "the tea went cold")
        let death = expectThrows(.systemCallFailed) {
            try Process(startMethod: method, Indigestible(kills: true)).start()
        }
        expectText(of: death, contains: "SIGKILL")
        expectEqual(openDescriptors(), descriptors)
        expect(Process.activeChildren.isEmpty, "a child that never began")
        let child = Process(startMethod: method, Ending.exits(4))
        try child.start()
        expectEqual(try child.join(), .exited(4))
    }
    scenario("processWithThreadsMayStartAChild", by: method) {
        let thread = ExtraThread()
        let pipe = try Pipe()
        let child = Process(startMethod: method, SelfPortrait(answers: pipe.second))
        try child.start()
        expectEqual(try pipe.first.receive(SelfPortrait.Answer.self).parentPID, getpid())
        expectEqual(try child.join(), .exited(0))
        Process.stopForkServer()
        thread.join()
    }
    scenario("standardOutputIsWrittenOnceThoughAChildIsStarted", by: method) {
        let text = try captured(1) {
            print("once")
            let child = Process(startMethod: method, Ending.returns)
            try child.start()
            try child.join()
        }
        expectEqual(text, "once\n")
    }
}

private func relationScenarios(_ method: StartMethod) {
    scenario("childKnowsItselfAndItsParentStarted", by: method) {
        let pipe = try Pipe()
        targetGlobal = 2
        expectEqual(Process.current.name, "MainProcess")
        expect(Process.parent == nil, "the program itself has no parent here")
        let plain = Process(startMethod: method, SelfPortrait(answers: pipe.second))
        try plain.start()
        let answer = try pipe.first.receive(SelfPortrait.Answer.self)
        let expected = SelfPortrait.Answer(
            pid: try require(plain.pid), name: "Process-1", isDaemon: false, parentName: "MainProcess",
            parentPID: getpid(), isParentAlive: true, variable: nil, global: method == .fork ? 2 : 1,
            childName: "Process-1:1",
            // A child gets what it needs to know with its target.
            arguments: method == .fork ? CommandLine.arguments : Array(CommandLine.arguments.prefix(1)))
        expectEqual(answer, expected)
        expectEqual(try plain.join(), .exited(0))
        let named = Process(startMethod: method, name: "kettle", daemon: true, SelfPortrait(answers: pipe.second))
        try named.start()
        let other = try pipe.first.receive(SelfPortrait.Answer.self)
        expectEqual(other.name, "kettle")
        expect(other.isDaemon, "a daemon")
        expectEqual(try named.join(), .exited(0))
    }
    scenario("childStartsChildrenOfItsOwnStarted", by: method) {
        let pipe = try Pipe()
        let child = Process(startMethod: method, Parent(answers: pipe.second))
        try child.start()
        expectEqual(try pipe.first.receive(Int.self), 8)
        expectEqual(try child.join(), .exited(0))
    }
    scenario("daemonEndsWithItsParentThatIsKilledStarted", by: method) {
        let pipe = try Pipe()
        let parent = Process(ParentOfADaemon(method: method, answers: pipe.second))
        try parent.start()
        let daemon = try pipe.first.receive(Int32.self)
        expect(kill(daemon, 0) == 0, "the daemon lives")
        parent.kill()
        expectEqual(try parent.join(), .signaled(SIGKILL))
        expect(eventually { !ProcessRecord.all.contains { $0.pid == daemon && !$0.isZombie } }, "the daemon lives on")
    }
    scenario("childSeesItsParentEndStarted", by: method) {
        let pipe = try Pipe()
        let parent = Process(ParentOfAnOrphan(method: method, answers: pipe.second))
        try parent.start()
        expectEqual(try pipe.first.receive(Bool?.self), true)
        parent.kill()
        try parent.join()
        expectEqual(try pipe.first.receive(Bool?.self), false)
    }
}

/// Properties of the fork server.
func forkServerScenarios() {
    scenario("forkServerThatIsKilledCostsItsStatusesAndIsReplaced") {
        defer { Process.stopForkServer() }
        let pipe = try Pipe()
        let child = Process(startMethod: .forkserver, Ending.waitsForASignal(pipe.second))
        try child.start()
        let pid = try pipe.first.receive(Int32.self)
        let server = try require(ProcessRecord.children(of: getpid()).first)
        kill(server.pid, SIGKILL)
        expect(eventually { !ProcessRecord.all.contains { $0.pid == server.pid && !$0.isZombie } }, "the server lives")
        let next = Process(startMethod: .forkserver, Ending.exits(5))
        try next.start()
        expectEqual(try next.join(), .exited(5))
        expect(child.isAlive, "a child outlives the fork server")
        child.kill()
        expectEqual(try wait(for: [child], timeout: promptly), [0])
        expectThrows(.managerDied) { try child.join() }
        expect(kill(pid, 0) != 0 || eventually { kill(pid, 0) != 0 }, "the child lives on")
        expect(!child.isAlive, "a child that was killed")
        expect(Process.activeChildren.isEmpty, "a child that was killed")
    }
    scenario("signalsOfTheTerminalEndChildrenOfTheForkServerAndNotTheServer") {
        defer { Process.stopForkServer() }
        for number in [SIGINT, SIGQUIT, SIGHUP] {
            // A handler instead of SIG_IGN, which an executable would inherit.
            signal(number) { _ in }
            defer { signal(number, SIG_DFL) }
            let pipe = try Pipe()
            let child = Process(startMethod: .forkserver, Ending.waitsForASignal(pipe.second))
            try child.start()
            _ = try pipe.first.receive(Int32.self)
            kill(0, number)
            expectEqual(try child.join(), .signaled(number))
        }
    }
    scenario("childrenOfTheForkServerHoldNothingOfEachOther") {
        defer { Process.stopForkServer() }
        let (one, other) = (try Pipe(), try Pipe())
        let first = Process(startMethod: .forkserver, Ending.waitsForASignal(one.second))
        try first.start()
        _ = try one.first.receive(Int32.self)
        let second = Process(startMethod: .forkserver, Ending.waitsForASignal(other.second))
        try second.start()
        _ = try other.first.receive(Int32.self)
        one.second.close()
        first.kill()
        expectThrows(.endOfFile) { try one.first.receive(Int.self) }
        second.kill()
        expectEqual(try first.join(), .signaled(SIGKILL))
        expectEqual(try second.join(), .signaled(SIGKILL))
    }
}
