@preconcurrency import Glibc
import Multiprocessing

/// 0, 1, 2, … without end; counts how many were taken.
private final class Inputs: Sequence, IteratorProtocol {
    private(set) var taken = 0

    func next() -> Int? {
        taken += 1
        return taken - 1
    }
}

func iteratorScenarios() {
    scenario("imapGivesOutputsInOrder") {
        let pool = try Pool(processes: 4) { (number: Int) -> Int in
            usleep(UInt32(number * 7919 % 300))
            return number
        }
        var results = pool.imap(0..<500)
        for number in 0..<500 {
            expectEqual(try results.next(), number)
        }
        expectEqual(try results.next(), nil)
        expectEqual(try results.next(), nil)
    }
    scenario("imapOfAnInfiniteSequenceTakesOnlyWhatIsUsed") {
        let pool = try Pool(processes: 2) { (number: Int) in number * 2 }
        let inputs = Inputs()
        var results = pool.imap(inputs, inFlight: 10)
        expectEqual(inputs.taken, 0, "taken before the first is asked for:")
        for number in 0..<1000 {
            expectEqual(try results.next(), number * 2)
            expect(inputs.taken <= number + 10, "\(inputs.taken) inputs were taken for \(number + 1) outputs")
        }
    }
    scenario("imapIsBoundedByDefaultToo") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        let (ordered, unordered) = (Inputs(), Inputs())
        var results = pool.imap(ordered)
        var anyResults = pool.imapUnordered(unordered)
        for _ in 0..<100 {
            _ = try results.next()
            _ = try anyResults.next()
        }
        expect(ordered.taken <= 100 + 128, "\(ordered.taken) inputs were taken for 100 outputs")
        expect(unordered.taken <= 100 + 128, "\(unordered.taken) inputs were taken for 100 outputs")
        // With short tasks and small outputs there may be more, but not without bound.
        for _ in 100..<10_000 { _ = try results.next() }
        expect(ordered.taken <= 10_000 + 512, "\(ordered.taken) inputs were taken for 10,000 outputs")
    }
    scenario("imapOfLargeOutputsKeepsFewOfThem") {
        let pool = try Pool(processes: 2) { (_: Int) in [UInt8](repeating: 1, count: 4096) }
        let inputs = Inputs()
        var results = pool.imap(inputs)
        for _ in 0..<5000 { _ = try results.next() }
        expect(inputs.taken <= 5000 + 128, "\(inputs.taken) inputs were taken for 5,000 outputs")
    }
    scenario("imapGivesTheFirstOutputBeforeTheLastInputIsThere") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        var results = pool.imap(0..<3, inFlight: 1)
        expectEqual(try results.next(), 0)
        expectEqual(try results.next(), 1)
        expectEqual(try results.next(), 2)
        expectEqual(try results.next(), nil)
    }
    scenario("imapUnorderedGivesAllOnce") {
        let pool = try Pool(processes: 4) { (number: Int) -> Int in
            usleep(UInt32(number * 7919 % 300))
            return number
        }
        var results = pool.imapUnordered(0..<500)
        var seen: [Int] = []
        while let number = try results.next() { seen.append(number) }
        expectEqual(seen.sorted(), Array(0..<500))
    }
    scenario("imapUnorderedDoesNotWaitForASlowFirst") {
        let go = Doorbell()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 0 { expect(go.wait(), "no ring came") }
            return number
        }
        var results = pool.imapUnordered(0..<20)
        var seen: [Int?] = []
        for _ in 1..<20 { seen.append(try results.next()) }
        expectEqual(Set(seen), Set(1..<20))
        go.ring()
        expectEqual(try results.next(), 0)
        expectEqual(try results.next(), nil)
    }
    scenario("imapGoesOnAfterATaskThatThrows") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number % 3 == 1 { throw Mishap(description: "no \(number)") }
            return number
        }
        var results = pool.imap(0..<9)
        for number in 0..<9 {
            if number % 3 == 1 {
                let error = expectThrows(.taskFailed) { try results.next() }
                expectEqual(error?.task, UInt64(number))
                expectText(of: error, contains: "no \(number)")
            } else {
                expectEqual(try results.next(), number)
            }
        }
        expectEqual(try results.next(), nil)
    }
    scenario("iteratorsOfOnePoolMayBeUsedByTurns") {
        let pool = try Pool(processes: 2) { (number: Int) in -number }
        var (first, second) = (pool.imap(0..<100), pool.imap(1000..<1100))
        for number in 0..<100 {
            expectEqual(try first.next(), -number)
            expectEqual(try second.next(), -1000 - number)
            if number % 10 == 0 { expectEqual(try pool.map([number]), [-number]) }
        }
    }
    scenario("iteratorThatIsLeftInTheMiddleDoesNotDisturbThePool") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        for _ in 0..<20 {
            var results = pool.imap(Inputs())
            expectEqual(try results.next(), 0)
        }
        expectEqual(try pool.map(0..<100), Array(0..<100))
        expect(try pool.nextCompletion(timeout: .zero) == nil, "an iterator's result came from nextCompletion")
        pool.close()
        try pool.join()
    }
    scenario("iteratorOfATerminatedPoolFailsAndDoesNotHang") {
        try inChild {
            // The first has inputs left to submit, the second only results to wait for.
            for inFlight in [5, 100] {
                let pool = try Pool(processes: 2) { (number: Int) -> Int in
                    if number > 0 { pauseForever() }
                    return number
                }
                var results = pool.imap(0..<10, inFlight: inFlight)
                expectEqual(try results.next(), 0)
                pool.terminate()
                expectThrows(.invalidState) { try results.next() }
                expectThrows(.invalidState) { try results.next() }
            }
        }
    }
}
