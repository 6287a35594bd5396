@preconcurrency import Glibc
import Multiprocessing
// Glibc also has a type with this name.
import class Multiprocessing.Semaphore

/// One of each kind, as a message.
private struct Kit: Codable {
    let lock: Lock
    let recursiveLock: RLock
    let semaphore: Semaphore
    let boundedSemaphore: BoundedSemaphore
    let event: Event
    let condition: Condition
    let ownCondition: Condition
    let recursiveCondition: Condition
    let barrier: Barrier
    let value: SharedValue<Int>
    let array: SharedArray<Double>
    let rawValue: RawSharedValue<Int16>
    let rawArray: RawSharedArray<Int>
    let atomic: SharedAtomic<UInt32>

    init() throws {
        lock = try Lock()
        recursiveLock = try RLock()
        semaphore = try Semaphore(0)
        boundedSemaphore = try BoundedSemaphore(1)
        event = try Event()
        condition = try Condition(lock: lock)
        ownCondition = try Condition()
        recursiveCondition = try Condition(lock: recursiveLock)
        barrier = try Barrier(parties: 2)
        value = try SharedValue(1)
        array = try SharedArray([1, 2, 3])
        rawValue = try RawSharedValue(-1)
        rawArray = try RawSharedArray(0..<1000)
        atomic = try SharedAtomic(5)
    }
}

func sentObjectScenarios() {
    scenario("objectsOfEveryKindAreSentToAProcessThatWasForkedBefore") {
        let way = try Pipe()
        let child = Process {
            let kit = try way.second.receive(Kit.self)
            expectEqual(try kit.lock.acquire(timeout: .zero), nil)
            expectEqual(try kit.recursiveLock.acquire(timeout: .zero), nil)
            try kit.semaphore.release()
            expectEqual(kit.boundedSemaphore.acquire(timeout: .zero), true)
            expectThrows(.invalidState) { try kit.boundedSemaphore.release(2) }
            kit.event.wait()
            // The condition's lock is this lock.
            try kit.lock.withLock {
                kit.rawValue.value += 1
                try kit.condition.notify()
            }
            try kit.recursiveLock.withLock { try kit.recursiveCondition.notifyAll() }
            try kit.ownCondition.withLock { try kit.ownCondition.notifyAll() }
            try kit.barrier.wait()
            kit.value.withLock { $0 += 41 }
            kit.array.withLock { $0[2] = 9 }
            kit.rawArray[999] = -1
            kit.atomic.add(1)
            try kit.barrier.wait()
        }
        try child.start()
        let kit = try Kit()
        try kit.lock.acquire()
        try kit.recursiveLock.acquire()
        try kit.ownCondition.acquire()
        try way.first.send(kit)
        kit.semaphore.acquire()
        kit.event.set()
        expectEqual(try kit.condition.wait(for: { kit.rawValue.value == 0 }, timeout: .seconds(20)), true)
        expectEqual(try kit.recursiveCondition.wait(timeout: .seconds(20)), true)
        expectEqual(try kit.ownCondition.wait(timeout: .seconds(20)), true)
        try kit.barrier.wait(timeout: .seconds(20))
        try kit.barrier.wait(timeout: .seconds(20))
        expectEqual(kit.boundedSemaphore.value, 0)
        expectEqual(kit.value.value, 42)
        expectEqual(kit.array.values, [1, 2, 9])
        expectEqual(kit.rawArray.last, -1)
        expectEqual(kit.atomic.load(), 6)
        try expectAllEndWell([child])
        try kit.lock.release()
        try kit.recursiveLock.release()
        try kit.ownCondition.release()
    }
    scenario("locksOfASharedValueAndOfAConditionAreSentByThemselves") {
        let way = try Pipe()
        let (value, condition) = (try SharedValue(1), try Condition())
        let lock = try require(condition.lock as? Lock)
        try way.first.send(value.lock)
        try way.first.send(lock)
        let (sentRecursive, sent) = (try way.second.receive(RLock.self), try way.second.receive(Lock.self))
        try sentRecursive.withLock { try inChild { expectEqual(try value.lock.acquire(timeout: .zero), nil) } }
        try sent.withLock {
            try inChild { expectEqual(try condition.acquire(timeout: .zero), nil) }
            try condition.notify()
        }
    }
    scenario("receiverOfALockSurvivesTheSenderAndIsToldWhenItWasKilled") {
        let way = try Pipe()
        let child = Process {
            let lock = try Lock()
            try lock.acquire()
            try way.second.send(lock)
            pauseForever()
        }
        try child.start()
        let lock = try way.first.receive(Lock.self)
        expectEqual(try lock.acquire(timeout: .zero), nil)
        try killAndReap(child)
        expectEqual(try lock.acquire(timeout: promptly), .recovered)
        try lock.release()
    }
    scenario("conditionReceivedTwiceIsOneConditionWithOneLock") {
        let way = try Pipe()
        let condition = try Condition(lock: Lock())
        try way.first.send([condition, condition])
        let two = try way.second.receive([Condition].self)
        let waiter = try startSleeper { try two[0].withLock { expect(try two[0].wait(), "not notified") } }
        try two[1].withLock {
            expectThrows(.invalidState) { try condition.acquire() }
            try condition.notify()
            try inChild { expectEqual(try condition.acquire(timeout: .zero), nil) }
        }
        try expectAllEndWell([waiter])
        try condition.withLock {}
    }
    scenario("messageIsNotTakenForAnotherKindOfObject") {
        let way = try Pipe()
        func expectRefused<Sent: Encodable, Received: Decodable>(_ sent: Sent, _ type: Received.Type) throws {
            try way.first.send(sent)
            expectThrows(.decodingFailed) { try way.second.receive(type) }
        }
        let before = openDescriptors().count
        try expectRefused(Lock(), Semaphore.self)
        try expectRefused(Lock(), RLock.self)
        try expectRefused(RLock(), Lock.self)
        try expectRefused(Semaphore(1), BoundedSemaphore.self)
        try expectRefused(SharedValue(1), SharedArray<Int>.self)
        try expectRefused(SharedValue(Int32(1)), SharedValue<Int>.self)
        try expectRefused(SharedArray([1, 2]), RawSharedArray<Int>.self)
        try expectRefused(RawSharedArray([1, 2]), RawSharedArray<UInt8>.self)
        try expectRefused(SharedAtomic(1), SharedAtomic<UInt16>.self)
        try expectRefused(SlotArena(slotCount: 1, slotBytes: 100), Event.self)
        try expectRefused(Event(), Barrier.self)
        try expectRefused(Barrier(parties: 2), Condition.self)
        try expectRefused(7, Lock.self)
        expectEqual(openDescriptors().count, before)
    }
    scenario("barrierWithAnActionCannotBeSent") {
        let way = try Pipe()
        let barrier = try Barrier(parties: 1) {}
        expectThrows(.encodingFailed) { try way.first.send(barrier) }
        try way.first.send(Barrier(parties: 1))
        expectEqual(try way.second.receive(Barrier.self).wait(timeout: .zero), 0)
    }
    scenario("objectsAreSentRepeatedlyAndLeaveNothing") {
        let (way, kit) = (try Pipe(), try Kit())
        try expectNoGrowth(warmUp: 3, turns: 100) { _ in
            try way.first.send(kit)
            let received = try way.second.receive(Kit.self)
            try received.ownCondition.withLock { try received.ownCondition.notify() }
            received.value.withLock { $0 += 1 }
        }
        expectEqual(kit.value.value, 104)
    }
}
