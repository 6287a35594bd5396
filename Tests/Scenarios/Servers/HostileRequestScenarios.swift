@preconcurrency import Glibc
import Multiprocessing

/// A client that knows the key and sends arbitrary requests.
private final class RawRequester {
    let socket: RawClient

    init(to manager: Manager, saysHello: Bool = true) throws {
        let connection = try Connection(to: manager.address, authenticationKey: manager.authenticationKey)
        socket = try RawClient(of: connection)
        if saysHello {
            request(0, on: 0, bytes(UInt64(0)) + bytes(UInt64.random(in: .min ... .max)))
            expectEqual(socket.receive(32).count, 32)
        }
    }

    /// Sends a request with a valid header, or with a wrong length; returns whether all of it could be sent.
    @discardableResult
    func request(
        _ operation: UInt16, on object: UInt64, _ arguments: [UInt8] = [], announcing length: UInt32? = nil
    ) -> Bool {
        socket.send(
            bytes(length ?? UInt32(arguments.count)) + bytes(operation) + bytes(UInt16(0)) + bytes(object)
                + bytes(UInt64(1)) + arguments)
    }
}

private func bytes<Number: BitwiseCopyable>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number) { Array($0) }
}

private let valuesOperation: UInt16 = 0x109
private let countOperation: UInt16 = 0x105
private let acquireOperation: UInt16 = 0x500

func hostileRequestScenarios() {
    scenario("managerRejectsClientsWithAnotherKey") {
        let manager = try Manager()
        let start = ContinuousClock.now
        expectThrows(.authenticationFailed) {
            try Manager.connect(to: manager.address, authenticationKey: AuthenticationKey())
        }
        expectThrows(.authenticationFailed) { try Connection(to: manager.address, authenticationKey: nil) }
        expectThrows(.systemCallFailed) {
            try Manager.connect(to: .unix("/no/such/socket"), authenticationKey: manager.authenticationKey)
        }
        expectPrompt(since: start)
        // A listener that is not a manager is rejected.
        let key = AuthenticationKey()
        let listener = try Listener(authenticationKey: key)
        let address = listener.address
        for (isSilent, code) in [(true, MultiprocessingError.Code.timedOut), (false, .endOfFile)] {
            let child = Process {
                expectThrows(code) {
                    let timeout = isSilent ? Duration.milliseconds(100) : nil
                    return try Manager.connect(to: address, authenticationKey: key, timeout: timeout)
                }
            }
            try child.start()
            var silent: [Connection] = []
            while try child.join(timeout: .zero) == nil {
                let connection = try listener.accept(timeout: .milliseconds(5))
                if isSilent, let connection { silent.append(connection) }
            }
            expectEqual(child.exitStatus, .exited(0))
        }
        expectEqual(try manager.objectCount, 0)
    }
    scenario("randomBytesToAManagerEndOnlyTheirConnection") {
        var generator = SeededGenerator(seed: printedSeed())
        let manager = try Manager()
        let list = try manager.list([1])
        let descriptors = namesIn("/proc/\(manager.pid)/fd").count
        for turn in 0..<200 {
            let random = randomBytes(.random(in: 1...300, using: &generator), &generator)
            if turn % 4 == 0 {
                let stranger = try RawClient(to: manager.address)
                stranger.send(random, with: turn % 8 == 0 ? 5 : 0)
            } else {
                let client = try RawRequester(to: manager, saysHello: turn % 4 > 1)
                client.socket.send(random, with: turn % 8 == 2 ? 5 : 0)
            }
            expectEqual(try list.get(0), 1)
        }
        expect(eventually { namesIn("/proc/\(manager.pid)/fd").count <= descriptors }, "descriptors are left")
    }
    scenario("randomRequestsNeitherEndTheServerNorReachOtherObjects") {
        var generator = SeededGenerator(seed: printedSeed())
        let manager = try Manager(registering: [RegisteredType("T") { (number: Int) in number }])
        let mine = try manager.dictionary(["a": 1])
        let operations: [UInt16] = [
            Array(0...6), Array(0x100...0x10A), Array(0x200...0x206), Array(0x300...0x30A), Array(0x400...0x405),
            Array(0x500...0x50A), [0x600, 0xFFFF],
        ].flatMap { $0 }
        // Objects of all kinds, for this client to use.
        for kind: UInt8 in 0...13 {
            let maker = try RawRequester(to: manager)
            // A barrier needs two numbers of eight bytes.
            let text: [UInt8] = kind == 11 ? [0, 0, 0, 0] : [1, 2]
            maker.request(2, on: 0, [kind] + bytes(Int64(1)) + bytes(UInt32(2)) + text)
        }
        for _ in 0..<400 {
            let client = try RawRequester(to: manager)
            for _ in 0..<Int.random(in: 1...10, using: &generator) {
                var arguments: [UInt8] = []
                for _ in 0..<Int.random(in: 0...3, using: &generator) {
                    switch Int.random(in: 0..<4, using: &generator) {
                    case 0: arguments += bytes(Int64.random(in: -2...3, using: &generator))
                    case 1: arguments += bytes(UInt32(3)) + [0x03, 0x01, 0x61]
                    case 2: arguments += bytes(UInt64.random(in: .min ... .max, using: &generator))
                    default: arguments += randomBytes(.random(in: 0...9, using: &generator), &generator)
                    }
                }
                // Not the first object, which belongs to another client.
                let object = UInt64.random(in: 2...16, using: &generator)
                let operation = operations.randomElement(using: &generator) ?? 0
                // Removing and finding are legitimate for every client with the key.
                if operation == 3 { continue }
                client.request(operation, on: operation < 0x100 ? 0 : object, arguments)
            }
        }
        expectEqual(try mine.copy(), ["a": 1])
        try inChild { expectEqual(try mine.get("a"), 1) }
    }
    scenario("announcedLengthsAreNotTrusted") {
        let manager = try Manager()
        let list = try manager.list([1])
        let before = try require(kibibytes("VmHWM", of: manager.pid))
        let patient = try (0..<20).map { _ in
            let client = try RawRequester(to: manager)
            client.request(0x300, on: 1, [1, 2, 3], announcing: 1 << 30)
            return client
        }
        let huge = try RawRequester(to: manager)
        huge.request(0x300, on: 1, announcing: .max)
        expect(huge.socket.isEnded(within: promptly), "4 GiB are waited for")
        let lying = try RawRequester(to: manager)
        lying.request(0x300, on: 1, bytes(UInt32.max) + [1])
        expect(lying.socket.isEnded(within: promptly), "an item that is not there is taken")
        expectEqual(try list.values(), [1])
        let grown = try require(kibibytes("VmHWM", of: manager.pid)) - before
        expect(grown < 8 << 10, "the server has grown by \(grown) KiB")
        withExtendedLifetime(patient) {}
    }
    scenario("semaphoreThatIsFullAgainTakesNothingBackFromAClientThatDies") {
        let manager = try Manager()
        let (open, bounded) = (try manager.semaphore(.max), try manager.boundedSemaphore(1))
        for (object, semaphore, most) in [(1, open, Int.max), (2, bounded, 1)] as [(UInt64, SemaphoreProxy, Int)] {
            var client: RawRequester? = try RawRequester(to: manager)
            client?.request(acquireOperation, on: object)
            expect(eventually(within: promptly) { (try? semaphore.value) == most - 1 }, "it is not acquired")
            try semaphore.release()
            // It ends without having read that it has the semaphore.
            client = nil
            expect(try manager.objectCount == 2, "the server has ended")
            expectEqual(try semaphore.value, most)
        }
    }
    scenario("clientThatDoesNotReadIsNotReadEither") {
        let manager = try Manager()
        let list = try manager.list([[UInt8](repeating: 7, count: 1 << 20)])
        expectEqual(try list.count, 1)
        let before = try require(kibibytes("VmRSS", of: manager.pid))
        let deaf = try RawRequester(to: manager)
        let flags = fcntl(deaf.socket.number, F_GETFL)
        _ = fcntl(deaf.socket.number, F_SETFL, flags | O_NONBLOCK)
        var sent = 0
        while sent < 5000, deaf.request(valuesOperation, on: 1) { sent += 1 }
        // Other clients are served as usual.
        let start = ContinuousClock.now
        for _ in 0..<200 { expectEqual(try list.count, 1) }
        expectPrompt(since: start)
        let grown = try require(kibibytes("VmHWM", of: manager.pid)) - before
        expect(grown < 24 << 10, "the server has grown by \(grown) KiB")
        // And it gets everything when it finally reads.
        _ = fcntl(deaf.socket.number, F_SETFL, flags)
        let wanted = min(50, sent) * (1 << 20)
        expectEqual(deaf.socket.receive(wanted).count, wanted, "of \(sent) requests:")
    }
    scenario("requestsInOneStreamAreAnsweredInOrder") {
        let manager = try Manager()
        let list = try manager.list([1, 2, 3])
        let client = try RawRequester(to: manager)
        var stream: [UInt8] = []
        for _ in 0..<3000 {
            stream += bytes(UInt32(0)) + bytes(countOperation) + bytes(UInt16(0)) + bytes(UInt64(1)) + bytes(UInt64(1))
        }
        // In pieces that end anywhere.
        for start in stride(from: 0, to: stream.count, by: 1001) {
            client.socket.send(Array(stream[start..<min(start + 1001, stream.count)]))
        }
        let reply = bytes(UInt64(8)) + bytes(UInt64(0)) + bytes(Int64(3))
        expect(client.socket.receive(3000 * 24) == (0..<3000).flatMap { _ in reply }, "other replies")
        // A waiting client may ask for the answer, and for nothing else.
        _ = try manager.event()
        client.request(0x506, on: 2)
        client.request(1, on: 0)
        expectEqual(client.socket.receive(16), bytes(UInt64(0)) + bytes(UInt64(2)))
        client.request(0x506, on: 2)
        client.request(countOperation, on: 1)
        expect(client.socket.isEnded(within: promptly), "two requests at a time")
        expectEqual(try list.count, 3)
    }
}
