@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

/// Connections made from descriptors.
func adoptedConnectionScenarios() {
    scenario("aConnectionIsMadeOfASocketAndOwnsIt") {
        let (one, other) = try socketPair()
        let before = openDescriptors().count
        do {
            let connection = try Connection(owning: FileDescriptor(rawValue: one))
            defer { connection.close() }
            expectEqual(connection.fileDescriptor?.rawValue, one)
            expect(isCloseOnExec(one), "it would survive an exec")
            let child = Process {
                let (end, lock) = (try Connection(owning: FileDescriptor(rawValue: other)), try Lock())
                try end.send(lock)
                expectEqual(try end.receive(String.self), "hello")
            }
            try child.start()
            close(other)
            expectEqual(try connection.receive(Lock.self).acquire(timeout: .zero), .acquired)
            try connection.send("hello")
            expectEqual(try child.join(timeout: promptly), .exited(0))
            expectThrows(.endOfFile) { try connection.receive(Int.self) }
        }
        expectEqual(openDescriptors().count, before - 2)
    }

    scenario("anAdoptedConnectionHasTheGivenDirections") {
        let (one, other) = try socketPair()
        let reader = try Connection(owning: FileDescriptor(rawValue: one), writable: false)
        let writer = try Connection(owning: FileDescriptor(rawValue: other), readable: false)
        try writer.send(5)
        expectEqual(try reader.receive(Int.self), 5)
        expectThrows(.invalidState) { try reader.send(5) }
        expectThrows(.invalidState) { try writer.receive(Int.self) }
    }

    scenario("descriptorsThatCannotBeAdoptedAreRefusedAndStayOpen") {
        let (one, other) = try socketPair()
        let ends = try FileDescriptor.pipe()
        let datagrams = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        _ = fcntl(one, F_SETFL, fcntl(one, F_GETFL) | O_NONBLOCK)
        for (number, text) in [
            (ends.readEnd.rawValue, "not a stream socket"), (datagrams, "not a stream socket"),
            (one, "is non-blocking"),
        ] {
            let error = expectThrows(.invalidState) { try Connection(owning: FileDescriptor(rawValue: number)) }
            expectText(of: error, contains: text)
            expect(fcntl(number, F_GETFD) >= 0, "it was closed")
        }
        for number: Int32 in [999, 44_977_608, -1] {
            let closed = expectThrows(.systemCallFailed) { try Connection(owning: FileDescriptor(rawValue: number)) }
            expectEqual(closed?.errno, .badFileDescriptor)
        }
        for number in [one, other, datagrams, ends.readEnd.rawValue, ends.writeEnd.rawValue] { close(number) }
    }
}

private func socketPair() throws -> (Int32, Int32) {
    var numbers: [Int32] = [-1, -1]
    expectEqual(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &numbers), 0)
    return (numbers[0], numbers[1])
}
