@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

func sharedMemoryScenarios() {
    scenario("aBlockIsFoundByItsName") {
        let (way, name) = (try Pipe(), freshName())
        let child = Process {
            let memory = try SharedMemory(attach: try way.second.receive(String.self))
            expectEqual([memory.byteCount, memory.bytes.count], [5000, 5000])
            expectEqual(memory.bytes[4999], 3)
            memory.bytes[0] = 7
        }
        try child.start()
        let memory = try SharedMemory(create: name, byteCount: 5000)
        expectEqual(memory.name, name)
        expectEqual([memory.byteCount, memory.bytes.count], [5000, 5000])
        expect(memory.bytes.allSatisfy { $0 == 0 }, "it is zero at first")
        memory.bytes[4999] = 3
        try way.first.send(name)
        try expectEnds(child)
        expectEqual(memory.bytes[0], 7)
        var information = stat()
        expectEqual(stat("/dev/shm/\(name)", &information), 0)
        expectEqual([Int(information.st_mode & 0o777), information.st_size], [0o600, 5000])
        try memory.unlink()
        expect(!nameExists(name), "the name is left")
    }

    scenario("spansAreViewsOfTheSameMemory") {
        let memory = try SharedMemory(anonymousOf: 8 * 1000 + 7)
        let child = Process {
            memory.withMutableSpan(of: Int64.self) { numbers in
                for index in numbers.indices { numbers[index] = Int64(index) * 3 }
            }
            memory.withMutableSpan { bytes in
                bytes.storeBytes(of: 0xEE, toByteOffset: bytes.byteCount - 1, as: UInt8.self)
            }
        }
        try child.start()
        try expectEnds(child)
        memory.withSpan(of: Int64.self) { numbers in
            expectEqual(numbers.count, 1000)
            expect(numbers.indices.allSatisfy { numbers[$0] == Int64($0) * 3 }, "not what the child wrote")
        }
        memory.withSpan { bytes in
            expectEqual(bytes.byteCount, 8007)
            expectEqual(bytes.unsafeLoad(fromByteOffset: 8, as: Int64.self), 3)
            expectEqual(bytes.unsafeLoad(fromByteOffset: 8006, as: UInt8.self), 0xEE)
        }
        // It stays until the closure returns, and no longer.
        memory.withMutableSpan(of: Int64.self) { numbers in
            memory.close()
            numbers[999] = 4
            expectEqual(numbers[999], 4)
        }
        expectEqual(memory.withSpan { $0.byteCount }, 0)
        expectEqual(memory.withSpan(of: Int64.self) { $0.count }, 0)
        expectEqual(memory.withMutableSpan { $0.byteCount }, 0)
        expectEqual(memory.withMutableSpan(of: Int64.self) { $0.count }, 0)
        do throws(Errno) {
            try memory.withSpan { _ throws(Errno) in throw Errno.interrupted }
            expect(false, "the closure's error is lost")
        } catch {
            expectEqual(error, .interrupted)
        }
    }

    scenario("aNameIsChosenIfNoneIsGiven") {
        let blocks = try (0..<50).map { _ in try SharedMemory(byteCount: 1) }
        let names = Set(blocks.compactMap(\.name))
        expectEqual(names.count, 50)
        for name in names {
            expect(name.hasPrefix("psm_") && name.utf8.count == 12, name)
            expect(nameExists(name), name)
        }
        for block in blocks { try block.unlink() }
        expect(!names.contains(where: nameExists), "names are left")
    }

    scenario("aNameThatExistsOrDoesNotIsATypedError") {
        let name = freshName()
        expectEqual(expectThrows(.systemCallFailed) { try SharedMemory(attach: name) }?.errno, .noSuchFileOrDirectory)
        let first = try SharedMemory(create: name, byteCount: 10)
        first.bytes[0] = 1
        expectEqual(
            expectThrows(.systemCallFailed) { try SharedMemory(create: name, byteCount: 10) }?.errno, .fileExists)
        // With and without the slash it is the same name, as for shm_open.
        expectThrows(.systemCallFailed) { try SharedMemory(create: "/" + name, byteCount: 10) }
        expectEqual(try SharedMemory(attach: "/" + name).name, name)
        expectEqual(first.bytes[0], 1)
        try first.unlink()
    }

    scenario("impossibleNamesAndSizesAreTypedErrors") {
        let long = String(repeating: "n", count: 256)
        for name in ["", "/", ".", "..", "a/b", "//a", "a\0b", "../shm/a", long] {
            expectThrows(.invalidState) { try SharedMemory(create: name, byteCount: 10) }
            expectThrows(.invalidState) { try SharedMemory(attach: name) }
        }
        let longest = freshName() + String(repeating: "n", count: 200)
        try SharedMemory(create: String(longest.prefix(255)), byteCount: 1).unlink()
        for byteCount in [0, -1, Int.min] {
            expectThrows(.invalidState) { try SharedMemory(byteCount: byteCount) }
            expectThrows(.invalidState) { try SharedMemory(anonymousOf: byteCount) }
        }
        for byteCount in [1 << 45, 1 << 60, Int.max] {
            expectEqual(expectThrows(.systemCallFailed) { try SharedMemory(byteCount: byteCount) }?.errno, .noMemory)
        }
        for byteCount in [1 << 60, Int.max] {
            expectThrows(.systemCallFailed) { try SharedMemory(anonymousOf: byteCount) }
        }
        // One of each kind of file in /dev/shm that is not a block of memory.
        let (empty, folder) = (freshName("e"), freshName("f"))
        fclose(try require(fopen("/dev/shm/\(empty)", "w")))
        expectThrows(.invalidState) { try SharedMemory(attach: empty) }
        mkdir("/dev/shm/\(folder)", 0o700)
        expectThrows(.systemCallFailed) { try SharedMemory(attach: folder) }
        unlink("/dev/shm/\(empty)")
        rmdir("/dev/shm/\(folder)")
    }

    scenario("aClosedBlockIsEmptyHereAndThereForOthers") {
        let memory = try SharedMemory(byteCount: 100)
        let other = try SharedMemory(attach: try require(memory.name))
        memory.bytes[5] = 5
        memory.close()
        memory.close()
        expect(memory.bytes.isEmpty && memory.byteCount == 100, "it is closed")
        expectEqual(memory.withBytes { $0.count }, 0)
        expectEqual(try SharedMemory(attach: try require(memory.name)).withBytes { $0[5] }, 5)
        expectEqual(other.bytes[5], 5)
        let way = try Pipe()
        expectThrows(.encodingFailed) { try way.first.send(memory) }
        // It can still be unlinked, and unlinked memory can still be used.
        try memory.unlink()
        other.bytes[6] = 6
        expectThrows(.systemCallFailed) { try SharedMemory(attach: try require(other.name)) }
        expectThrows(.systemCallFailed) { try other.unlink() }
        expectThrows(.invalidState) { try SharedMemory(anonymousOf: 1).unlink() }
    }

    scenario("unlinkTakesAwayOnlyItsOwnName") {
        let name = freshName()
        let first = try SharedMemory(create: name, byteCount: 10)
        unlink("/dev/shm/\(name)")
        let second = try SharedMemory(create: name, byteCount: 20)
        expectEqual(expectThrows(.systemCallFailed) { try first.unlink() }?.errno, .noSuchFileOrDirectory)
        expectEqual(try SharedMemory(attach: name).byteCount, 20)
        // Any process that has attached may do it.
        try SharedMemory(attach: name).unlink()
        expectThrows(.systemCallFailed) { try second.unlink() }
    }

    scenario("theEndOfAnAttachedProcessNeverUnlinks") {
        let memory = try SharedMemory(byteCount: 10)
        let name = try require(memory.name)
        try inChild { _ = try SharedMemory(attach: name) }
        let victim = Process {
            let attached = try SharedMemory(attach: name)
            attached.bytes[0] = 1
            pauseForever()
        }
        try victim.start()
        expect(eventually { memory.bytes[0] == 1 }, "it did not attach")
        try kill(victim)
        // Nor does the creator, in a child or by releasing it.
        try inChild { memory.close() }
        memory.close()
        let attached = try SharedMemory(attach: name)
        expectEqual(attached.bytes[0], 1)
        try memory.unlink()
    }

    scenario("aBlockIsSentToAProcessThatWasForkedBefore") {
        let way = try Pipe()
        let child = Process {
            for _ in 0..<2 {
                let memory = try way.second.receive(SharedMemory.self)
                expectEqual([memory.byteCount, memory.bytes.count], [7000, 7000])
                memory.bytes[6999] = memory.bytes[0] + 1
                if memory.name != nil { try memory.unlink() }
            }
        }
        try child.start()
        let (nameless, named) = (try SharedMemory(anonymousOf: 7000), try SharedMemory(byteCount: 7000))
        expectEqual(nameless.name, nil)
        (nameless.bytes[0], named.bytes[0]) = (1, 10)
        try way.first.send(nameless)
        try way.first.send(named)
        try expectEnds(child)
        expectEqual([nameless.bytes[6999], named.bytes[6999]], [2, 11])
        expect(!nameExists(try require(named.name)), "the receiver has unlinked it")
    }

    scenario("aFullFileSystemIsAnErrorWhenTheBlockIsMade") {
        try inChild {
            guard mountsSmallSharedMemory() else {
                print("not allowed to mount: not tried")
                return
            }
            let before = Set(namesIn("/dev/shm"))
            expectEqual(expectThrows(.systemCallFailed) { try SharedMemory(byteCount: 2 << 20) }?.errno, .noSpace)
            let fits = try SharedMemory(byteCount: 700 << 10)
            fits.bytes.initializeMemory(as: UInt8.self, repeating: 1)
            expectThrows(.systemCallFailed) { try SharedMemory(create: "second", byteCount: 700 << 10) }
            try fits.unlink()
            fits.close()
            let second = try SharedMemory(create: "second", byteCount: 700 << 10)
            second.bytes.initializeMemory(as: UInt8.self, repeating: 1)
            try second.unlink()
            expectEqual(Set(namesIn("/dev/shm")), before)
        }
    }

    scenario("aLimitOnTheSizeOfFilesIsAnErrorAndNotASignal") {
        try inChild {
            var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            expectEqual(expectThrows(.systemCallFailed) { try SharedMemory(byteCount: 2 << 20) }?.errno, .fileTooLarge)
            expectThrows(.systemCallFailed) { try SharedMemory(anonymousOf: 2 << 20) }
            try SharedMemory(byteCount: 1 << 20).unlink()
        }
    }

    scenario("noProcessFindsABlockBeforeItHasItsSize") {
        let (name, isOver) = (freshName(), SharedCounter())
        let child = Process {
            var found = 0
            while isOver.value == 0 {
                do {
                    let memory = try SharedMemory(attach: name)
                    expectEqual(memory.byteCount, 12345)
                    found += 1
                } catch let error as MultiprocessingError {
                    expectEqual(error.errno, .noSuchFileOrDirectory, "\(error)")
                }
            }
            expect(found > 0, "it was never seen")
        }
        try child.start()
        var turns = 0
        while turns < 500 || (turns < 100_000 && ProcessRecord(child.pid ?? 0)?.state == "S") {
            try SharedMemory(create: name, byteCount: 12345).unlink()
            turns += 1
            if turns % 10 == 0 { sched_yield() }
        }
        let last = try SharedMemory(create: name, byteCount: 12345)
        usleep(20_000)
        isOver.set(1)
        try expectEnds(child)
        try last.unlink()
    }

    scenario("manyBlocksLeaveNothing") {
        let way = try Pipe()
        try expectNoGrowth(warmUp: 5, turns: 300) { _ in
            let (named, nameless) = (try SharedMemory(byteCount: 5000), try SharedMemory(anonymousOf: 5000))
            let attached = try SharedMemory(attach: try require(named.name))
            try way.first.send(nameless)
            let received = try way.second.receive(SharedMemory.self)
            received.bytes[0] = attached.bytes[0]
            try attached.unlink()
        }
    }

    scenario("pythonFindsOurBlocks") {
        let memory = try SharedMemory(byteCount: 100)
        memory.bytes[0] = 42
        // Python's tracker would unlink the block at the end, like every block that it attaches to.
        let program = """
            import sys
            from multiprocessing import shared_memory, resource_tracker
            block = shared_memory.SharedMemory(name=sys.argv[1])
            resource_tracker.unregister(block._name, "shared_memory")
            assert block.size == 100, block.size
            block.buf[99] = block.buf[0] + 1
            block.close()
            """
        expectEqual(try PythonProgram(program, [try require(memory.name)]).end(), "")
        expectEqual(memory.bytes[99], 43)
        try memory.unlink()
    }

    scenario("weFindPythonsBlocks") {
        let program = """
            import time
            from multiprocessing import shared_memory
            block = shared_memory.SharedMemory(create=True, size=5000)
            block.buf[0] = 42
            print(block.name, flush=True)
            end = time.monotonic() + 20
            while block.buf[4999] != 43 and time.monotonic() < end: time.sleep(0.01)
            assert block.buf[4999] == 43
            block.close()
            block.unlink()
            """
        let python = try PythonProgram(program, [])
        let name = python.line()
        try inChild {
            let memory = try SharedMemory(attach: name)
            expectEqual([memory.byteCount, Int(memory.bytes[0])], [5000, 42])
            memory.bytes[4999] = 43
        }
        expectEqual(python.end(), "")
        expect(!nameExists(name), "Python has unlinked it")
    }
}

/// Mounts a file system of 1 MiB on /dev/shm, for this process only; false if that is not allowed.
private func mountsSmallSharedMemory() -> Bool {
    typealias Unshare = @convention(c) (Int32) -> Int32
    typealias Mount =
        @convention(c) (
            UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<CChar>, UInt, UnsafePointer<CChar>
        ) -> Int32
    // Swift's Glibc module has neither.
    guard let unshare = dlsym(nil, "unshare"), let mount = dlsym(nil, "mount") else { return false }
    let (newMounts, privately, recursively): (Int32, UInt, UInt) = (0x20000, 1 << 18, 1 << 14)
    return unsafeBitCast(unshare, to: Unshare.self)(newMounts) == 0
        && unsafeBitCast(mount, to: Mount.self)("none", "/", "none", privately | recursively, "") == 0
        && unsafeBitCast(mount, to: Mount.self)("tmpfs", "/dev/shm", "tmpfs", 0, "size=1m") == 0
}
