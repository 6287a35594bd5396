@preconcurrency import Glibc
import Multiprocessing

/// The part of the crash matrix that happens in the front, which encodes the tasks and decodes the results.
func frontCrashScenarios() {
    scenario("thrownErrorWhileATaskIsEncodedIsAnErrorAtTheCaller") {
        let pool = try parcelPool()
        let pending = try (0..<20).map { try pool.applyAsync(Parcel(number: $0)) }
        let bad = Parcel(number: 50, crash: .thrownError, stage: .theTaskIsEncoded)
        let start = ContinuousClock.now
        let calls: [() throws -> Void] = [
            { _ = try pool.map([bad]) }, { _ = try pool.map([Parcel(number: 1), bad], chunkSize: 2) },
            { _ = try pool.apply(bad) }, { _ = try pool.applyAsync(bad) }, { _ = try pool.mapAsync([bad]) },
            { try pool.submit(bad) },
            {
                var results = pool.imap([bad])
                _ = try results.next()
            },
            {
                var results = pool.imapUnordered([bad], chunkSize: 2)
                _ = try results.next()
            },
        ]
        for call in calls {
            expectText(of: expectThrows(.encodingFailed) { try call() }, contains: "the tea went cold")
        }
        for (number, result) in pending.enumerated() { expectEqual(try result.get().number, number) }
        expectEqual(try pool.map([Parcel(number: 7)]).map(\.number), [7])
        pool.close()
        try pool.join()
        expectPrompt(since: start)
    }
    scenario("thrownErrorWhileAResultIsDecodedIsATypedErrorOfThatTaskOnly") {
        let pool = try parcelPool()
        let bad = Parcel(number: 17, crash: .thrownError, stage: .theResultIsDecoded)
        let results = try (0..<40).map { try pool.applyAsync($0 == 17 ? bad : Parcel(number: $0)) }
        let start = ContinuousClock.now
        for (number, result) in results.enumerated() {
            if number == 17 {
                let error = expectThrows(.decodingFailed) { try result.get() }
                expectEqual(error?.task, 18)
                expectText(of: error, contains: "the tea went cold")
            } else {
                expectEqual(try result.get().number, number)
            }
        }
        expectEqual(expectThrows(.decodingFailed) { try pool.map([Parcel(number: 1), bad]) }?.task, 1)
        pool.close()
        try pool.join()
        expectPrompt(since: start)
    }
    for crash in Crash.allCases where crash != .thrownError {
        for stage in [Stage.theTaskIsEncoded, .theResultIsDecoded] {
            scenario("\(crash)While\(stage.capitalized)EndsTheFrontAndLeavesNothing") {
                try expectEndOfFront(crash, stage)
            }
        }
    }
}

/// Runs a front that ends itself while a worker runs a task that never ends, and expects everything to end with it.
private func expectEndOfFront(_ crash: Crash, _ stage: Stage) throws {
    let (begun, lifeline) = (Doorbell(), Lifeline())
    let front = Process {
        let pool = try parcelPool { number in
            if number == -1 {
                begun.ring()
                pauseForever()
            }
        }
        try pool.submit(Parcel(number: -1))
        expect(begun.wait(), "the worker did not begin")
        _ = try pool.map((0..<20).map { $0 == 7 ? Parcel(number: 7, crash: crash, stage: stage) : Parcel(number: $0) })
        expect(false, "the front lives on")
    }
    try front.start()
    let start = ContinuousClock.now
    expectEqual(try front.join(timeout: .seconds(20)), crash.status)
    expect(lifeline.allEnded(), "processes outlive the front")
    expectPrompt(since: start)
}
