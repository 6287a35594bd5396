@preconcurrency import Glibc
import Multiprocessing

func managerServerEndScenarios() {
    scenario("serverKilledWhileProcessesWaitInDifferentCallsFailsThemAll") {
        for place: Address? in [nil, .tcp("127.0.0.1", 0)] {
            let before = privateDirectories()
            let manager = try Manager(address: place)
            let (event, queue) = (try manager.event(), try manager.queue(of: Int.self))
            let (lock, condition) = (try manager.lock(), try manager.condition())
            let (barrier, semaphore) = (try manager.barrier(parties: 2), try manager.semaphore(0))
            try lock.acquire()
            let waits: [() throws -> Void] = [
                { _ = try event.wait() }, { _ = try queue.get() }, { _ = try lock.acquire(timeout: .seconds(60)) },
                { _ = try condition.withLock { _ in try condition.wait() } }, { _ = try barrier.wait() },
                { _ = try semaphore.acquire(timeout: .seconds(60)) },
            ]
            let children = try waits.map { wait in
                try startedWaiting(for: manager) { expectDied(wait) }
            }
            let start = ContinuousClock.now
            kill(manager.pid, SIGKILL)
            for child in children { expectEqual(try child.join(timeout: promptly), .exited(0)) }
            expectPrompt(since: start)
            expectEqual(expectDied { try lock.release() }?.pid, manager.pid)
            expectDied { _ = try manager.list([1]) }
            expectDied { _ = try manager.objectCount }
            expectEqual(try Multiprocessing.wait(for: [manager], timeout: promptly), [0])
            // A child that is forked only now gets the error, too.
            try inChild { expectDied { _ = try event.isSet } }
            manager.shutdown()
            expectEqual(privateDirectories(), before, "directories:")
        }
    }
    scenario("shutdownEndsTheServerAndItsProxies") {
        let before = privateDirectories()
        let manager = try Manager()
        let list = try manager.list([1])
        let waiting = try startedWaiting(for: manager) { expectDied { _ = try manager.event().wait() } }
        expect(privateDirectories() != before, "where is the socket?")
        let start = ContinuousClock.now
        manager.shutdown()
        expect(ContinuousClock.now - start < .milliseconds(900), "it had to be forced")
        manager.shutdown()
        expectEqual(try waiting.join(timeout: promptly), .exited(0))
        expectDied { _ = try list.get(0) }
        expect(ProcessRecord(manager.pid) == nil, "the server lives, or was not reaped")
        expectEqual(privateDirectories(), before)
        // With the object, and at the end of the block.
        var proxy: ListProxy<Int>?
        do { proxy = try Manager().list([1]) }
        expectDied { _ = try proxy?.get(0) }
        let result = try Manager.with { manager in
            proxy = try manager.list([5])
            return try proxy?.get(0)
        }
        expectEqual(result, 5)
        expectDied { _ = try proxy?.get(0) }
        expectEqual(privateDirectories(), before)
    }
    scenario("serverEndsWithItsCreatorInWhateverWay") {
        let before = privateDirectories()
        let ends: [(String, () -> Void)] = [
            ("killed", { _ = raise(SIGKILL) }), ("exits", { exit(0) }), ("leaves", { _exit(0) }),
            ("terminated", { _ = raise(SIGTERM) }), ("crashes", { abort() }),
        ]
        for (name, end) in ends {
            let (way, told) = (try Pipe(), Doorbell())
            let lifeline = Lifeline()
            let creator = Process {
                let manager = try Manager()
                let event = try manager.event()
                // Outlives its parent, which does not know of it, and notices the server's end.
                if fork() == 0 {
                    expectDied { _ = try event.wait(timeout: .seconds(30)) }
                    told.ring()
                    _exit(0)
                }
                try way.second.send(1)
                expect(!told.wait(within: .milliseconds(20)), "the server has ended by itself")
                withExtendedLifetime(manager, end)
            }
            try creator.start()
            expectEqual(try way.first.receive(Int.self), 1)
            let start = ContinuousClock.now
            try creator.join(timeout: .seconds(10))
            expect(told.wait(), "\(name): the child of the creator was not told")
            expect(lifeline.allEnded(), "\(name): the server lives on")
            expectPrompt(since: start)
            expect(eventually { privateDirectories() == before }, "\(name): \(privateDirectories())")
        }
    }
    scenario("serverIsEndedInTheMiddleOfAMethodThatDoesNotReturn") {
        let before = privateDirectories()
        // Rings in the server.
        let running = Doorbell()
        Stubborn.running = running
        defer { Stubborn.running = nil }
        let stubborn = RegisteredType("Stubborn") { (_: Int) in Stubborn() }.method(Hang.self)
        // The creator dies.
        let (lifeline, way) = (Lifeline(), try Pipe())
        let creator = Process {
            let manager = try Manager(registering: [stubborn])
            let proxy = try manager.make(stubborn, 0)
            let caller = Process { expectDied { _ = try proxy.call(Hang()) } }
            try caller.start()
            expect(running.wait(), "it does not run")
            try way.second.send(1)
            pauseForever()
        }
        try creator.start()
        expectEqual(try way.first.receive(Int.self), 1)
        creator.kill()
        try creator.join()
        expect(lifeline.allEnded(), "the server is at it still")
        expect(eventually { privateDirectories() == before }, "directories: \(privateDirectories())")
        // It is told to end.
        let manager = try Manager(registering: [stubborn])
        let proxy = try manager.make(stubborn, 0)
        let caller = Process { expectDied { _ = try proxy.call(Hang()) } }
        try caller.start()
        expect(running.wait(), "it does not run")
        manager.shutdown()
        expectEqual(try caller.join(timeout: promptly), .exited(0))
        expectEqual(privateDirectories(), before)
    }
    scenario("terminatedServerRemovesItsName") {
        let before = privateDirectories()
        let manager = try Manager()
        kill(manager.pid, SIGTERM)
        expectEqual(try Multiprocessing.wait(for: [manager], timeout: .seconds(20)), [0])
        expectEqual(privateDirectories(), before)
        expectDied { _ = try manager.objectCount }
    }
    scenario("twoHundredManagersLeaveNothing") {
        let before = privateDirectories()
        try expectNoGrowth(warmUp: 5, turns: 195) { turn in
            let manager = try Manager(address: turn % 5 == 0 ? .tcp("127.0.0.1", 0) : nil)
            let list = try manager.list([turn])
            expectEqual(try list.get(0), turn)
            if turn % 3 == 0 { manager.shutdown() }
            if turn % 7 == 0 { kill(manager.pid, SIGKILL) }
        }
        expectEqual(privateDirectories(), before)
    }
    scenario("aServerBeginsAtTheAddressOfOneThatHasEnded") {
        try withTemporaryDirectory { directory in
            for place in [Address.tcp("127.0.0.1", 0), .unix("\(directory)/s")] {
                let key = AuthenticationKey()
                var address = place
                for number in 0..<5 {
                    let manager = try Manager(address: address, authenticationKey: key)
                    address = manager.address
                    try manager.publish(try manager.value(number), as: "number")
                    let other = try Manager.connect(to: address, authenticationKey: key)
                    expectEqual(try other.find("number", as: ValueProxy<Int>.self)?.get(), number)
                    manager.shutdown()
                }
            }
        }
    }
    scenario("exitDoesNotWaitForAChildThatWaitsForAManager") {
        let parent = Process {
            let manager = try Manager()
            let (queue, ready) = (try manager.queue(of: Int.self), Doorbell())
            let child = Process {
                ready.ring()
                expectDied { _ = try queue.get() }
            }
            try child.start()
            expect(ready.wait(), "the child did not begin")
            withExtendedLifetime(manager) { Process.exit(0) }
        }
        try parent.start()
        expectEqual(try parent.join(timeout: .seconds(20)), .exited(0), "nil means that it hung;")
        parent.kill()
        try parent.join()
    }
    scenario("managerThatCannotListenIsATypedError") {
        try withTemporaryDirectory { directory in
            let first = try Manager(address: .unix("\(directory)/s"))
            let error = expectThrows(.systemCallFailed) { try Manager(address: .unix("\(directory)/s")) }
            expectEqual(error?.errno, .addressInUse)
            expectText(of: error, contains: "another process is listening there")
            first.shutdown()
            expect(!exists("\(directory)/s"), "the name is left")
            expectThrows(.systemCallFailed) { try Manager(address: .unix("\(directory)/no/s")) }
            let twice = RegisteredType("A") { (number: Int) in number }
            expectThrows(.invalidState) { try Manager(registering: [twice, twice]) }
        }
    }
    scenario("clientsKilledAtRandomMomentsDelayNoOthers") {
        var generator = SeededGenerator(seed: printedSeed())
        let manager = try Manager()
        let (lock, recursive) = (try manager.lock(), try manager.recursiveLock())
        let (condition, queue) = (try manager.condition(lock), try manager.queue(of: Int.self, maxSize: 3))
        let (event, pair) = (try manager.event(), try manager.list([0, 0]))
        let recovered = SharedCounter()
        func client(_ seed: UInt64) -> Process {
            Process {
                var generator = SeededGenerator(seed: seed)
                while true {
                    switch Int.random(in: 0..<6, using: &generator) {
                    case 0, 1:
                        try lock.withLock { acquisition in
                            // Two steps, between which a process may be killed; the next holder is told.
                            let values = try pair.values()
                            if acquisition == .recovered { recovered.add(1) }
                            expect(values[0] == values[1] || acquisition == .recovered, "half done, and no word of it")
                            try pair.set(0, to: values[0] + 1)
                            try pair.set(1, to: values[0] + 1)
                        }
                    case 2:
                        try recursive.withLock { _ in
                            _ = try recursive.withLock { _ in try queue.put(1, timeout: .milliseconds(3)) }
                        }
                    case 3: _ = try queue.get(timeout: .milliseconds(3))
                    case 4:
                        try condition.withLock { acquisition in
                            // Waiting releases the lock: the next holder would not be told what this one was told.
                            if acquisition == .recovered { try pair.set(1, to: try pair.get(0)) }
                            try condition.wait(timeout: .milliseconds(2))
                            // The lock may have come back from a dead process, which only the next `acquire` reports.
                            try pair.set(1, to: try pair.get(0))
                            try condition.notifyAll()
                        }
                    default: try event.wait(timeout: .milliseconds(2))
                    }
                }
            }
        }
        var clients: [Process] = []
        for _ in 0..<6 {
            clients.append(client(.random(in: .min ... .max, using: &generator)))
            try clients[clients.count - 1].start()
        }
        for _ in 0..<80 {
            usleep(.random(in: 0...4000, using: &generator))
            let position = Int.random(in: 0..<6, using: &generator)
            clients[position].kill()
            expectEqual(try clients[position].join(), .signaled(SIGKILL))
            clients[position] = client(.random(in: .min ... .max, using: &generator))
            try clients[position].start()
        }
        for client in clients {
            client.kill()
            try client.join()
        }
        expect(try lock.acquire(timeout: promptly) != nil, "the lock has no holder and is not free")
        expect(try recursive.acquire(timeout: promptly) != nil, "the lock has no holder and is not free")
        try lock.release()
        try recursive.release()
        while try queue.get(timeout: .zero) != nil {}
        try queue.put(9)
        expectEqual(try queue.get(), 9, "an abandoned request takes an item:")
        expect(eventually { namesIn("/proc/\(manager.pid)/fd").count < 20 }, "the server keeps connections")
        expectEqual(try manager.objectCount, 6)
    }
}

private struct Stubborn {
    nonisolated(unsafe) static var running: Doorbell?
}

/// A method that does not return.
private struct Hang: ManagedMethod {
    func run(on object: inout Stubborn) -> NoResult {
        Stubborn.running?.ring()
        pauseForever()
    }
}

/// Runs the body, which must notice that the server is dead.
@discardableResult
private func expectDied(
    file: StaticString = #fileID, line: UInt = #line, _ body: () throws -> Void
) -> MultiprocessingError? {
    expectThrows(.managerDied, file: file, line: line, body)
}
