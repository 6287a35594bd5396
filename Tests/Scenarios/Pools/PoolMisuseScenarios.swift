@preconcurrency import Glibc
import Multiprocessing

func poolMisuseScenarios() {
    scenario("poolOfNoWorkersOrNoTasksIsAnInvalidState") {
        for workers in [0, -1] {
            expectThrows(.invalidState) { try Pool(processes: workers) { (number: Int) in number } }
        }
        for limit in [0, -1] {
            expectThrows(.invalidState) { try Pool(processes: 1, maxTasksPerWorker: limit) { (number: Int) in number } }
        }
    }
    scenario("poolUsedInAChildIsAnInvalidStateAndTheOwnersPoolWorksOn") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        for number in 0..<5 { try pool.submit(number) }
        try inChild {
            expectThrows(.invalidState) { try pool.map([1]) }
            expectThrows(.invalidState) { try pool.apply(1) }
            expectThrows(.invalidState) { try pool.submit(1) }
            expectThrows(.invalidState) { try pool.nextCompletion() }
            var results = pool.imap([1])
            expectThrows(.invalidState) { try results.next() }
            pool.close()
            pool.terminate()
        }
        expectEqual(try pool.map(0..<100), Array(0..<100))
        for _ in 0..<5 { expect(try pool.nextCompletion() != nil, "a completion is lost") }
        pool.close()
        try pool.join()
    }
    scenario("inheritedPoolDoesNotTouchThePoolThatTheChildMakes") {
        let pool = try Pool(processes: 2) { (number: Int) in number }
        try inChild {
            // The inherited pool's descriptors are closed here, so the new pool gets the same numbers.
            let own = try Pool(processes: 2) { (number: Int) in -number }
            pool.close()
            expectEqual(try Multiprocessing.wait(for: [own, pool], timeout: .milliseconds(20)), [])
            pool.terminate()
            expectEqual(try own.map(0..<100), (0..<100).map { -$0 })
            expectEqual(try own.apply(1), -1)
            own.close()
            try own.join()
        }
        expectEqual(try pool.map(0..<10), Array(0..<10))
    }
    scenario("poolThatGoesAwayInAChildLivesOnInItsOwner") {
        var pool: Pool<Int, Int>? = try Pool(processes: 1) { (number: Int) in number }
        try inChild { pool = nil }
        expectEqual(try pool?.map([1, 2]), [1, 2])
    }
    scenario("inputThatCannotBeEncodedIsAnErrorAndThePoolWorksOn") {
        let pool = try Pool(processes: 2) { (fickle: Fickle) in fickle.text }
        let (good, bad) = (Fickle(encodes: true), Fickle(encodes: false))
        let error = expectThrows(.encodingFailed) { try pool.submit(bad) }
        expectText(of: error, contains: "the tea went cold")
        expectThrows(.encodingFailed) { try pool.apply(bad) }
        expectThrows(.encodingFailed) { try pool.map([good, good, bad, good]) }
        expect(try pool.nextCompletion() == nil, "a task that was never handed in counts as under way")
        var results = pool.imap([good, bad, good], inFlight: 1)
        expectEqual(try results.next(), "fickle")
        expectThrows(.encodingFailed) { try results.next() }
        expectEqual(try results.next(), "fickle")
        expectEqual(try results.next(), nil)
        expectEqual(try pool.map([good, good]), ["fickle", "fickle"])
        pool.close()
        try pool.join()
    }
    scenario("inputThatCannotBeEncodedKeepsItsPlaceAmongTheOutputsOfImap") {
        let pool = try Pool(processes: 2) { (fickle: Fickle) in fickle.text }
        let inputs = (0..<6).map { Fickle(encodes: $0 != 3) }
        var results = pool.imap(inputs)
        for number in 0..<6 {
            if number == 3 {
                expectEqual(expectThrows(.encodingFailed) { try results.next() }?.task, 3)
            } else {
                expectEqual(try results.next(), "fickle", "output \(number):")
            }
        }
        expectEqual(try results.next(), nil)
    }
}
