@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

func nameGuardianScenarios() {
    scenario("aNameGoesWithItsCreatorWhateverEndsIt") {
        let endings: [(String, (Process) -> Void)] = [
            ("kill", { $0.kill() }), ("terminate", { $0.terminate() }),
            ("group", { _ = kill(-($0.pid ?? 0), SIGKILL) }), ("hangup", { _ = kill(-($0.pid ?? 0), SIGHUP) }),
            ("interrupt", { _ = kill(-($0.pid ?? 0), SIGINT) }),
        ]
        for (ending, end) in endings {
            let (name, made) = (freshName(), Doorbell())
            let creator = Process {
                setpgid(0, 0)
                let (one, other) = (try guarded(name), try guarded(name + "-2"))
                made.ring()
                withExtendedLifetime((one, other)) { pauseForever() }
            }
            try creator.start()
            expect(made.wait(), "nothing was made")
            let guardian = try guardian(of: creator.pid)
            expect(nameExists(name) && nameExists(name + "-2"), "the names are there while the creator lives")
            end(creator)
            try creator.join()
            expectGone(guardian, ending)
            expect(!nameExists(name) && !nameExists(name + "-2"), "names are left after \(ending)")
        }
    }

    scenario("aNameGoesAtANormalExitBeforeTheProcessHasEnded") {
        let name = freshName()
        fflush(nil)
        let creator = fork()
        if creator == 0 {
            _ = try? guarded(name)
            // As at the end of `main`; the object's own deinitializer does nothing.
            exit(nameExists(name) ? 0 : 1)
        }
        var status: Int32 = 0
        waitpid(creator, &status, 0)
        expectEqual(status, 0)
        expect(!nameExists(name), "the name is left")
    }

    scenario("childrenMayUseANameUntilTheirParentHasWaitedForThem") {
        let (name, wasThere) = (freshName(), SharedCounter())
        fflush(nil)
        let creator = fork()
        if creator == 0 {
            let child = Process {
                usleep(100_000)
                wasThere.set(nameExists(name) ? 1 : 2)
            }
            try? child.start()
            _ = try? guarded(name)
            exit(0)
        }
        waitpid(creator, nil, 0)
        expectEqual(wasThere.value, 1)
        expect(!nameExists(name), "the name is left")
    }

    scenario("aNameGoesWhenAForkedCreatorReturns") {
        let name = freshName()
        try inChild { withExtendedLifetime(try guarded(name)) {} }
        expect(eventually { !nameExists(name) }, "the name is left")
    }

    scenario("aGuardianEndsWithTheLastNameAndIsReaped") {
        for _ in 0..<20 {
            let blocks = try (0..<3).map { _ in try SharedMemory(byteCount: 10, unlinksWhenCreatorEnds: true) }
            expectEqual(ProcessRecord.children(of: getpid()).count, 1)
            for block in blocks { try block.unlink() }
            expectEqual(ProcessRecord.children(of: getpid()).count, 0)
            expectEqual(waitpid(-1, nil, Int32(WNOHANG)), -1)
        }
        try expectNoGrowth(warmUp: 2, turns: 30) { _ in try guarded(freshName()).unlink() }
    }

    scenario("aGuardianKeepsOnlyASocketOfItsCreator") {
        let queue = try Queue<Int>()
        let memory = try guarded(freshName())
        let pid = try guardian(of: getpid())
        expect(eventually { namesIn("/proc/\(pid)/fd").count == 5 }, "\(namesIn("/proc/\(pid)/fd")) are open")
        let isUnmapped = eventually { textOf("/proc/\(pid)/maps")?.contains(queueFileName) == false }
        expect(isUnmapped, "it has the creator's shared memory")
        expectEqual(getsid(pid), pid)
        expectEqual(ProcessRecord(pid)?.name, "name guardian")
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE] { kill(pid, number) }
        try memory.unlink()
        expect(ProcessRecord(pid) == nil, "it has not ended")
        try queue.put(1)
    }

    scenario("aNameThatAnotherProcessHasMadeAgainIsNotRemoved") {
        let name = freshName()
        let (creator, guardian) = try creatorAndGuardian(of: name)
        try SharedMemory(attach: name).unlink()
        let again = try SharedMemory(create: name, byteCount: 20)
        try kill(creator)
        expectGone(guardian, "kill")
        expectEqual(try SharedMemory(attach: name).byteCount, 20)
        try again.unlink()
    }

    scenario("aNameThatExistsStaysWithItsOwner") {
        let (name, tried) = (freshName(), Doorbell())
        let memory = try SharedMemory(create: name, byteCount: 20)
        let creator = Process {
            let other = try guarded(name + "-2")
            expectEqual(expectThrows(.systemCallFailed) { try guarded(name) }?.errno, .fileExists)
            tried.ring()
            withExtendedLifetime(other) { pauseForever() }
        }
        try creator.start()
        expect(tried.wait(), "nothing was tried")
        let guardian = try guardian(of: creator.pid)
        try kill(creator)
        expectGone(guardian, "kill")
        expect(nameExists(name) && !nameExists(name + "-2"), "the wrong name was taken away")
        try memory.unlink()
        // If it is the only name, there is nothing left to guard.
        let again = try SharedMemory(create: name, byteCount: 20)
        expectThrows(.systemCallFailed) { try guarded(name) }
        expectEqual(ProcessRecord.children(of: getpid()).count, 0)
        try again.unlink()
    }

    scenario("killsAtRandomMomentsLeaveNoName") {
        var random = SeededGenerator(seed: printedSeed())
        let prefix = freshName()
        for round in 0..<60 {
            let started = Doorbell()
            let creator = Process {
                // A name that stays keeps the guardian from ending each time.
                let first = try guarded("\(prefix)-\(round)")
                started.ring()
                for turn in 0... {
                    let memory = try guarded("\(prefix)-\(round)-\(turn)")
                    if turn % 3 == 0 { try memory.unlink() }
                    if turn == 200 { withExtendedLifetime(first) { pauseForever() } }
                }
            }
            try creator.start()
            if round % 2 == 0 { _ = started.wait() }
            usleep(.random(in: 0...3000, using: &random))
            try kill(creator)
        }
        let areGone = eventually(within: .seconds(10)) { !namesIn("/dev/shm").contains { $0.hasPrefix(prefix) } }
        expect(areGone, "left: \(namesIn("/dev/shm").filter { $0.hasPrefix(prefix) })")
    }

    scenario("aGuardianIgnoresAllSignalsThatMayBeIgnored") {
        let name = freshName()
        let (creator, guardian) = try creatorAndGuardian(of: name)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { kill(guardian, number) }
        usleep(20_000)
        expect(ProcessRecord(guardian).map { !$0.isZombie } ?? false, "it has ended")
        expect(nameExists(name), "the name is gone")
        try kill(creator)
        expectGone(guardian, "kill")
        expect(!nameExists(name), "the name is left")
    }

    scenario("aNameOfAProcessWithThreadsGoesWithItToo") {
        let (name, pipe) = (freshName(), try Pipe())
        let creator = Process {
            let thread = ExtraThread()
            let memory = try guarded(name)
            try pipe.second.send(getpid())
            withExtendedLifetime((thread, memory)) { pauseForever() }
        }
        try creator.start()
        _ = try pipe.first.receive(Int32.self)
        let guardian = try guardian(of: creator.pid)
        expect(nameExists(name), "the name is there while the creator lives")
        creator.kill()
        try creator.join()
        expectGone(guardian, "kill")
        expect(!nameExists(name), "the name is left")
    }

    scenario("aGuardianMayBeUsedFromAnotherThread") {
        let name = freshName()
        let first = try guarded(name)
        let worker = WorkerThread {
            let second = try guarded(name + "-2")
            try first.unlink()
            try second.unlink()
        }
        worker.join()
        expectOneThread()
        expectEqual(ProcessRecord.children(of: getpid()).count, 0)
    }

    scenario("memoryOfAParentIsUsedInAGrandchild") {
        let memory = try guarded(freshName())
        let child = Process {
            memory.bytes[0] = 1
            try inChild {
                memory.bytes[1] = memory.bytes[0] + 1
                try inChild { memory.bytes[2] = memory.bytes[1] + 1 }
            }
        }
        try child.start()
        expectEqual(try child.join(), .exited(0))
        expectEqual(Array(memory.bytes.prefix(3)), [1, 2, 3])
        try memory.unlink()
    }

    scenario("aGuardianThatWasKilledIsReplaced") {
        let (name, made) = (freshName(), Doorbell())
        let creator = Process {
            let first = try guarded(name)
            kill(try guardian(of: getpid()), SIGKILL)
            expect(eventually { ProcessRecord.children(of: getpid()).isEmpty }, "it lives")
            let second = try guarded(name + "-2")
            made.ring()
            withExtendedLifetime((first, second)) { pauseForever() }
        }
        try creator.start()
        expect(made.wait(), "nothing was made")
        try kill(creator)
        expect(eventually { !nameExists(name) && !nameExists(name + "-2") }, "names are left")
    }

    scenario("aForkedChildDoesNotTakeItsParentsNamesAway") {
        let (name, own) = (freshName(), freshName("-own"))
        let memory = try guarded(name)
        try inChild {
            memory.bytes[0] = 1
            let other = try guarded(own)
            expectEqual(ProcessRecord.children(of: getpid()).count, 1)
            try other.unlink()
            expectEqual(ProcessRecord.children(of: getpid()).count, 0)
        }
        let victim = Process { pauseForever() }
        try victim.start()
        try kill(victim)
        let attached = try SharedMemory(attach: name)
        expectEqual(attached.bytes[0], 1)
        try memory.unlink()
    }
}

private func guarded(_ name: String) throws(MultiprocessingError) -> SharedMemory {
    try SharedMemory(create: name, byteCount: 10, unlinksWhenCreatorEnds: true)
}

/// The guardian of a process, its only child.
private func guardian(of creator: Int32?) throws -> Int32 {
    let children = ProcessRecord.children(of: try require(creator))
    expectEqual(children.count, 1)
    return try require(children.first).pid
}

/// A process that has made a name and keeps running, and its guardian.
private func creatorAndGuardian(of name: String) throws -> (creator: Process, guardian: Int32) {
    let made = Doorbell()
    let creator = Process {
        let memory = try guarded(name)
        made.ring()
        withExtendedLifetime(memory) { pauseForever() }
    }
    try creator.start()
    expect(made.wait(), "nothing was made")
    return (creator, try guardian(of: creator.pid))
}

/// Waits until a process that is not a child of this one has ended.
private func expectGone(_ pid: Int32, _ when: String, file: StaticString = #fileID, line: UInt = #line) {
    let isGone = eventually(within: .seconds(10)) { ProcessRecord(pid)?.isZombie ?? true }
    expect(isGone, "the guardian lives on after \(when)", file: file, line: line)
}
