@preconcurrency import Glibc
import Multiprocessing

/// A file that this program removes when it exits.
nonisolated(unsafe) private var temporaryPath = ""

/// Each must be reported as a failure.
///
/// A leak check that has never found a leak proves nothing.
func leakScenarios() {
    scenario("aFailedExpectationIsReported") {
        expectEqual(1 + 1, 3)
    }
    scenario("aThrownErrorIsReported") {
        throw Mishap()
    }
    scenario("aFailedExpectationOfAGrandchildIsReported") {
        let child = Process {
            let grandchild = Process { expect(false, "the grandchild is not content") }
            try grandchild.start()
            try grandchild.join()
        }
        try child.start()
        try child.join()
    }
    scenario("aChildThatIsLeftIsReported") {
        if fork() == 0 { pauseForever() }
    }
    scenario("aChildThatNobodyWaitedForIsReported") {
        if fork() == 0 { _exit(0) }
        var information = siginfo_t()
        waitid(P_ALL, 0, &information, WEXITED | WNOWAIT)
    }
    scenario("aDescendantThatIsLeftIsReported") {
        let child = Process {
            if fork() == 0 { pauseForever() }
        }
        try child.start()
        try child.join()
    }
    scenario("aDescriptorThatIsLeftIsReported") {
        _ = dup(0)
    }
    scenario("aNameThatIsLeftInSharedMemoryIsReported") {
        let path = "/dev/shm/poolmap-scenario-\(getpid())"
        fclose(try require(fopen(path, "w")))
        // Removed only after the harness has checked.
        temporaryPath = path
        atexit { unlink(temporaryPath) }
    }
    scenario("aThreadThatIsLeftIsReported") {
        _ = Unmanaged.passRetained(ExtraThread())
    }
    scenario("aMappingLeftByEachTurnOfALoopIsReported") {
        try expectNoGrowth(warmUp: 5, turns: 100) { _ in
            // Alternating protections, because the kernel merges equal neighbours into one mapping.
            for protection in [PROT_READ, PROT_READ | PROT_WRITE] {
                _ = mmap(nil, 4096, protection, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
            }
        }
    }
}

/// Repeats the body and expects the numbers of descriptors and mappings not to grow.
func expectNoGrowth(
    warmUp: Int, turns: Int, file: StaticString = #fileID, line: UInt = #line, _ body: (Int) throws -> Void
) throws {
    for turn in 0..<warmUp {
        try body(turn)
    }
    let (descriptors, mappings) = (openDescriptors().count, mappingCount())
    for turn in 0..<turns {
        try body(turn)
    }
    expectEqual(openDescriptors().count, descriptors, "descriptors after \(turns) turns:", file: file, line: line)
    // The allocator may map and unmap memory, but not in every turn.
    let growth = mappingCount() - mappings
    expect(growth < turns / 4, "\(growth) more mappings after \(turns) turns", file: file, line: line)
}
