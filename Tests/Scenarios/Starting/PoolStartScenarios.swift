@preconcurrency import Glibc
import Multiprocessing

/// Counts the tasks of its worker, fills a slot, and ends its worker on demand.
struct Counter: PoolFunction, Codable {
    struct Result: Codable {
        var sum: Int
        var count: Int
        var worker: Int32
        var name: String
    }

    let arena: SlotArena
    var start: Int
    private var count = 0

    init(arena: SlotArena, start: Int) {
        (self.arena, self.start) = (arena, start)
    }

    mutating func prepare() throws {
        if start < 0 { throw Mishap() }
        start += 100
    }

    mutating func callAsFunction(_ number: Int) throws -> Result {
        if number < 0 { raise(SIGKILL) }
        count += 1
        arena[0][number] = UInt8(number)
        return Result(sum: start + number, count: count, worker: getpid(), name: Process.current.name)
    }
}

private struct KettleIsEmpty: Error {}

/// Properties of a pool, however its manager is started.
func poolStartScenarios() {
    for method in StartMethod.allCases {
        scenario("poolOfAFunctionThatIsAType", by: method) {
            let arena = try SlotArena(slotCount: 1, slotBytes: 100)
            let pool = try Pool(startMethod: method, processes: 2, Counter(arena: arena, start: 1000))
            let results = try pool.map(0..<100)
            expectEqual(results.map(\.sum), Array(1100..<1200))
            expectEqual(Array(arena[0]), Array(0..<100))
            for (_, ofWorker) in Dictionary(grouping: results, by: \.worker) {
                expectEqual(ofWorker.map(\.count).max(), ofWorker.count)
                expect(ofWorker[0].name.hasPrefix("pool-worker-"), "\(ofWorker[0].name)")
            }
            expectThrows(.workerDied) { try pool.apply(-1) }
            expectEqual(try pool.apply(5).sum, 1105)
            pool.close()
            try pool.join()
        }
        scenario("poolWhoseFunctionCannotBePrepared", by: method) {
            let arena = try SlotArena(slotCount: 1, slotBytes: 100)
            let pool = try Pool(startMethod: method, processes: 2, Counter(arena: arena, start: -1))
            let error = expectThrows(.initializerFailed) { try pool.apply(1) }
            expectText(of: error, contains: "the tea went cold")
        }
        scenario("processesOfAPoolEndWithItsFrontThatIsKilled", by: method) {
            let pipe = try Pipe()
            let front = Process {
                let arena = try SlotArena(slotCount: 1, slotBytes: 100)
                let pool = try Pool(startMethod: method, processes: 2, Counter(arena: arena, start: 1))
                try pipe.second.send([pool.managerPID, try pool.apply(1).worker])
                pauseForever()
            }
            try front.start()
            let pids = try pipe.first.receive([Int32].self)
            front.kill()
            try front.join()
            expect(
                eventually { !ProcessRecord.all.contains { pids.contains($0.pid) && !$0.isZombie } },
                "processes of the pool live on")
        }
    }
    for method in [StartMethod.spawn, .forkserver] {
        scenario("poolOfAProcessWithThreads", by: method) {
            let thread = ExtraThread()
            let arena = try SlotArena(slotCount: 1, slotBytes: 100)
            let pool = try Pool(startMethod: method, processes: 2, Counter(arena: arena, start: 0))
            expectEqual(try pool.map(0..<10).map(\.sum), Array(100..<110))
            pool.terminate()
            Process.stopForkServer()
            thread.join()
        }
    }
    scenario("automaticStartForksInAProcessWithOneThreadOnly") {
        let arena = try SlotArena(slotCount: 1, slotBytes: 100)
        func sums() throws -> [Int] {
            try Pool.with(startMethod: .automatic, processes: 2, Counter(arena: arena, start: 7)) { pool in
                try pool.map(0..<10).map(\.sum)
            }
        }
        expectEqual(StartMethod.automatic, .fork)
        expectEqual(try sums(), Array(107..<117))
        let thread = ExtraThread()
        expectEqual(StartMethod.automatic, .spawn)
        expectEqual(try sums(), Array(107..<117))
        let child = Process(startMethod: .automatic, Ending.exits(3))
        expectEqual(child.startMethod, .spawn)
        try child.start()
        expectEqual(try child.join(), .exited(3))
        let total = try Manager.with(startMethod: .automatic) { manager in
            let list = try manager.list(of: Int.self)
            for number in 1...3 { try list.append(number) }
            return try list.count
        }
        expectEqual(total, 3)
        thread.join()
        expectEqual(StartMethod.automatic, .fork)
    }
    scenario("aPoolOfWithEndsWhereItsBodyThrows", by: .spawn) {
        let arena = try SlotArena(slotCount: 1, slotBytes: 100)
        var manager: Int32 = 0
        do {
            try Pool.with(startMethod: .spawn, processes: 1, Counter(arena: arena, start: 0)) { pool in
                manager = pool.managerPID
                throw KettleIsEmpty()
            }
            expect(false, "nothing was thrown")
        } catch {
            expect(error is KettleIsEmpty, "\(error)")
        }
        expect(ProcessRecord.all.allSatisfy { $0.pid != manager || $0.isZombie }, "the pool's manager lives on")
    }
    scenario("forkedPoolOfAProcessWithThreadsIsRefused") {
        let thread = ExtraThread()
        let arena = try SlotArena(slotCount: 1, slotBytes: 100)
        expectThrows(.multipleThreads) { try Pool(startMethod: .fork, Counter(arena: arena, start: 0)) }
        thread.join()
    }
}
