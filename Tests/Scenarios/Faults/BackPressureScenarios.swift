@preconcurrency import Glibc
import Multiprocessing

func backPressureScenarios() {
    scenario("resultLargerThanTheSocketWaitsForAFrontThatDoesNotRead") {
        let done = Doorbell()
        let pool = try Pool(processes: 2) { (count: Int) -> [UInt8] in
            defer { done.ring() }
            return pattern(count)
        }
        for _ in 0..<4 { try pool.submit(8 << 20) }
        for _ in 0..<2 { expect(done.wait(), "a worker waits for the front before its first result") }
        var seen = 0
        while let completion = try pool.nextCompletion(timeout: .seconds(30)) {
            expect(try isSame(completion.result.get(), pattern(8 << 20)), "another result")
            seen += 1
        }
        expectEqual(seen, 4)
    }
    scenario("resultsThatTheFrontDoesNotReadTakeBoundedMemory") {
        let begun = SharedCounter()
        let pool = try Pool(processes: 2) { (number: Int) -> [UInt8] in
            begun.add(1)
            return [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 256 << 10)
        }
        for number in 0..<1000 { try pool.submit(number) }
        // They continue until one has to wait, which is visible only in that nothing more happens.
        var (last, quietTurns) = (-1, 0)
        while quietTurns < 30 {
            usleep(10_000)
            quietTurns = begun.value == last ? quietTurns + 1 : 0
            last = begun.value
        }
        expect((1..<300).contains(last), "\(last) tasks of 1,000 ran while no result was taken")
        for worker in ProcessRecord.children(of: pool.managerPID) {
            let peak = try require(kibibytes("VmHWM", of: worker.pid))
            expect(peak < 64 << 10, "a worker took \(peak) KiB")
        }
        var seen = 0
        while let completion = try pool.nextCompletion(timeout: .seconds(30)) {
            let bytes = try completion.result.get()
            let expected = [UInt8](repeating: UInt8(truncatingIfNeeded: completion.task - 1), count: 256 << 10)
            expect(isSame(bytes, expected), "task \(completion.task) has another's result")
            seen += 1
        }
        expectEqual(seen, 1000)
        let peak = try require(kibibytes("VmHWM", of: pool.managerPID))
        expect(peak < 64 << 10, "the manager took \(peak) KiB")
    }
    scenario("frontThatDoesNotReadUsesNoProcessorTimeInTheManager") {
        let pool = try Pool(processes: 2) { (_: Int) in [UInt8](repeating: 1, count: 1 << 20) }
        for number in 0..<200 { try pool.submit(number) }
        expect(eventually { processorTicks(of: pool.managerPID) == afterPause(pool.managerPID) }, "the manager spins")
        // Nor when a worker dies meanwhile, whose channel is then at its end.
        for worker in ProcessRecord.children(of: pool.managerPID) { kill(worker.pid, SIGKILL) }
        expect(eventually { processorTicks(of: pool.managerPID) == afterPause(pool.managerPID) }, "the manager spins")
        var seen = 0
        while let completion = try pool.nextCompletion(timeout: .seconds(30)) {
            expectEqual(try completion.result.get().count, 1 << 20)
            seen += 1
        }
        expectEqual(seen, 200)
    }
    scenario("idlePoolUsesNoProcessorTime") {
        let pool = try Pool(processes: 3) { (number: Int) in number }
        _ = try pool.map(0..<1000)
        let all = [pool.managerPID] + ProcessRecord.children(of: pool.managerPID).map(\.pid)
        for pid in all {
            expect(eventually { processorTicks(of: pid) == afterPause(pid) }, "an idle process spins")
        }
    }
}

/// Processor time in hundredths of a second.
func processorTicks(of pid: Int32) -> Int? {
    guard let stat = textOf("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
    let fields = stat[end...].dropFirst(2).split(separator: " ")
    guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return nil }
    return user + system
}

private func afterPause(_ pid: Int32) -> Int? {
    usleep(100_000)
    return processorTicks(of: pid)
}
