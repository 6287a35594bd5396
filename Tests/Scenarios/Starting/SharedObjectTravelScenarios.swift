@preconcurrency import Glibc
import Multiprocessing
import SystemPackage
// Glibc also has a type with this name.
import class Multiprocessing.Semaphore

/// One of each shared object, as properties of a child's target.
struct Luggage: ProcessTarget, Codable {
    var lock: Lock
    var recursiveLock: RLock
    var semaphore: Semaphore
    var event: Event
    var condition: Condition
    var barrier: Barrier
    var value: SharedValue<Int>
    var array: SharedArray<Int>
    var queue: Queue<String>
    var joinable: JoinableQueue<Int>
    var simple: SimpleQueue<Int>
    var named: SharedMemory
    var nameless: SharedMemory
    var list: ShareableList
    var connection: Connection

    init(connection: Connection) throws {
        (lock, recursiveLock) = (try Lock(), try RLock())
        (semaphore, event) = (try Semaphore(0), try Event())
        condition = try Condition(lock: lock)
        barrier = try Barrier(parties: 2, timeout: .seconds(20))
        (value, array) = (try SharedValue(0, lock: recursiveLock), try SharedArray(0..<3))
        (queue, joinable, simple) = (try Queue(maxSize: 3), try JoinableQueue(), try SimpleQueue())
        named = try SharedMemory(create: freshName(), byteCount: 100)
        nameless = try SharedMemory(anonymousOf: 100)
        list = try ShareableList(anonymous: [1, "two"])
        self.connection = connection
    }

    /// The child's part.
    func run() throws {
        expectEqual(try lock.acquire(timeout: .zero), nil)
        try recursiveLock.withLock { value.value = 6 }
        array[1...] = [10, 20]
        (named.bytes[99], nameless.bytes[99]) = (1, 2)
        try list.set(3, at: 0)
        try queue.put("put by the child")
        expectEqual(try simple.get(), try joinable.get())
        try joinable.taskDone()
        event.wait()
        try semaphore.release()
        try lock.withLock { try condition.notify() }
        expectEqual(barrier.timeout, .seconds(20))
        try barrier.wait()
        try connection.send("done")
    }
}

/// Reads from named memory that came as a pool's task.
struct FirstByte: PoolFunction, Codable {
    func callAsFunction(_ memory: SharedMemory) -> UInt8 { memory.withBytes { $0[0] } }
}

/// Adds to a value that came with the function, one worker at a time.
struct LockedSum: PoolFunction, Codable {
    let lock: Lock
    let sum: SharedValue<Int>
    let log: Queue<Int>

    func callAsFunction(_ number: Int) throws -> Int {
        try lock.withLock {
            let old = sum.value
            sum.value = old + number
        }
        try log.put(number)
        return number
    }
}

func sharedObjectTravelScenarios() {
    for method in StartMethod.allCases {
        scenario("sharedObjectsOfEveryKindTravelWithTheTargetOfAChildStarted", by: method) {
            let way = try Pipe()
            let luggage = try Luggage(connection: way.second)
            try luggage.lock.acquire()
            let child = Process(startMethod: method, luggage)
            try child.start()
            try luggage.simple.put(4)
            try luggage.joinable.put(4)
            luggage.event.set()
            expect(luggage.semaphore.acquire(timeout: .seconds(20)), "no unit was released")
            expect(try luggage.condition.wait(timeout: .seconds(20)), "it was not notified")
            try luggage.barrier.wait()
            try luggage.lock.release()
            expectEqual(try way.first.receive(String.self), "done")
            expectEqual(try child.join(timeout: .seconds(20)), .exited(0))
            expectEqual(luggage.value.value, 6)
            expectEqual(luggage.array.values, [0, 10, 20])
            expectEqual([luggage.named.bytes[99], luggage.nameless.bytes[99]], [1, 2])
            expectEqual(try luggage.list.elements, [3, "two"])
            expectEqual(try luggage.queue.get(timeout: .zero), "put by the child")
            expect(try luggage.joinable.join(timeout: .zero), "it is not done")
            try luggage.named.unlink()
        }
        scenario("locksValuesAndQueuesTravelWithTheFunctionOfAPoolStarted", by: method) {
            let function = LockedSum(lock: try Lock(), sum: try SharedValue(0), log: try Queue())
            let pool = try Pool(startMethod: method, processes: 2, function)
            expectEqual(try pool.map(1...500), Array(1...500))
            expectEqual(function.sum.value, 125_250)
            expectEqual(try function.log.get(upTo: 1000).sorted(), Array(1...500))
            pool.terminate()
        }
        scenario("namedMemoryTravelsToTheWorkersOfAPoolStarted", by: method) {
            let memory = try SharedMemory(create: freshName(), byteCount: 10, unlinksWhenCreatorEnds: false)
            memory.bytes[0] = 9
            let pool = try Pool(startMethod: method, processes: 1, FirstByte())
            expectEqual(try pool.apply(memory), 9)
            pool.terminate()
            try memory.unlink()
        }
    }
    scenario("whatHasDescriptorsCannotGoThroughQueuesPoolsAndManagersAndTheErrorSaysWhatToDo") {
        func expectRefused<Value: Codable>(_ value: Value) throws {
            let (queue, joinable, simple) = (
                try Queue<Value>(), try JoinableQueue<[Value]>(), try SimpleQueue<Value?>()
            )
            let pool = try Pool(processes: 1) { (_: Value) in 0 }
            let manager = try Manager()
            let list = try manager.list(of: Value.self)
            for attempt in [
                { try queue.put(value) }, { try joinable.put([value]) }, { try simple.put(value) },
                { _ = try pool.apply(value) }, { try list.append(value) },
            ] {
                let error = expectThrows(.encodingFailed, attempt)
                expectText(of: error, contains: "make it before the processes are forked, or send it to them first")
            }
            expect(try queue.isEmpty && joinable.isEmpty && simple.isEmpty && list.count == 0, "something was put")
            pool.terminate()
            manager.shutdown()
        }
        try expectRefused(Lock())
        try expectRefused(RLock())
        try expectRefused(Semaphore(1))
        try expectRefused(BoundedSemaphore(1))
        try expectRefused(Event())
        try expectRefused(Condition())
        try expectRefused(Barrier(parties: 1))
        try expectRefused(SharedValue(1))
        try expectRefused(SharedArray([1]))
        try expectRefused(RawSharedValue(1))
        try expectRefused(SharedAtomic(1))
        try expectRefused(Queue<Int>())
        try expectRefused(JoinableQueue<Int>())
        try expectRefused(SimpleQueue<Int>())
        try expectRefused(SharedMemory(anonymousOf: 10))
        try expectRefused(ShareableList(anonymous: [1]))
        try expectRefused(SlotArena(slotCount: 1, slotBytes: 10))
        try expectRefused(Pipe().first)
        try expectRefused(DuplicatedDescriptor(.standardInput))
    }
    scenario("outputWithDescriptorsIsAnErrorOfItsTaskThatSaysWhatToDo") {
        let pool = try Pool(processes: 1) { (_: Int) in try Lock() }
        let error = expectThrows(.taskFailed) { try pool.apply(1) }
        expectText(of: error, contains: "make it before the processes are forked, or send it to them first")
        pool.terminate()
    }
    scenario("namedMemoryAndProxiesGoThroughQueuesPoolsAndManagers") {
        let manager = try Manager()
        let memories = try Queue<SharedMemory>()
        let lists = try JoinableQueue<ShareableList>()
        let locks = try Queue<LockProxy>()
        let kept = try manager.list(of: SharedMemory.self)
        let child = Process {
            let (memory, list) = (try memories.get(), try lists.get())
            expectEqual(memory.bytes[0], 5)
            memory.bytes[1] = 6
            try list.set("new", at: 0)
            try locks.get().withLock { _ in expectEqual(try kept.get(0).withBytes { $0[1] }, 6) }
            try lists.taskDone()
        }
        try child.start()
        let memory = try SharedMemory(create: freshName(), byteCount: 10)
        let list = try ShareableList(["old", 1], name: freshName())
        memory.bytes[0] = 5
        try memories.put(memory)
        try lists.put(list)
        try kept.append(memory)
        try locks.put(try manager.lock())
        expectEqual(try child.join(timeout: .seconds(20)), .exited(0))
        expectEqual(memory.bytes[1], 6)
        expectEqual(try list.elements, ["new", 1])
        // A block with the name of another that was unlinked meanwhile is not mistaken for it.
        try memories.put(memory)
        try memory.unlink()
        let missing = expectThrows(.decodingFailed) { try memories.get() }
        expectText(of: missing, contains: "No such file")
        try memories.put(memory)
        let name = try require(memory.name)
        let second = try SharedMemory(create: name, byteCount: 10)
        let wrong = expectThrows(.decodingFailed) { try memories.get() }
        expectText(of: wrong, contains: "another has its name")
        // Over a connection its descriptor is sent, which needs no name.
        let way = try Pipe()
        try way.first.send(memory)
        expectEqual(try way.second.receive(SharedMemory.self).withBytes { $0[1] }, 6)
        try second.unlink()
        try list.memory.unlink()
    }
}
