@preconcurrency import Glibc
import Multiprocessing
import SystemPackage
// Glibc also has a type with this name.
import class Multiprocessing.Semaphore

/// The descriptions of objects when they are printed.
func descriptionScenarios() {
    scenario("processDescribesItsState") {
        let bell = Doorbell()
        let child = Process(name: "kettle") {
            _ = bell.wait()
            Process.exit(3)
        }
        expectEqual("\(child)", "Process(kettle, not started)")
        try child.start()
        let pid = try require(child.pid)
        expectEqual("\(child)", "Process(kettle, process \(pid), running)")
        let parent = getpid()
        let other = Process(daemon: true) {
            expectEqual("\(child)", "Process(kettle, process \(pid), a child of process \(parent))")
            expectEqual("\(Process.parent.map { "\($0)" } ?? "")", "ParentProcess(MainProcess, process \(parent))")
        }
        expectEqual("\(other)", "Process(\(other.name), daemon, not started)")
        try other.start()
        expectEqual(try other.join(timeout: promptly), .exited(0))
        bell.ring()
        expect(eventually { ProcessRecord(pid)?.isZombie ?? false }, "the child lives on")
        // Printing does not reap it.
        expectEqual("\(child)", "Process(kettle, process \(pid), ended)")
        expect(ProcessRecord(pid)?.isZombie ?? false, "it was reaped")
        try child.join()
        expectEqual("\(child)", "Process(kettle, process \(pid), exited with code 3)")
    }
    scenario("locksDescribeTheirHolders") {
        let (lock, recursive) = (try Lock(), try RLock())
        let condition = try Condition(lock: lock)
        expectEqual(["\(lock)", "\(recursive)"], ["Lock(free)", "RLock(free)"])
        expectEqual("\(condition)", "Condition(Lock(free), 0 waiting)")
        try lock.acquire()
        try recursive.acquire()
        expectEqual("\(recursive)", "RLock(held by thread \(getpid()))")
        try recursive.acquire()
        let held = "held by thread \(getpid())"
        try inChild {
            // Printing does not wait.
            expectEqual(["\(lock)", "\(recursive)"], ["Lock(\(held))", "RLock(\(held), 2 times)"])
            expectEqual("\(condition)", "Condition(Lock(\(held)), 0 waiting)")
        }
        let waiter = Process {
            expect(try condition.withLock { try condition.wait(timeout: .seconds(20)) }, "not notified")
        }
        try waiter.start()
        try lock.release()
        expect(eventually { "\(condition)" == "Condition(Lock(free), 1 waiting)" }, "\(condition)")
        try condition.withLock { try condition.notify() }
        expectEqual(try waiter.join(timeout: promptly), .exited(0))
        let victim = Process {
            try lock.acquire()
            raise(SIGKILL)
        }
        try victim.start()
        try victim.join()
        expectEqual("\(lock)", "Lock(its holder has ended)")
        // Printing does not consume the information: the next holder is told.
        expectEqual(try lock.acquire(), .recovered)
        try lock.release()
        expectEqual("\(lock)", "Lock(free)")
    }
    scenario("signalsDescribeTheirState") {
        let (event, semaphore, barrier) = (try Event(), try Semaphore(3), try Barrier(parties: 3))
        expectEqual("\(event)", "Event(not set)")
        event.set()
        expectEqual("\(event)", "Event(set)")
        expectEqual(["\(semaphore)", "\(try BoundedSemaphore(2))"], ["Semaphore(3)", "BoundedSemaphore(2)"])
        expectEqual("\(barrier)", "Barrier(0 of 3 waiting)")
        let party = Process { expectThrows(.brokenBarrier) { try barrier.wait() } }
        try party.start()
        expect(eventually { "\(barrier)" == "Barrier(1 of 3 waiting)" }, "\(barrier)")
        try barrier.abort()
        expectEqual(try party.join(timeout: promptly), .exited(0))
        expectEqual("\(barrier)", "Barrier(broken)")
    }
    scenario("queuesDescribeTheirContent") {
        let (queue, joinable, simple) = (
            try Queue<Int>(maxSize: 4), try JoinableQueue<String>(), try SimpleQueue<Int>()
        )
        try queue.put(contentsOf: 1...3)
        try joinable.put(contentsOf: ["a", "b"])
        _ = try joinable.get()
        try simple.put(1)
        expectEqual("\(queue)", "Queue<Int>(3 of 4 values)")
        expectEqual("\(joinable)", "JoinableQueue<String>(1 value, 2 not done)")
        expectEqual("\(simple)", "SimpleQueue<Int>(1 value)")
        queue.close()
        expectEqual("\(queue)", "Queue<Int>(closed, 3 of 4 values)")
    }
    scenario("sharedMemoryDescribesItselfWithoutALock") {
        let (value, array) = (try SharedValue(5), try SharedArray([1.5, 2]))
        let child = Process {
            value.withLock { _ in
                array.withLock { _ in
                    try? inChild {
                        expectEqual("\(value)", "SharedValue<Int>(5)")
                        expectEqual("\(array)", "SharedArray<Double>(2 elements)")
                    }
                }
            }
        }
        try child.start()
        expectEqual(try child.join(timeout: .seconds(20)), .exited(0))
        expectEqual("\(try SharedValue(true))", "SharedValue<Bool>(true)")
        expectEqual("\(try SharedValue(SIMD4<Float>(1, 2, 3, 4)))", "SharedValue<SIMD4<Float>>(16 bytes)")
        expectEqual("\(try RawSharedValue(UInt8(7)))", "RawSharedValue<UInt8>(7)")
        expectEqual("\(try RawSharedArray([1]))", "RawSharedArray<Int>(1 element)")
        expectEqual("\(try SharedAtomic(-1))", "SharedAtomic<Int>(-1)")
        let memory = try SharedMemory(anonymousOf: 100)
        expectEqual("\(memory)", "SharedMemory(no name, 100 bytes)")
        memory.close()
        expectEqual("\(memory)", "SharedMemory(no name, 100 bytes, closed)")
        let list = try ShareableList([1, nil], name: freshName())
        expectEqual(
            "\(list)",
            "ShareableList(2 elements, SharedMemory(\(list.memory.name ?? ""), \(list.memory.byteCount) bytes))")
        try list.memory.unlink()
    }
    scenario("connectionsListenersAndManagersDescribeTheirAddresses") {
        let pipe = try Pipe(duplex: false)
        let number = try require(pipe.first.fileDescriptor?.rawValue)
        expectEqual("\(pipe.first)", "Connection(descriptor \(number), receives)")
        expect("\(pipe.second)".hasSuffix(", sends)"), "\(pipe.second)")
        let duplex = try Pipe()
        expectEqual("\(duplex.first)", "Connection(descriptor \(duplex.first.fileDescriptor?.rawValue ?? -1))")
        duplex.first.close()
        expectEqual("\(duplex.first)", "Connection(closed)")
        let listener = try Listener()
        expectEqual("\(listener)", "Listener(\(try path(of: listener.address)))")
        listener.close()
        expectEqual("\(listener)", "Listener(closed)")
        let manager = try Manager()
        let list = try manager.list([1])
        let place = try path(of: manager.address)
        for _ in 1...2 {
            expectEqual("\(manager)", "Manager(\(place), process \(manager.pid))")
            expectEqual("\(list)", "ListProxy<Int> 1 of the manager at \(place)")
            // The same once the server has ended, since it is not asked.
            manager.shutdown()
        }
    }
}
