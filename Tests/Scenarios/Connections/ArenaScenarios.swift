@preconcurrency import Glibc
import Multiprocessing

func arenaScenarios() {
    scenario("slotsAreTakenAndGivenBackUntilNoneIsLeft") {
        let arena = try SlotArena(slotCount: 3, slotBytes: 100)
        expectEqual(arena.freeCount, 3)
        let slots = (0..<3).compactMap { _ in arena.acquire() }
        expectEqual(Set(slots), [0, 1, 2])
        expectEqual(arena.acquire(), nil)
        expectEqual(arena.freeCount, 0)
        for slot in slots {
            expectEqual(arena[slot].count, 100)
            expect(arena[slot].allSatisfy { $0 == 0 }, "a new slot is zero")
        }
        arena.release(slots[1])
        expectEqual(arena.acquire(), slots[1])
        slots.forEach(arena.release)
        expectEqual(arena.freeCount, 3)
    }
    scenario("slotsDoNotOverlap") {
        let arena = try SlotArena(slotCount: 4, slotBytes: 4097)
        for slot in 0..<4 {
            arena[slot].copyBytes(from: [UInt8](repeating: UInt8(slot + 1), count: 4097))
        }
        for slot in 0..<4 {
            expect(arena[slot].allSatisfy { $0 == UInt8(slot + 1) }, "slot \(slot) was written over")
        }
    }
    scenario("slotsAreSharedWithChildrenBothWays") {
        let arena = try SlotArena(slotCount: 2, slotBytes: 1 << 20)
        arena[0].copyBytes(from: pattern(1 << 20))
        let child = Process {
            arena[1].copyBytes(from: arena[0])
            arena[0][0] = 77
        }
        try child.start()
        expectEqual(try child.join(), .exited(0))
        expect(arena[1].elementsEqual(pattern(1 << 20)), "the child's copy is another")
        expectEqual(arena[0][0], 77)
    }
    scenario("slotsAreSharedWithWorkersAndTheirReplacements") {
        let arena = try SlotArena(slotCount: 8, slotBytes: 1000)
        let pool = try Pool(processes: 2, maxTasksPerWorker: 2) { (slot: Int) -> Int in
            for position in arena[slot].indices {
                arena[slot][position] &+= 1
            }
            return slot
        }
        for turn in 1...5 {
            expectEqual(try pool.map(0..<8), Array(0..<8))
            for slot in 0..<8 {
                expect(arena[slot].allSatisfy { $0 == UInt8(turn) }, "slot \(slot) after turn \(turn)")
            }
        }
    }
    scenario("impossibleSizesAreRefused") {
        let sizes = [
            (0, 1), (1, 0), (-1, 1), (1, -1), (1, .max), (.max, 1), (.max, .max), (-1, -4096), (1 << 40, 1 << 40),
        ]
        for (count, bytes) in sizes {
            expectThrows(.invalidState) { try SlotArena(slotCount: count, slotBytes: bytes) }
        }
        // Arithmetically possible, but the kernel does not have that much address space.
        let error = expectThrows(.systemCallFailed) { try SlotArena(slotCount: 1 << 20, slotBytes: 1 << 42) }
        expect(try require(error).errno != nil, "the error does not say what the kernel said")
    }
    scenario("memoryIsUsedOnlyOnceItIsTouched") {
        let before = try require(kibibytes("RssShmem"))
        let arena = try SlotArena(slotCount: 1024, slotBytes: 1 << 20)
        expect(try require(kibibytes("RssShmem")) - before < 64, "a new arena takes memory")
        let slot = try require(arena.acquire())
        arena[slot].copyBytes(from: pattern(1 << 20))
        let used = try require(kibibytes("RssShmem")) - before
        expect((1024..<1200).contains(used), "one slot of 1 MiB takes \(used) KiB")
        arena.release(slot)
        expectEqual(arena.acquire(), slot, "the slot that was released last is used next;")
    }
    scenario("arenaThatIsMappedAsUsedTakesAddressSpaceAsUsed") {
        let before = try require(kibibytes("VmSize"))
        let arena = try SlotArena(slotCount: 64, slotBytes: 1 << 32, isMappedAsUsed: true)
        expect(try require(kibibytes("VmSize")) - before < 64, "a new arena takes address space")
        let slot = try require(arena.acquire())
        try arena.memory(of: slot, byteCount: 1 << 20).copyBytes(from: pattern(1 << 20))
        let used = try require(kibibytes("VmSize")) - before
        expect((1024..<1200).contains(used), "one MiB of a slot takes \(used) KiB")
        // The old content stays when more is mapped.
        let more = try arena.memory(of: slot, byteCount: 3 << 20)
        expect(more.prefix(1 << 20).elementsEqual(pattern(1 << 20)), "the content is another")
        expect(more.dropFirst(1 << 20).allSatisfy { $0 == 0 }, "new memory is zero")
        expectEqual(try arena.memory(of: slot, byteCount: 0).count, 0)
    }
    scenario("arenaThatIsMappedAsUsedIsSharedWithChildrenAndWorkers") {
        let arena = try SlotArena(slotCount: 4, slotBytes: 1 << 20, isMappedAsUsed: true)
        // The child inherits the mapping of this piece, and maps the others itself.
        try arena.memory(of: 0, byteCount: 5).copyBytes(from: [1, 2, 3, 4, 5])
        let child = Process {
            let first = try arena.memory(of: 0, byteCount: 5)
            try arena.memory(of: 3, byteCount: 5).copyBytes(from: first)
            try arena.memory(of: 0, byteCount: 1 << 20)[(1 << 20) - 1] = 77
        }
        try child.start()
        expectEqual(try child.join(), .exited(0))
        expect(try arena.memory(of: 3, byteCount: 5).elementsEqual([1, 2, 3, 4, 5]), "the child's copy is another")
        expectEqual(try arena.memory(of: 0, byteCount: 1 << 20)[(1 << 20) - 1], 77)
        let pool = try Pool(processes: 2, maxTasksPerWorker: 2) { (slot: Int) -> Int in
            let memory = try arena.memory(of: slot, byteCount: 1000 * (slot + 1))
            for position in memory.indices {
                memory[position] = UInt8(slot)
            }
            return slot
        }
        expectEqual(try pool.map(0..<4), Array(0..<4))
        for slot in 0..<4 {
            let memory = try arena.memory(of: slot, byteCount: 1000 * (slot + 1))
            expect(memory.allSatisfy { $0 == UInt8(slot) }, "slot \(slot)")
        }
    }
    scenario("arenaThatIsMappedAsUsedIsSent") {
        let way = try Pipe()
        let child = Process {
            let arena = try way.second.receive(SlotArena.self)
            expectEqual(arena.acquire(), nil)
            try arena.memory(of: 1, byteCount: 10)[9] = 7
        }
        try child.start()
        let arena = try SlotArena(slotCount: 2, slotBytes: 10, isMappedAsUsed: true)
        try way.first.send(arena)
        expectEqual(try child.join(timeout: promptly), .exited(0))
        expectEqual(try arena.memory(of: 1, byteCount: 10)[9], 7)
    }
    scenario("arenaIsUnmappedWhenItGoesAway") {
        try expectNoGrowth(warmUp: 5, turns: 200) { _ in
            let arena = try SlotArena(slotCount: 4, slotBytes: 5000)
            arena[3][4999] = 1
            let windows = try SlotArena(slotCount: 4, slotBytes: 5000, isMappedAsUsed: true)
            try windows.memory(of: 3, byteCount: 1)[0] = 1
            try windows.memory(of: 3, byteCount: 5000)[4999] = 1
        }
    }
    scenario("processKilledWithAnArenaLeavesNothing") {
        let ready = Doorbell()
        let child = Process {
            let arena = try SlotArena(slotCount: 4, slotBytes: 1 << 20)
            arena[2].copyBytes(from: pattern(1 << 20))
            ready.ring()
            pauseForever()
        }
        try child.start()
        expect(ready.wait(), "the child did not begin")
        child.kill()
        expectEqual(try child.join(), .signaled(SIGKILL))
    }
    scenario("slotReleasedTwiceStopsTheProgram") {
        let child = Process {
            let arena = try SlotArena(slotCount: 2, slotBytes: 1)
            let slot = try require(arena.acquire())
            arena.release(slot)
            arena.release(slot)
        }
        _ = try captured(2) {
            try child.start()
            expect(try child.join() != .exited(0), "nothing happened")
        }
    }
}
