import Testing

@testable import Multiprocessing

/// The order in which answers are passed on, and how much memory waits.
@Suite struct TaskLanesTests {
    private var lanes = TaskLanes()

    private func task(_ number: UInt64, lane: Int) -> PoolFrame {
        var frame = PoolFrame(.task, task: number)
        frame.lane = lane
        return frame
    }

    /// The tasks whose answers are passed on when this one arrives; an answer here is the task's number.
    ///
    /// - Parameter room: how many may be passed on at once.
    private mutating func pass(_ number: UInt64, lane: Int, room: Int = .max) -> [UInt64] {
        var passed: [UInt64] = []
        withUnsafeBytes(of: number) {
            lanes.pass(task(number, lane: lane), $0, while: { passed.count < room }) {
                passed.append($0.load(as: UInt64.self))
            }
        }
        return passed
    }

    private mutating func passOn(room: Int) -> [UInt64] {
        var passed: [UInt64] = []
        lanes.passOn(while: { passed.count < room }) { passed.append($0.load(as: UInt64.self)) }
        return passed
    }

    @Test mutating func earlyAnswersComeWithTheOneTheyWaitFor() {
        for number: UInt64 in 1...5 { lanes.expect(task(number, lane: 0)) }
        #expect(pass(3, lane: 0) == [])
        #expect(pass(2, lane: 0) == [])
        #expect(lanes.heldBytes == 16)
        #expect(pass(5, lane: 0) == [])
        #expect(pass(1, lane: 0) == [1, 2, 3])
        #expect(lanes.heldBytes == 8)
        #expect(pass(4, lane: 0) == [4, 5])
        #expect(lanes.heldBytes == 0)
    }

    @Test mutating func lanesAndTasksWithoutOneDoNotWaitForEachOther() {
        for number: UInt64 in 1...6 { lanes.expect(task(number, lane: number % 2 == 0 ? 8 : PoolFrame.noLane)) }
        #expect(pass(4, lane: 8) == [])
        for number: UInt64 in [5, 1, 3] { #expect(pass(number, lane: PoolFrame.noLane) == [number]) }
        lanes.expect(task(7, lane: 9))
        #expect(pass(7, lane: 9) == [7])
        #expect(pass(2, lane: 8) == [2, 4])
        #expect(pass(6, lane: 8) == [6])
    }

    @Test mutating func theNextTaskIsTheFirstWithoutAnAnswer() {
        for number: UInt64 in 1...3 { lanes.expect(task(number, lane: 0)) }
        _ = pass(2, lane: 0)
        #expect(lanes.isNext(task(1, lane: 0)))
        #expect(!lanes.isNext(task(3, lane: 0)))
        #expect(lanes.isNext(task(4, lane: PoolFrame.noLane)))
        _ = pass(1, lane: 0)
        #expect(lanes.isNext(task(3, lane: 0)))
    }

    @Test mutating func aLaneThatWasEmptyBeginsAnew() {
        for round: UInt64 in 0..<100 {
            for number in 1...2 { lanes.expect(task(round * 2 + UInt64(number), lane: 3)) }
            #expect(pass(round * 2 + 2, lane: 3) == [])
            #expect(pass(round * 2 + 1, lane: 3) == [round * 2 + 1, round * 2 + 2])
        }
    }

    @Test mutating func answersWithoutRoomComeInOrderOnceThereIsRoom() {
        for number: UInt64 in 1...8 { lanes.expect(task(number, lane: number <= 6 ? 0 : 1)) }
        for number: UInt64 in [2, 3, 4] { #expect(pass(number, lane: 0) == []) }
        #expect(lanes.meanBytes == 8)
        #expect(!lanes.hasFullLanes)
        #expect(pass(1, lane: 0, room: 2) == [1, 2])
        #expect(lanes.hasFullLanes && lanes.heldBytes == 16)
        // It waits behind those that have no room, but another lane does not.
        #expect(pass(5, lane: 0) == [])
        #expect(pass(7, lane: 1) == [7])
        #expect(passOn(room: 0) == [])
        #expect(passOn(room: 1) == [3])
        #expect(passOn(room: 9) == [4, 5])
        #expect(!lanes.hasFullLanes && lanes.heldBytes == 0 && lanes.meanBytes == 0)
        #expect(passOn(room: 9) == [])
        #expect(pass(6, lane: 0) == [6])
    }
}
