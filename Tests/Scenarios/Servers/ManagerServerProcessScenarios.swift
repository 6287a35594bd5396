@preconcurrency import Glibc
import Multiprocessing

func managerServerProcessScenarios() {
    scenario("proxiesWorkInChildrenOfEveryKind") {
        // A process forked before the manager gets the proxy over a pipe.
        let (way, log) = (try Pipe(), SharedLog())
        let elder = Process {
            let list = try way.second.receive(ListProxy<Int>.self)
            try list.append(1)
            try way.second.send(list)
        }
        try elder.start()
        let manager = try Manager()
        let list = try manager.list(of: Int.self)
        try way.first.send(list)
        expect(try way.first.receive(ListProxy<Int>.self) == list, "another object came back")
        expectEqual(try elder.join(timeout: promptly), .exited(0))
        // A process forked later inherits it with the memory, and so does its child.
        let younger = Process {
            try list.append(2)
            let grandchild = Process { try list.append(3) }
            try grandchild.start()
            expectEqual(try grandchild.join(), .exited(0))
            // It can make objects, but not shut the server down.
            log.append(try manager.list([7]).get(0))
            manager.shutdown()
        }
        try younger.start()
        expectEqual(try younger.join(timeout: promptly), .exited(0))
        expectEqual(try list.values(), [1, 2, 3])
        expectEqual(log.values, [7])
    }
    scenario("initializerRunsInTheServerBeforeItServes") {
        let log = SharedLog()
        let counter = RegisteredType("Counter") { (start: Int) in start + preparedTotal }.method(Read.self)
        try Manager.with(
            registering: [counter],
            initializer: {
                preparedTotal = 5
                log.append(Int(getpid()))
            }
        ) { manager in
            expectEqual(log.values, [Int(manager.pid)])
            expectEqual(try manager.make(counter, 1).call(Read()), 6)
        }
        expectEqual(preparedTotal, 0)
        let failed = expectThrows(.initializerFailed) { try Manager(initializer: { throw Mishap() }) }
        expectText(of: failed, contains: "the tea went cold")
        let ended = expectThrows(.managerDied) { try Manager(initializer: { _exit(3) }) }
        expectEqual(ended?.status, .exited(3))
        expectEqual(privateDirectories(), [], "a directory is left;")
    }
    scenario("managerWhoseInitializerDoesNotReturnEndsWithItsCreator") {
        let pids = SharedLog()
        let creator = Process {
            _ = try Manager(initializer: {
                pids.append(Int(getpid()))
                pauseForever()
            })
        }
        try creator.start()
        expect(eventually(within: .seconds(20)) { pids.values.count == 1 }, "the initializer does not run")
        creator.kill()
        try creator.join()
        let server = Int32(pids.values[0])
        expect(eventually { !ProcessRecord.all.contains { $0.pid == server && !$0.isZombie } }, "the server lives on")
        expectEqual(privateDirectories(), [], "a directory is left;")
    }
    scenario("unrelatedProgramConnectsByAddressAndKey") {
        if let path = getenv("SCENARIO_MANAGER") {
            // This is the second program.
            let other = try Manager.connect(
                to: .unix(String(cString: path)), authenticationKey: try AuthenticationKey("shared"))
            let jobs = try require(try other.find("jobs", as: QueueProxy<Int>.self))
            let results = try require(try other.find("results", as: DictionaryProxy<Int, [String]>.self))
            while let job = try jobs.get(timeout: .zero) {
                try results.set(job, to: ["done", "\(job)"])
            }
            try other.publish(try other.event(), as: "made by the other")
            expect(other.pid != getpid() && other.pid > 0, "no process")
            other.shutdown()
            return
        }
        try withTemporaryDirectory { directory in
            let address = Address.unix("\(directory)/s")
            let manager = try Manager(address: address, authenticationKey: try AuthenticationKey("shared"))
            let jobs = try manager.queue(of: Int.self)
            let results = try manager.dictionary(of: Int.self, [String].self)
            try manager.publish(jobs, as: "jobs")
            try manager.publish(results, as: "results")
            for job in 0..<5 { try jobs.put(job) }
            setenv("SCENARIO_MANAGER", "\(directory)/s", 1)
            defer { unsetenv("SCENARIO_MANAGER") }
            expectEqual(try runScenarioInANewProgram("unrelatedProgramConnectsByAddressAndKey"), 0)
            expectEqual(try results.keys(), [0, 1, 2, 3, 4])
            expectEqual(try results.get(3), ["done", "3"])
            expect(try manager.find("made by the other", as: EventProxy.self)?.isSet == false, "no event")
            manager.shutdown()
            expect(!exists("\(directory)/s"), "the name is left")
        }
    }
    scenario("managerOverTCPDoesTheSame") {
        let manager = try Manager(address: .tcp("127.0.0.1", 0))
        guard case .tcp("127.0.0.1", let port) = manager.address, port > 0 else {
            return expect(false, "the address is \(manager.address)")
        }
        let (counts, lock) = (try manager.dictionary(of: String.self, Int.self), try manager.lock())
        try manager.publish(counts, as: "counts")
        let (address, key) = (manager.address, manager.authenticationKey)
        try inChildren(3) { _ in
            let own = try Manager.connect(to: address, authenticationKey: key)
            let found = try require(try own.find("counts", as: DictionaryProxy<String, Int>.self))
            for _ in 0..<50 { try lock.withLock { _ in try found.set("a", to: (try counts.get("a") ?? 0) + 1) } }
        }
        expectEqual(try counts.get("a"), 150)
        let start = ContinuousClock.now
        kill(manager.pid, SIGKILL)
        expectThrows(.managerDied) { try counts.get("a") }
        expectPrompt(since: start)
    }
    scenario("manyProcessesHammerOneDictionary") {
        let manager = try Manager()
        let counts = try manager.dictionary(of: Int.self, Int.self)
        let mine = try manager.list(of: Int.self)
        try inChildren(10, within: .seconds(60)) { number in
            for turn in 0..<150 {
                try counts.update(0) { $0 = ($0 ?? 0) + 1 }
                try counts.set(1000 + number * 1000 + turn, to: turn)
                expectEqual(try counts.get(1000 + number * 1000 + turn), turn)
                if turn % 10 == 0 { try mine.append(number) }
                if turn % 30 == 0 { expect(try counts.count > turn, "keys are lost") }
            }
        }
        expectEqual(try counts.get(0), 1500)
        expectEqual(try counts.count, 1501)
        expectEqual(try mine.values().sorted(), (0..<150).map { $0 / 15 })
    }
    scenario("childHasNoneOfItsParentsConnections") {
        let manager = try Manager()
        let list = try manager.list([1])
        expectEqual(try list.get(0), 1)
        expectEqual(socketCount(), 2, "the parent's own sockets, to the server and to end it:")
        try inChild {
            expectEqual(socketCount(), 0)
            expectEqual(try list.get(0), 1)
            expectEqual(socketCount(), 1)
        }
        // The same after a fork outside of the library.
        let pid = fork()
        if pid == 0 {
            let own = socketCount()
            // Only the socket that ends the server is left, which the library closes in its own forks.
            _exit(own <= 1 && (try? list.get(0)) == 1 && socketCount() == own + 1 ? 0 : 1)
        }
        var status: Int32 = 0
        waitpid(pid, &status, 0)
        expectEqual(status, 0)
        expectEqual(try list.get(0), 1)
    }
    scenario("lockOfADeadProcessIsFreeThoughItsChildLives") {
        let manager = try Manager()
        let (lock, ready) = (try manager.lock(), Doorbell())
        let parent = Process {
            try lock.acquire()
            let child = Process {
                ready.ring()
                pauseForever()
            }
            try child.start()
            pauseForever()
        }
        try parent.start()
        expect(ready.wait(), "no ring came")
        let orphan = try require(ProcessRecord.children(of: try require(parent.pid)).first).pid
        parent.kill()
        try parent.join()
        expectEqual(try lock.acquire(timeout: promptly), .recovered)
        kill(orphan, SIGKILL)
    }
    scenario("processesThatDropTheirProxiesLeaveNothingInTheServer") {
        let manager = try Manager()
        let list = try manager.list([1])
        expectEqual(try list.get(0), 1)
        let before = namesIn("/proc/\(manager.pid)/fd").count
        let copy = try Pipe()
        try expectNoGrowth(warmUp: 3, turns: 100) { _ in
            try copy.first.send(list)
            let other = try Manager.connect(to: manager.address, authenticationKey: manager.authenticationKey)
            expectEqual(try other.objectCount, 1)
            expectEqual(try copy.second.receive(ListProxy<Int>.self).get(0), 1)
        }
        try inChildren(10) { _ in expectEqual(try list.get(0), 1) }
        expect(eventually { namesIn("/proc/\(manager.pid)/fd").count <= before }, "the server keeps connections")
    }
    scenario("serverHasANameOneThreadAndNoOutput") {
        let manager = try Manager()
        expectEqual(ProcessRecord(manager.pid)?.name, "manager")
        expectEqual(namesIn("/proc/\(manager.pid)/task").count, 1)
        // Signals that a terminal sends to a whole job do not affect the server.
        for number in [SIGINT, SIGQUIT, SIGHUP] { kill(manager.pid, number) }
        expectEqual(try manager.objectCount, 0)
        for (number, target) in openDescriptors() where number > 2 && target.hasPrefix("socket:") {
            expect(isCloseOnExec(number), "\(number) \(target) would survive an exec")
        }
        expect(!"\(try manager.list([1]))".contains("\(manager.authenticationKey)"), "the key is printed")
    }
    scenario("managerIsNotMadeInAProcessWithThreads") {
        let thread = ExtraThread()
        expectThrows(.multipleThreads) { try Manager() }
        thread.join()
    }
}

func socketCount() -> Int {
    openDescriptors().values.filter { $0.hasPrefix("socket:") }.count
}

/// Runs this program again with a scenario, and returns its exit code.
private func runScenarioInANewProgram(_ name: String) throws -> Int32 {
    var pid: pid_t = 0
    let arguments: [UnsafeMutablePointer<CChar>?] = [strdup("scenarios"), strdup(name), nil]
    defer { arguments.forEach { free($0) } }
    expectEqual(posix_spawn(&pid, "/proc/self/exe", nil, nil, arguments, environ), 0)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    return status
}

/// Returns the value of a number.
private struct Read: ManagedMethod {
    func run(on number: inout Int) -> Int { number }
}
