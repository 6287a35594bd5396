@preconcurrency import Glibc
import Multiprocessing

/// Things that `concurrent.futures` lets programs do with futures, done with results.
func resultHabitScenarios() {
    scenario("aResultPassedSeveralTimesIsReturnedAsOften") {
        let go = Doorbell()
        let pool = try Pool(processes: 1) { (number: Int) -> Int in
            expect(go.wait(), "no ring came")
            return number
        }
        let result = try pool.applyAsync(1)
        let thrice = [result, result, result]
        expectEqual(try waitAny(thrice, timeout: .milliseconds(20)), [])
        expect(try !waitAll(thrice, timeout: .milliseconds(20)), "it is not done")
        go.ring()
        expectEqual(asCompleted(thrice).map(\.position).sorted(), [0, 1, 2])
        expectEqual(try waitAny(thrice), [0, 1, 2])
        expect(try waitAll(thrice), "it is done")
    }
    scenario("callbacksAddedToResultsOfEveryEndRunAtOnce") {
        let begun = Doorbell()
        let pool = try Pool(processes: 1, attempts: 1) { (number: Int) -> Int in
            switch number {
            case 1: throw Mishap()
            case 2: raise(SIGKILL)
            case 3:
                begun.ring()
                pauseForever()
            default: break
            }
            return number
        }
        let results = try (0..<5).map { try pool.applyAsync($0) }
        // One that runs, and one that waits behind it.
        expect(begun.wait(), "no task began")
        for result in results[3...] { result.cancel() }
        expect(try waitAll(results, timeout: .seconds(20)), "they are not done")
        var codes: [MultiprocessingError.Code?] = []
        for (position, result) in results.enumerated() {
            result.addDoneCallback { codes.append($0.code) }
            expectEqual(codes.count, position + 1)
        }
        expectEqual(codes, [nil, .taskFailed, .workerDied, .cancelled, .cancelled])
    }
}
