import Testing

@testable import Multiprocessing

/// Which side gets a task that a worker wants to begin and the pool's manager wants to take back.
@Suite struct TaskClaimsTests {
    private let board: Board
    private let first = TaskClaims.firstSequence

    /// Holds the memory, which a structure with tests cannot.
    private final class Board {
        let memory: WorkerBoard
        init() throws { memory = try WorkerBoard(workers: 2) }
    }

    private var claims: TaskClaims { board.memory.claims(0) }

    init() throws {
        board = try Board()
        for worker in 0..<2 { board.memory.claims(worker).reset() }
    }

    @Test func nothingIsBegunBeforeItIsAllowed() {
        #expect(!claims.begin(first, at: 1))
        claims.allow(from: first, upTo: first &+ 2)
        #expect(claims.begin(first, at: 1))
        #expect(claims.begin(first &+ 1, at: 2))
        #expect(!claims.begin(first &+ 2, at: 3))
        #expect(claims.begun == first &+ 2)
    }

    @Test func theTaskThatRunsIsTheOneBegunLastAndNotFinished() {
        claims.allow(from: first, upTo: first &+ 2)
        #expect(claims.running(from: first) == nil)
        _ = claims.begin(first, at: 7)
        #expect(claims.running(from: first)?.sequence == first)
        #expect(claims.running(from: first)?.started == 7)
        claims.stopClock()
        #expect(claims.running(from: first)?.started == .max)
        claims.finish(first)
        #expect(claims.running(from: first) == nil)
        _ = claims.begin(first &+ 1, at: 9)
        // Its result has not arrived, and the previous one's has or has not: the same task runs.
        #expect(claims.running(from: first)?.sequence == first &+ 1)
        #expect(claims.running(from: first &+ 1)?.sequence == first &+ 1)
        // Its result has arrived before the worker could report that it is done.
        #expect(claims.running(from: first &+ 2) == nil)
    }

    @Test func whatHasNotBegunIsTakenBackAndNotBegunLater() {
        claims.allow(from: first, upTo: first &+ 5)
        _ = claims.begin(first, at: 1)
        // All except the running one, although that is requested too.
        #expect(claims.takeBack(from: first) == first &+ 1)
        #expect(!claims.begin(first &+ 1, at: 2))
        // Nothing is left to take back: the answer is where the next task goes.
        #expect(claims.takeBack(from: first) == first &+ 1)
    }

    @Test func aPartIsTakenBackFromTheEnd() {
        claims.allow(from: first, upTo: first &+ 5)
        #expect(claims.takeBack(from: first &+ 3) == first &+ 3)
        for sequence in 0..<3 { #expect(claims.begin(first &+ UInt32(sequence), at: 1)) }
        #expect(!claims.begin(first &+ 3, at: 1))
    }

    @Test func theSequenceContinuesAfterWhatWasTakenBack() {
        claims.allow(from: first, upTo: first &+ 5)
        _ = claims.begin(first, at: 1)
        _ = claims.takeBack(from: first)
        claims.finish(first)
        // The worker skips those in its channel; the manager continues after them.
        claims.allow(from: first &+ 5, upTo: first &+ 6)
        #expect(!claims.begin(first &+ 1, at: 2))
        #expect(claims.begin(first &+ 5, at: 3))
        #expect(claims.running(from: first &+ 5)?.sequence == first &+ 5)
    }

    @Test func theNumbersWrapAround() {
        var sequence = first
        for step in 0..<3000 {
            claims.allow(from: sequence, upTo: sequence &+ 2)
            #expect(claims.begin(sequence, at: UInt64(step)))
            #expect(claims.takeBack(from: sequence) == sequence &+ 1)
            claims.finish(sequence)
            claims.allow(from: sequence &+ 2, upTo: sequence &+ 2)
            sequence &+= 2
        }
        #expect(sequence < first)
    }

    @Test func workersHaveClaimsOfTheirOwn() {
        claims.allow(from: first, upTo: first &+ 1)
        #expect(!board.memory.claims(1).begin(first, at: 1))
        #expect(claims.begin(first, at: 1))
    }

    /// One thread begins all tasks it can, another takes back and allows again: each task goes to exactly one of them.
    @Test func ofTwoSidesThatWantATaskExactlyOneGetsIt() async {
        let count: UInt32 = 20_000
        let (word, first) = (Claims(board.memory.claims(0)), first)
        word.claims.allow(from: first, upTo: first &+ count)
        async let begun = Task.detached {
            (0..<count).filter { word.claims.begin(first &+ $0, at: 1) }
        }.value
        async let border = Task.detached {
            var border = first &+ count
            while border != first, border &- first > 1 {
                let taken = word.claims.takeBack(from: border &- 1)
                if taken == border { break }
                border = taken
            }
            return border &- first
        }.value
        let (tasks, kept) = (await begun, await border)
        withExtendedLifetime(board) {}
        #expect(tasks == Array(0..<kept))
    }

    /// Lets threads share an object that is made for sharing between processes.
    private struct Claims: @unchecked Sendable {
        let claims: TaskClaims
        init(_ claims: TaskClaims) { self.claims = claims }
    }
}
