@preconcurrency import Glibc
import Multiprocessing

private let samples: [ShareableElement] = [
    1, 2.5, "text", true, nil, false, -7, "", .bytes([]), .bytes([0, 1, 0]), "ümläut 🦜", "ends with\0\0",
    .int(.min), .int(.max), .double(.infinity), .double(-0.0), .string(String(repeating: "long", count: 2000)),
]

func shareableListScenarios() {
    scenario("aListKeepsWhatIsPutIntoIt") {
        let list = try ShareableList(samples)
        let name = try require(list.memory.name)
        expectEqual(list.count, samples.count)
        expectEqual(try list.elements, samples)
        try inChild {
            let attached = try ShareableList(attach: name)
            expectEqual(attached.count, samples.count)
            for (index, sample) in samples.enumerated() { expectEqual(try attached[index], sample) }
            try attached.set("other", at: 2)
            // An element of another kind fits too.
            try attached.set(nil, at: 0)
            try attached.set("8 bytes!", at: 4)
            try attached.set(3.5, at: 2)
        }
        expectEqual([try list[0], try list[2], try list[4]], [nil, 3.5, "8 bytes!"])
        expectEqual(try list[1], samples[1])
        try list.memory.unlink()
    }

    scenario("aTextLongerThanItsRoomIsAnErrorAndChangesNothing") {
        let list = try ShareableList(anonymous: ["", "nine bytes", .bytes([1]), 5, "neighbour"])
        expectEqual(try (0..<5).map { try list.room(at: $0) }, [8, 16, 8, 8, 16])
        for (index, length) in [(0, 9), (1, 17), (2, 9), (3, 9)] {
            let before = try list.elements
            let long = String(repeating: "x", count: length)
            expectThrows(.encodingFailed) { try list.set(.string(long), at: index) }
            expectThrows(.encodingFailed) { try list.set(.bytes(Array(long.utf8)), at: index) }
            expectEqual(try list.elements, before)
            try list.set(.string(String(long.dropLast())), at: index)
            expectEqual(try list[index], .string(String(long.dropLast())))
        }
        // Four bytes each.
        expectThrows(.encodingFailed) { try list.set("🦜🦜🦜", at: 0) }
        try list.set("🦜🦜", at: 0)
        expectEqual(try list[4], "neighbour")
    }

    scenario("elementsAreCountedAndFound") {
        let list = try ShareableList(anonymous: [1, "1", 1, true, nil, 1.0, nil])
        expectEqual(try list.count(of: 1), 2)
        expectEqual(try list.count(of: nil), 2)
        expectEqual(try list.count(of: "2"), 0)
        expectEqual(try list.index(of: 1.0), 5)
        expectEqual(try list.index(of: true), 3)
        expectEqual(try list.index(of: false), nil)
        for index in [-1, 7, .max, .min] {
            expectThrows(.invalidState) { _ = try list[index] }
            expectThrows(.invalidState) { try list.set(1, at: index) }
        }
        expectEqual(try ShareableList(anonymous: []).elements, [])
        expectEqual("\(try list.elements)", "[1, \"1\", 1, true, nil, 1.0, nil]")
    }

    scenario("aListIsSentToAProcessThatWasForkedBefore") {
        let way = try Pipe()
        let child = Process {
            let list = try way.second.receive(ShareableList.self)
            expectEqual(try list.elements, samples)
            try list.set(99, at: 0)
        }
        try child.start()
        let list = try ShareableList(anonymous: samples)
        try way.first.send(list)
        try expectEnds(child)
        expectEqual(try list[0], 99)
        list.memory.close()
        expectThrows(.invalidState) { _ = try list[0] }
        expectThrows(.invalidState) { try list.set(1, at: 0) }
    }

    scenario("aListIsRemovedWithItsCreatorIfRequested") {
        let (name, made) = (freshName(), Doorbell())
        let creator = Process {
            let list = try ShareableList([1, 2], name: name, unlinksWhenCreatorEnds: true)
            made.ring()
            withExtendedLifetime(list) { pauseForever() }
        }
        try creator.start()
        expect(made.wait(), "nothing was made")
        expectEqual(try ShareableList(attach: name).elements, [1, 2])
        try kill(creator)
        expect(eventually { !nameExists(name) }, "the name is left")
    }

    scenario("whatIsNotAListIsATypedError") {
        let block = try SharedMemory(byteCount: 1000)
        let name = try require(block.name)
        expectThrows(.decodingFailed) { try ShareableList(attach: name) }
        try block.unlink()
        expectThrows(.systemCallFailed) { try ShareableList(attach: name) }
        for byteCount in [1, 8, 15] {
            let small = try SharedMemory(byteCount: byteCount)
            expectThrows(.decodingFailed) { try ShareableList(attach: try require(small.name)) }
            try small.unlink()
        }
        let way = try Pipe()
        try way.first.send(try SharedMemory(anonymousOf: 100))
        expectThrows(.decodingFailed) { _ = try way.second.receive(ShareableList.self) }
    }

    scenario("damageIsATypedErrorAndNeverACrash") {
        var random = SeededGenerator(seed: printedSeed())
        let list = try ShareableList(samples)
        let name = try require(list.memory.name)
        let bytes = list.memory.bytes
        let whole = [UInt8](bytes)
        var (errors, values) = (0, 0)
        for _ in 0..<3000 {
            bytes.copyBytes(from: whole)
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                // Mostly in the numbers, and with extreme values.
                let end = Bool.random(using: &random) ? 16 + 24 * samples.count : whole.count
                let byte: UInt8 = [0, 1, 0x7F, 0x80, 0xFF, .random(in: 0...255, using: &random)].randomElement() ?? 0
                bytes[.random(in: 0..<end, using: &random)] = byte
            }
            for index in samples.indices { count(&errors, &values) { _ = try list[index] } }
            do {
                let attached = try ShareableList(attach: name)
                for index in 0..<attached.count { count(&errors, &values) { _ = try attached[index] } }
                for index in 0..<attached.count { count(&errors, &values) { try attached.set(1, at: index) } }
            } catch let error as MultiprocessingError {
                expectEqual(error.code, .decodingFailed)
                errors += 1
            }
        }
        expect(errors > 1000 && values > 1000, "\(errors) errors, \(values) values")
        try list.memory.unlink()
    }

    scenario("aReaderSeesAnElementBeforeOrAfterAChange") {
        let list = try ShareableList(anonymous: [.string(String(repeating: "a", count: 3000))])
        let isOver = SharedCounter()
        let writer = Process {
            for turn in 0... {
                if isOver.value != 0 { return }
                try list.set(.string(String(repeating: turn % 2 == 0 ? "b" : "c", count: 1500 + turn % 1500)), at: 0)
            }
        }
        try writer.start()
        for _ in 0..<1500 {
            guard case .string(let text) = try list[0] else { return expect(false, "no text") }
            expectEqual(Set(text.utf8).count, 1)
        }
        isOver.set(1)
        try expectEnds(writer)
    }

    scenario("aKillBetweenAnyTwoInstructionsOfASetLeavesTheOldTheNewOrAnError") {
        var random = SeededGenerator(seed: printedSeed())
        let list = try ShareableList(anonymous: [1, "the old text", 2])
        try killBetweenInstructions(&random) {
            try list.set("the old text", at: 1)
        } of: {
            try list.set(.bytes([1, 2, 3]), at: 1)
        } then: {
            do {
                let element = try list[1]
                expect(element == "the old text" || element == .bytes([1, 2, 3]), "\(element)")
            } catch let error as MultiprocessingError {
                expectEqual(error.code, .decodingFailed)
            }
            expectEqual([try list[0], try list[2]], [1, 2])
        }
    }
}

/// Counts the results; only typed errors are allowed.
private func count(_ errors: inout Int, _ values: inout Int, _ body: () throws -> Void) {
    do {
        try body()
        values += 1
    } catch let error as MultiprocessingError {
        expect([.decodingFailed, .encodingFailed].contains(error.code), "\(error)")
        errors += 1
    } catch {
        expect(false, "\(error)")
    }
}
