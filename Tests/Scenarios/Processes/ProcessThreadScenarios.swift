@preconcurrency import Glibc
import Multiprocessing

func processThreadScenarios() {
    scenario("startWithASecondThreadIsRefusedAndWorksOnceTheThreadHasEnded") {
        let thread = ExtraThread()
        let child = Process {}
        let error = expectThrows(.multipleThreads) { try child.start() }
        expectText(of: error, contains: "2")
        expectEqual(child.pid, nil)
        expect(Process.activeChildren.isEmpty, "a child that was never started")
        thread.join()
        try child.start()
        expectEqual(try child.join(), .exited(0))
    }
    scenario("poolWithASecondThreadIsRefusedAndLeavesNothing") {
        let thread = ExtraThread()
        let (descriptors, mappings) = (openDescriptors(), mappingCount())
        for _ in 0..<20 {
            expectThrows(.multipleThreads) { try Pool(processes: 2) { (number: Int) in number } }
            expectThrows(.multipleThreads) { try Pool<Int, Int>.with(processes: 2, { $0 }) { try $0.map([1]) } }
        }
        expectEqual(openDescriptors(), descriptors)
        expect(mappingCount() <= mappings + 2, "mappings are left")
        thread.join()
    }
    scenario("poolMadeBeforeTheFirstThreadReplacesItsWorkersAfterwards") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int32 in
            if number < 0 { raise(SIGKILL) }
            return getpid()
        }
        let before = Set(try pool.map(0..<50))
        let thread = ExtraThread()
        for child in ProcessRecord.children(of: pool.managerPID) {
            kill(child.pid, SIGKILL)
        }
        let after = Set(try pool.map(0..<50))
        expect(before.isDisjoint(with: after), "a killed worker works on: \(before) \(after)")
        expectThrows(.workerDied) { try pool.apply(-1) }
        expectEqual(try pool.map(0..<50).count, 50)
        pool.close()
        try pool.join()
        thread.join()
    }
    scenario("processThatHasNoDescriptorLeftFailsAndLeavesNothing") {
        withSpareDescriptors(0) {
            let child = Process {}
            expectThrows(.systemCallFailed) { try child.start() }
            expectThrows(.systemCallFailed) { try Pipe() }
            expectThrows(.systemCallFailed) { try SlotArena(slotCount: 1, slotBytes: 1) }
        }
        let child = Process {}
        try child.start()
        expectEqual(try child.join(), .exited(0))
    }
    scenario("poolThatHasNoDescriptorLeftFailsAndLeavesNothing") {
        // Not enough for the channel, for the manager's sentinel, for the workers; finally enough.
        var made = 0
        for spare in 0..<12 {
            let lifeline = Lifeline()
            let pool = withSpareDescriptors(Int32(spare)) {
                try? Pool(processes: 2) { (number: Int) in number }
            }
            made += pool == nil ? 0 : 1
            if let pool {
                do {
                    expectEqual(try pool.map(0..<4), [0, 1, 2, 3])
                } catch let error as MultiprocessingError {
                    expectEqual(error.code, .managerDied, "\(error);")
                    expectText(of: error, contains: "Too many open files")
                }
                pool.terminate()
            }
            expect(lifeline.allEnded(), "processes are left with \(spare) spare descriptors")
        }
        expect(made > 0 && made < 12, "\(made) of 12 pools could be made")
    }
}

/// Allows this process, and what it forks in the body, only this many more descriptors.
private func withSpareDescriptors<Result>(_ spare: Int32, _ body: () throws -> Result) rethrows -> Result {
    let next = dup(0)
    close(next)
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var original = rlimit()
    getrlimit(resource, &original)
    var lowered = rlimit(rlim_cur: rlim_t(next + spare), rlim_max: original.rlim_max)
    setrlimit(resource, &lowered)
    defer { setrlimit(resource, &original) }
    return try body()
}
