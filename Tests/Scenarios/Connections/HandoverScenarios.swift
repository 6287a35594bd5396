@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

private struct Bag: Codable {
    var name: String
    var ends: [Connection]
    var file: DuplicatedDescriptor
}

func handoverScenarios() {
    scenario("aDescriptorIsHandedToAnotherProcess") {
        let pipe = try Pipe()
        let child = Process {
            let file = try pipe.second.receive(FileDescriptor.self)
            try file.closeAfter { _ = try file.writeAll("written by the child".utf8) }
        }
        try child.start()
        let ends = try FileDescriptor.pipe()
        try pipe.first.send(ends.writeEnd)
        try ends.writeEnd.close()
        expectEqual(try child.join(timeout: promptly), .exited(0))
        expectEqual(textOf(ends.readEnd), "written by the child")
    }

    scenario("aConnectionIsHandedToAnotherProcessAndWorksThere") {
        let (way, handed) = (try Pipe(), try Pipe())
        let child = Process {
            let connection = try way.second.receive(Connection.self)
            try connection.send("hello")
            expectEqual(try connection.receive(Int.self), 5)
        }
        try child.start()
        try way.first.send(handed.second)
        handed.second.close()
        expectEqual(try handed.first.receive(String.self), "hello")
        try handed.first.send(5)
        expectEqual(try child.join(timeout: promptly), .exited(0))
        expectThrows(.endOfFile) { _ = try handed.first.receive(Int.self) }
    }

    scenario("endsOfAOneWayPipeStayWhatTheyAre") {
        let (way, there, back) = (try Pipe(), try Pipe(duplex: false), try Pipe(duplex: false))
        let child = Process {
            let (reader, writer) = (try way.second.receive(Connection.self), try way.second.receive(Connection.self))
            expect(reader.readable && !reader.writable && !writer.readable && writer.writable, "other ends came")
            expectThrows(.invalidState) { try reader.send(1) }
            try writer.send(try reader.receive(String.self) + "!")
        }
        try child.start()
        for end in [there.first, back.second] {
            try way.first.send(end)
            end.close()
        }
        try there.second.send("all is well")
        expectEqual(try back.first.receive(String.self), "all is well!")
        expectEqual(try child.join(timeout: promptly), .exited(0))
    }

    scenario("descriptorsOfHighNumbersAreHandedOver") {
        let pipe = try Pipe()
        let child = Process {
            while case let number = dup(0), number < 300 { expect(number >= 0, "no descriptor is left") }
            let file = try pipe.second.receive(FileDescriptor.self)
            expect(file.rawValue > 300, "it is \(file)")
            try file.closeAfter { _ = try file.writeAll("written by the child".utf8) }
        }
        try child.start()
        let ends = try FileDescriptor.pipe()
        let high = FileDescriptor(rawValue: fcntl(ends.writeEnd.rawValue, F_DUPFD_CLOEXEC, 700))
        try ends.writeEnd.close()
        try high.closeAfter { try pipe.first.send(high) }
        expectEqual(try child.join(timeout: promptly), .exited(0))
        expectEqual(textOf(ends.readEnd), "written by the child")
    }

    scenario("severalDescriptorsInOneMessageArriveInTheirPlaces") {
        let (way, one, other) = (try Pipe(), try Pipe(), try Pipe())
        let ends = try FileDescriptor.pipe()
        // Messages without descriptors on both sides, which must not take those of their neighbour.
        try way.first.send("before")
        let bag = Bag(
            name: "bag", ends: [one.second, other.second, one.second], file: DuplicatedDescriptor(ends.writeEnd))
        try way.first.send(bag)
        try way.first.send("after")
        expectEqual(try way.second.receive(String.self), "before")
        let arrived = try way.second.receive(Bag.self)
        expectEqual(try way.second.receive(String.self), "after")
        try arrived.ends[0].send(1)
        try arrived.ends[1].send(2)
        try arrived.ends[2].send(3)
        expectEqual([try one.first.receive(Int.self), try one.first.receive(Int.self)], [1, 3])
        expectEqual(try other.first.receive(Int.self), 2)
        _ = try arrived.file.fileDescriptor.writeAll("x".utf8)
        try arrived.file.fileDescriptor.close()
        try ends.writeEnd.close()
        expectEqual(textOf(ends.readEnd), "x")
    }

    scenario("descriptorsThatNobodyTakesAreClosed") {
        let (way, one) = (try Pipe(), try Pipe())
        let before = openDescriptors().count
        try way.first.send(one.second)
        _ = try way.second.receiveBytes()
        try way.first.send(one.second)
        expectThrows(.decodingFailed) { _ = try way.second.receive(String.self) }
        expectEqual(openDescriptors().count, before)
        // Received by the kernel but never by the process.
        try way.first.send(one.second)
    }

    scenario("aConnectionWithUnreadMessagesOrClosedCannotBeSent") {
        let (way, one) = (try Pipe(), try Pipe())
        try one.first.send(1)
        try one.first.send(2)
        expectEqual(try one.second.receive(Int.self), 1)
        expectThrows(.encodingFailed) { try way.first.send(one.second) }
        one.first.close()
        expectThrows(.encodingFailed) { try way.first.send(one.first) }
        try way.first.send("the way is as it was")
        expectEqual(try way.second.receive(String.self), "the way is as it was")
    }

    scenario("moreDescriptorsThanAMessageCarriesAreAnErrorAtTheSender") {
        let way = try Pipe()
        let ends = try (0..<40).map { _ in try Pipe() }
        expectThrows(.encodingFailed) { try way.first.send(ends.flatMap { [$0.first, $0.second] }) }
        try way.first.send(ends.map(\.first))
        expectEqual(try way.second.receive([Connection].self).count, 40)
    }

    scenario("anArenaIsHandedToAProcessThatWasForkedBefore") {
        let way = try Pipe()
        let child = Process {
            let arena = try way.second.receive(SlotArena.self)
            expectEqual(arena.acquire(), nil)
            arena[1][0] = 7
        }
        try child.start()
        let arena = try SlotArena(slotCount: 2, slotBytes: 10)
        try way.first.send(arena)
        expectEqual(try child.join(timeout: promptly), .exited(0))
        expectEqual(arena[1][0], 7)
    }

    scenario("bytesAreReceivedIntoMemoryOfTheCaller") {
        let way = try Pipe(duplex: false)
        try withUnsafeBytes(of: 0x1234) { try way.second.send(bytes: $0) }
        var memory = [UInt8](repeating: 9, count: 4)
        expectThrows(.invalidState) { _ = try memory.withUnsafeMutableBytes { try way.first.receive(into: $0) } }
        memory = [UInt8](repeating: 9, count: 12)
        expectEqual(try memory.withUnsafeMutableBytes { try way.first.receive(into: $0) }, 8)
        expectEqual(memory, [0x34, 0x12, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9])
        way.second.close()
        expectThrows(.endOfFile) { _ = try memory.withUnsafeMutableBytes { try way.first.receive(into: $0) } }
    }
}

/// Everything that can be read until the last writer closes its end; closes this one.
private func textOf(_ descriptor: FileDescriptor) -> String {
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 100)
    while let count = try? piece.withUnsafeMutableBytes({ try descriptor.read(into: $0) }), count > 0 {
        text += piece.prefix(count)
    }
    try? descriptor.close()
    return String(decoding: text, as: UTF8.self)
}
