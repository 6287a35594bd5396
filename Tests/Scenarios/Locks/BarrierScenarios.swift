@preconcurrency import Glibc
import Multiprocessing

/// Starts parties that wait once, and returns when they are asleep; each exits with 0 if it met the others, with 1 if
/// the barrier was broken.
private func startParties(_ count: Int, at barrier: Barrier, timeout: Duration? = nil) throws -> [Process] {
    try (0..<count).map { number in
        let child = Process {
            do {
                try barrier.wait(timeout: timeout)
            } catch let error as MultiprocessingError {
                expect(error.code == .brokenBarrier, "thrown was \(error)")
                Process.exit(1)
            }
        }
        try child.start()
        expect(eventually(within: .seconds(20)) { barrier.waitingCount == number + 1 }, "the party does not wait")
        expectAsleep(child)
        return child
    }
}

private func expectEnds(
    _ parties: [Process], _ status: ExitStatus, file: StaticString = #fileID, line: UInt = #line
) throws {
    for party in parties {
        let seen = try party.join(timeout: .seconds(20))
        if seen == nil {
            party.kill()
            try party.join()
        }
        expectEqual(seen, status, file: file, line: line)
    }
}

func barrierScenarios() {
    scenario("partiesMeetAHundredTimesAndHaveDifferentNumbersEachTime") {
        let (parties, meetings) = (4, 100)
        let barrier = try Barrier(parties: parties)
        let arrivals = try SharedArray<Int>(count: meetings)
        let numbers = try SharedArray<Int>(count: meetings)
        try expectAllEndWell(
            startProcesses(parties) { _ in
                for meeting in 0..<meetings {
                    arrivals.withLock { $0[meeting] += 1 }
                    let number = try barrier.wait(timeout: .seconds(20))
                    expectEqual(arrivals[meeting], parties, "all have come;")
                    numbers.withLock { $0[meeting] |= 1 << number }
                }
            }, within: .seconds(60))
        expectEqual(numbers.values, Array(repeating: 0b1111, count: meetings))
        expectEqual(barrier.waitingCount, 0)
        expect(!barrier.isBroken, "it is broken")
    }
    scenario("barrierSaysHowManyWait") {
        let barrier = try Barrier(parties: 3)
        expectEqual(barrier.parties, 3)
        expectEqual(barrier.waitingCount, 0)
        let others = try startParties(2, at: barrier)
        expectEqual(try barrier.wait(), 2)
        expectEqual(barrier.waitingCount, 0)
        try expectEnds(others, .exited(0))
    }
    scenario("barrierHasATimeoutForAllWaits") {
        let (way, barrier) = (try Pipe(), try Barrier(parties: 2, timeout: .milliseconds(50)))
        expectEqual(try Barrier(parties: 2).timeout, nil)
        try way.first.send(barrier)
        for barrier in [barrier, try way.second.receive(Barrier.self)] {
            expectEqual(barrier.timeout, .milliseconds(50))
            expectTakes(atLeast: .milliseconds(50)) { expectThrows(.brokenBarrier) { try barrier.wait() } }
            try barrier.reset()
        }
        // A wait with its own timeout uses that.
        let child = Process { try barrier.wait(timeout: .seconds(20)) }
        try child.start()
        usleep(200_000)
        expect(!barrier.isBroken, "the barrier's own time was taken")
        try barrier.wait()
        try expectAllEndWell([child])
    }
    scenario("barrierForOnePartyLetsItThroughAndForNoneIsRefused") {
        let barrier = try Barrier(parties: 1)
        for _ in 0..<100 { expectEqual(try barrier.wait(timeout: .zero), 0) }
        for parties in [0, -1, Int.max] {
            expectThrows(.invalidState) { try Barrier(parties: parties) }
        }
    }
    scenario("actionRunsOncePerMeetingBeforeAnyPartyContinues") {
        let (runs, parties) = (SharedCounter(), 3)
        let barrier = try Barrier(parties: parties) { runs.add(1) }
        try expectAllEndWell(
            startProcesses(parties) { _ in
                for meeting in 0..<50 {
                    let number = try barrier.wait(timeout: .seconds(20))
                    expect(runs.value >= meeting + 1, "the action has not run")
                    expect(number < parties, "\(number)")
                    // No party can be two meetings ahead.
                    expect(runs.value <= meeting + 2, "\(runs.value) runs at meeting \(meeting)")
                }
            }, within: .seconds(60))
        expectEqual(runs.value, 50)
    }
    scenario("actionThatThrowsBreaksTheBarrierForAll") {
        let barrier = try Barrier(parties: 3) { throw Mishap() }
        let others = try startParties(2, at: barrier)
        let error = expectThrows(.brokenBarrier) { try barrier.wait() }
        expectText(of: error, contains: "the tea went cold")
        try expectEnds(others, .exited(1))
        expect(barrier.isBroken, "it is not broken")
    }
    scenario("actionMayLookAtItsBarrierAndBreakIt") {
        let holder = BarrierHolder()
        let barrier = try Barrier(parties: 2) {
            expectEqual(holder.barrier?.waitingCount, 0)
            expectEqual(holder.barrier?.isBroken, false)
            try holder.barrier?.abort()
        }
        holder.barrier = barrier
        let others = try startParties(1, at: barrier)
        expectThrows(.brokenBarrier) { try barrier.wait() }
        try expectEnds(others, .exited(1))
        holder.barrier = nil
    }
    scenario("timeoutBreaksTheBarrierForAll") {
        let barrier = try Barrier(parties: 4)
        let others = try startParties(2, at: barrier)
        expectTakes(atLeast: .milliseconds(150)) {
            let error = expectThrows(.brokenBarrier) { try barrier.wait(timeout: .milliseconds(150)) }
            expectText(of: error, contains: "time")
        }
        try expectEnds(others, .exited(1))
        expect(barrier.isBroken, "it is not broken")
        expectThrows(.brokenBarrier) { try barrier.wait() }
        expectEqual(barrier.waitingCount, 0)
        try barrier.reset()
        expect(!barrier.isBroken, "it is broken")
        let again = try startParties(3, at: barrier)
        expectEqual(try barrier.wait(timeout: .seconds(20)), 3)
        try expectEnds(again, .exited(0))
    }
    scenario("abortAndResetEndAllWaitsWithAnError") {
        let barrier = try Barrier(parties: 3)
        var others = try startParties(2, at: barrier)
        try barrier.abort()
        try expectEnds(others, .exited(1))
        expect(barrier.isBroken, "it is not broken")
        expectThrows(.brokenBarrier) { try barrier.wait(timeout: .seconds(20)) }
        try barrier.reset()
        others = try startParties(2, at: barrier)
        try barrier.reset()
        try expectEnds(others, .exited(1))
        expect(!barrier.isBroken, "it is broken")
        others = try startParties(2, at: barrier)
        expectEqual(try barrier.wait(), 2)
        try expectEnds(others, .exited(0))
    }
    scenario("partyThatIsStoppedIsNotTakenForOneOfALaterMeeting") {
        let barrier = try Barrier(parties: 2)
        let slow = try startParties(1, at: barrier)
        stop(slow[0])
        expectEqual(try barrier.wait(), 1)
        // The slow party has not left the first meeting when the second is broken.
        expectThrows(.brokenBarrier) { try barrier.wait(timeout: .milliseconds(20)) }
        try barrier.reset()
        expectThrows(.brokenBarrier) { try barrier.wait(timeout: .milliseconds(20)) }
        goOn(slow[0])
        try expectEnds(slow, .exited(0))
    }
    scenario("partyThatArrivesDuringTheActionJoinsTheNextMeeting") {
        let (begun, go) = (Doorbell(), Doorbell())
        let barrier = try Barrier(parties: 2) {
            begun.ring()
            expect(go.wait(), "no ring came")
        }
        let first = try startParties(1, at: barrier)
        let last = Process { try barrier.wait() }
        try last.start()
        expect(begun.wait(), "the action has not begun")
        expectEqual(barrier.waitingCount, 0)
        let next = try startParties(1, at: barrier)
        go.ring()
        try expectEnds(first + [last], .exited(0))
        expectEqual(barrier.waitingCount, 1)
        expectEqual(try next[0].join(timeout: .zero), nil)
        go.ring()
        expectEqual(try barrier.wait(), 1)
        try expectEnds(next, .exited(0))
    }
    scenario("moreProcessesThanPartiesMeetInTurn") {
        let barrier = try Barrier(parties: 2)
        // The total number of arrivals is even, so no party is left over.
        let arrivals = SharedCounter()
        try expectAllEndWell(
            startProcesses(4) { _ in
                while arrivals.add(1) <= 800 { try barrier.wait(timeout: .seconds(20)) }
            }, within: .seconds(60))
        expectEqual(barrier.waitingCount, 0)
    }
}

/// An action that has a reference to its barrier.
private final class BarrierHolder {
    var barrier: Barrier?
}

func barrierDeathScenarios() {
    scenario("partyKilledWhileItWaitsBreaksTheBarrierEvenForThoseWithoutATimeout") {
        let barrier = try Barrier(parties: 4)
        for _ in 0..<3 {
            let others = try startParties(3, at: barrier)
            let start = ContinuousClock.now
            try killAndReap(others[1])
            try expectEnds([others[0], others[2]], .exited(1))
            expectPrompt(since: start)
            expect(barrier.isBroken, "it is not broken")
            expectThrows(.brokenBarrier) { try barrier.wait() }
            try barrier.reset()
        }
        let others = try startParties(3, at: barrier)
        expectEqual(try barrier.wait(), 3)
        try expectEnds(others, .exited(0))
    }
    scenario("newcomerNoticesAPartyThatWasKilledBeforeItCame") {
        let barrier = try Barrier(parties: 2)
        let others = try startParties(1, at: barrier)
        try killAndReap(others[0])
        expectThrows(.brokenBarrier) { try barrier.wait() }
    }
    scenario("partyKilledElsewhereBreaksTheBarrierOnATimeout") {
        let barrier = try Barrier(parties: 3)
        let absent = Process { raise(SIGKILL) }
        try absent.start()
        try absent.join()
        let others = try startParties(1, at: barrier)
        expectThrows(.brokenBarrier) { try barrier.wait(timeout: .milliseconds(50)) }
        try expectEnds(others, .exited(1))
    }
    scenario("partyKilledInTheActionBreaksTheBarrier") {
        let begun = Doorbell()
        let barrier = try Barrier(parties: 3) {
            begun.ring()
            pauseForever()
        }
        let others = try startParties(2, at: barrier)
        let last = Process { try barrier.wait() }
        try last.start()
        expect(begun.wait(), "the action has not begun")
        expectEqual(barrier.isBroken, false)
        try killAndReap(last)
        try expectEnds(others, .exited(1))
    }
    scenario("timeoutDuringTheActionBreaksTheBarrierForItsRunnerToo") {
        let (begun, go) = (Doorbell(), Doorbell())
        let barrier = try Barrier(parties: 2) {
            begun.ring()
            expect(go.wait(), "no ring came")
        }
        let others = try startParties(1, at: barrier, timeout: .seconds(1))
        let last = Process { expectThrows(.brokenBarrier) { try barrier.wait() } }
        try last.start()
        expect(begun.wait(), "the action has not begun")
        try expectEnds(others, .exited(1))
        go.ring()
        try expectAllEndWell([last])
    }
}
