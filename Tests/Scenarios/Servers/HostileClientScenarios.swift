@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

func hostileClientScenarios() {
    scenario("silentClientsKeepNoOthersOut") {
        let key = AuthenticationKey()
        let listener = try Listener(authenticationKey: key)
        let silent = try (0..<50).map { _ in try RawClient(to: listener.address) }
        let half = try RawClient(to: listener.address)
        half.send(Array(helloOfAClient(hasKey: true).prefix(20)))
        let start = ContinuousClock.now
        try expectAccepted(by: listener, key)
        expectPrompt(since: start)
        withExtendedLifetime((silent, half)) {}
    }
    scenario("oldestOfTooManySilentClientsIsDropped") {
        let key = AuthenticationKey()
        let listener = try Listener(backlog: 300, authenticationKey: key)
        let silent = try (0..<200).map { _ in try RawClient(to: listener.address) }
        let before = openDescriptors().count
        let start = ContinuousClock.now
        try expectAccepted(by: listener, key)
        // Three times the capacity: the last of them gets in when those before it had their half second.
        expect(ContinuousClock.now - start < .seconds(8), "it took \(ContinuousClock.now - start)")
        expect(silent[0].isEnded(within: promptly), "the oldest is kept")
        expect(openDescriptors().count - before < 80, "too many are let in")
    }
    scenario("waitIsToldWhenSilentClientsMakeRoom") {
        let key = AuthenticationKey()
        let listener = try Listener(backlog: 300, authenticationKey: key)
        let silent = try (0..<70).map { _ in try RawClient(to: listener.address) }
        let address = listener.address
        let child = Process { try Connection(to: address, authenticationKey: key).send(1) }
        try child.start()
        // Nothing more is sent: the timer wakes this.
        var connection: Connection?
        while connection == nil {
            expectEqual(try Multiprocessing.wait(for: [listener], timeout: .seconds(20)), [0])
            connection = try listener.accept(timeout: .zero)
        }
        expectEqual(try connection?.receive(Int.self), 1)
        try child.join()
        withExtendedLifetime(silent) {}
    }
    scenario("allOfACrowdOfHonestClientsAreLetIn") {
        let key = AuthenticationKey()
        let listener = try Listener(backlog: 300, authenticationKey: key)
        let address = listener.address
        let children = (0..<100).map { number in
            Process {
                let connection = try Connection(to: address, authenticationKey: key, timeout: .seconds(60))
                try connection.send(number)
                expectEqual(try connection.receive(Int.self), -number)
            }
        }
        for child in children { try child.start() }
        var numbers: Set<Int> = []
        for _ in children {
            let connection = try listener.accept()
            let number = try connection.receive(Int.self)
            numbers.insert(number)
            try connection.send(-number)
        }
        expectEqual(numbers.count, 100)
        for child in children { expectEqual(try child.join(timeout: .seconds(20)), .exited(0)) }
    }
    scenario("slowClientIsDroppedAfterItsTime") {
        let listener = try Listener(handshakeTimeout: .milliseconds(80))
        let (silent, slow) = (try RawClient(to: listener.address), try RawClient(to: listener.address))
        let child = Process {
            // Sends a byte now and then as long as it is read.
            for byte in helloOfAClient(hasKey: false) {
                guard slow.send([byte]) else { return }
                usleep(10_000)
            }
        }
        try child.start()
        let start = ContinuousClock.now
        let text = try logged {
            while try child.join(timeout: .zero) == nil {
                expect(try listener.accept(timeout: .milliseconds(20)) == nil, "a slow one gets through")
            }
        }
        expectPrompt(since: start)
        expect(text.contains("in time"), "logged was \(text)")
        expect(silent.isEnded(within: promptly), "the silent one is kept")
    }
    scenario("randomBytesBeforeTheHandshakeAreRefused") {
        var generator = SeededGenerator(seed: printedSeed())
        let key = AuthenticationKey()
        for place: Address? in [nil, .tcp("127.0.0.1", 0)] {
            let listener = try Listener(address: place, authenticationKey: key)
            let before = openDescriptors().count
            for turn in 0..<150 {
                let client = try RawClient(to: listener.address)
                var bytes = randomBytes(.random(in: 0...300, using: &generator), &generator)
                if turn % 3 > 0 {
                    // A valid beginning gets further.
                    bytes = helloOfAClient(hasKey: true).prefix(.random(in: 0...44, using: &generator)) + bytes
                }
                client.send(bytes)
                if turn % 2 == 0 { client.endSending() }
                expect(try listener.accept(timeout: .zero) == nil, "random bytes get through")
            }
            try expectAccepted(by: listener, key)
            expect(openDescriptors().count - before <= 70, "descriptors of those that have gone are left")
        }
        expect(try require(kibibytes("VmHWM")) < 64 << 10, "memory for strangers")
    }
    scenario("descriptorsSentBeforeTheHandshakeAreDropped") {
        let listener = try Listener(authenticationKey: AuthenticationKey())
        let before = openDescriptors().count
        for _ in 0..<50 {
            let client = try RawClient(to: listener.address)
            client.send(helloOfAClient(hasKey: true), with: 64)
            expect(try listener.accept(timeout: .zero) == nil, "half a handshake is none")
            _ = client.receive(helloBytes)
            client.send([UInt8](repeating: 1, count: 32), with: 64)
            expect(try listener.accept(timeout: .zero) == nil, "a wrong proof gets through")
            expect(client.isEnded(within: promptly), "a wrong proof is listened to")
        }
        // The listener's own two.
        expect(openDescriptors().count <= before + 2, "\(openDescriptors().count - before) descriptors more")
    }
    scenario("randomBytesAfterTheHandshakeAreTypedErrors") {
        var generator = SeededGenerator(seed: printedSeed())
        let listener = try Listener()
        let before = openDescriptors().count
        for turn in 0..<300 {
            let client = try RawClient(to: listener.address)
            client.send(helloOfAClient(hasKey: false))
            let connection = try listener.accept()
            var bytes = randomBytes(.random(in: 1...200, using: &generator), &generator)
            if turn % 3 > 0 {
                let length = UInt64(turn % 3 == 1 ? bytes.count : Int.random(in: 0...1 << 47, using: &generator))
                bytes = withUnsafeBytes(of: length) { Array($0) } + bytes
            }
            client.send(bytes, with: turn % 5 == 0 ? 3 : 0)
            client.endSending()
            do {
                while true { _ = try connection.receive([String: [Double?]].self) }
            } catch let error as MultiprocessingError {
                expect([.endOfFile, .decodingFailed].contains(error.code), "thrown was \(error.code): \(error)")
            }
        }
        expect(openDescriptors().count <= before + 2, "\(openDescriptors().count - before) descriptors more")
        expect(try require(kibibytes("VmHWM")) < 64 << 10, "memory for bytes that never came")
    }
    scenario("descriptorsThatNoMessageAnnouncesAreClosed") {
        let listener = try Listener()
        let before = openDescriptors().count
        let client = try RawClient(to: listener.address)
        client.send(helloOfAClient(hasKey: false))
        let connection = try listener.accept()
        // With a message that announces none; the next message is complete.
        client.send([1, 0, 0, 0, 0, 0, 0, 0, 2], with: 5)
        expectThrows(.decodingFailed) { _ = try connection.receiveBytes() }
        client.send([1, 0, 0, 0, 0, 0, 0, 0, 2])
        expectEqual(try connection.receiveBytes(), [2])
        // With every byte of a slow message.
        for byte: UInt8 in [255, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3] { client.send([byte], with: 64) }
        client.endSending()
        expectThrows(.decodingFailed) { _ = try connection.receiveBytes() }
        connection.close()
        expect(openDescriptors().count <= before + 3, "\(openDescriptors().count - before) descriptors more")
    }
    scenario("acceptWithoutADescriptorLeftIsAnErrorAndWorksAgain") {
        let listener = try Listener()
        expect(try listener.accept(timeout: .zero) == nil, "who was that?")
        let client = try RawClient(to: listener.address)
        client.send(helloOfAClient(hasKey: false))
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        var none = limit
        none.rlim_cur = rlim_t((openDescriptors().keys.max() ?? 0) + 1)
        var fillers: [Int32] = []
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
        while case let filler = dup(0), filler >= 0 { fillers.append(filler) }
        let error = expectThrows(.systemCallFailed) { _ = try listener.accept() }
        expectEqual(error?.errno, .tooManyOpenFiles)
        expect(try listener.accept(timeout: .milliseconds(20)) == nil, "it spins")
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        fillers.forEach { close($0) }
        _ = try listener.accept()
    }
}

extension RawClient {
    /// Sends bytes with copies of standard input attached to the first of them.
    func send(_ bytes: [UInt8], with descriptorCount: Int) {
        guard descriptorCount > 0 else {
            send(bytes)
            return
        }
        // A header and the numbers, in the layout of CMSG_FIRSTHDR.
        var control = [MemoryLayout<cmsghdr>.size + 4 * descriptorCount, Int(SOL_SOCKET) | 1 << 32]
        control += [Int](repeating: 0, count: (descriptorCount + 1) / 2)
        var bytes = bytes
        bytes.withUnsafeMutableBytes { bytes in
            control.withUnsafeMutableBytes { control in
                var piece = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
                withUnsafeMutablePointer(to: &piece) { piece in
                    var message = msghdr()
                    message.msg_iov = piece
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    _ = sendmsg(number, &message, Int32(MSG_NOSIGNAL))
                }
            }
        }
    }
}

/// A child connects, and the listener accepts it.
private func expectAccepted(
    by listener: Listener, _ key: AuthenticationKey?, file: StaticString = #fileID, line: UInt = #line
) throws {
    let address = listener.address
    let child = Process { try Connection(to: address, authenticationKey: key).send(1) }
    try child.start()
    let connection = try listener.accept(timeout: .seconds(20))
    expectEqual(try connection?.receive(Int.self), 1, file: file, line: line)
    expectEqual(try child.join(timeout: promptly), .exited(0), file: file, line: line)
}
