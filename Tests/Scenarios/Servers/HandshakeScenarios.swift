@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

func handshakeScenarios() {
    scenario("wrongKeyFailsAtBothEndsAndTheNextClientIsAccepted") {
        for place: Address? in [nil, .tcp("127.0.0.1", 0)] {
            let text = try logged {
                let listener = try Listener(address: place, authenticationKey: try AuthenticationKey("right"))
                let address = listener.address
                let child = Process {
                    for wrong in ["wrong", "righ", "right\0", "Right"] {
                        let key = try AuthenticationKey(wrong)
                        let error = expectThrows(.authenticationFailed) {
                            _ = try Connection(to: address, authenticationKey: key)
                        }
                        expect(!"\(error as Any)".contains("wrong"), "the key is printed: \(error as Any)")
                    }
                    try Connection(to: address, authenticationKey: try AuthenticationKey("right")).send(1)
                }
                try child.start()
                expectEqual(try listener.accept().receive(Int.self), 1)
                expectEqual(try child.join(timeout: promptly), .exited(0))
            }
            expectEqual(text.split(separator: "\n").filter { $0.contains("a different authentication key") }.count, 4)
        }
    }
    scenario("keyOnOneSideOnlyIsAnErrorOnBothAndNoHang") {
        for listenerHasKey in [true, false] {
            let key = AuthenticationKey()
            let text = try logged {
                let listener = try Listener(authenticationKey: listenerHasKey ? key : nil)
                let address = listener.address
                let child = Process {
                    let error = expectThrows(.authenticationFailed) {
                        _ = try Connection(to: address, authenticationKey: listenerHasKey ? nil : key)
                    }
                    expectText(of: error, contains: listenerHasKey ? "requires an" : "has no")
                }
                try child.start()
                let start = ContinuousClock.now
                while try child.join(timeout: .zero) == nil {
                    expect(try listener.accept(timeout: .milliseconds(10)) == nil, "who was that?")
                }
                expectPrompt(since: start)
                expectEqual(child.exitStatus, .exited(0))
            }
            expectText(of: Mishap(description: text), contains: listenerHasKey ? "has no" : "requires an")
        }
    }
    scenario("echoOfAListenersProofProvesNothing") {
        let listener = try Listener(authenticationKey: AuthenticationKey())
        // Everything unchanged, and everything with the role changed, in as many rounds as the protocol has.
        for role: UInt8? in [nil, 0x43] {
            let attacker = try RawClient(to: listener.address)
            expect(try listener.accept(timeout: .zero) == nil, "a silent one gets through")
            var hello = attacker.receive(helloBytes)
            expectEqual(hello.count, helloBytes)
            hello[10] = role ?? hello[10]
            attacker.send(hello)
            expect(try listener.accept(timeout: .milliseconds(20)) == nil, "an echo gets through")
            attacker.send(Array(hello.suffix(32)))
            expect(try listener.accept(timeout: .milliseconds(20)) == nil, "an echo gets through")
            expect(attacker.isEnded(), "the echo is still listened to")
        }
    }
    scenario("proofOfOneHandshakeFitsNoOther") {
        // Two listeners with one key; what a client sends to the first is replayed to the second.
        let key = AuthenticationKey()
        let (trap, real) = (try RawListener(), try Listener(authenticationKey: key))
        let child = Process {
            expectThrows(.endOfFile) { _ = try Connection(to: trap.address, authenticationKey: key) }
        }
        try child.start()
        let victim = trap.accept()
        let attacker = try RawClient(to: real.address)
        expect(try real.accept(timeout: .zero) == nil, "a silent one gets through")
        // The attacker replays a listener's earlier hello to its victim.
        var stale = attacker.receive(helloBytes)
        stale[20] ^= 1
        send(victim, stale, stale.count, 0)
        let said = receive(victim, helloBytes + 32)
        expectEqual(said.count, helloBytes + 32)
        attacker.send(said)
        expect(try real.accept(timeout: .milliseconds(50)) == nil, "an old proof gets through")
        expect(attacker.isEnded(), "the attacker is still listened to")
        close(victim)
        expectEqual(try child.join(timeout: promptly), .exited(0))
    }
    scenario("listenerWithoutTheKeyGetsNoClient") {
        let key = AuthenticationKey()
        let trap = try RawListener()
        let child = Process {
            expectThrows(.authenticationFailed) { _ = try Connection(to: trap.address, authenticationKey: key) }
        }
        try child.start()
        let victim = trap.accept()
        var hello = helloOfAClient(hasKey: true)
        hello[10] = 0x4C
        send(victim, hello, hello.count, 0)
        // It claims that the proof is right, and proves itself with the client's own proof.
        let said = receive(victim, helloBytes + 32)
        let verdict = [1] + said.suffix(32)
        send(victim, verdict, verdict.count, 0)
        expectEqual(try child.join(timeout: promptly), .exited(0))
        close(victim)
    }
    scenario("anotherProtocolIsRecognizedByItsFirstBytes") {
        let listener = try Listener()
        let browser = try RawClient(to: listener.address)
        browser.send(Array("GET /".utf8))
        expect(try listener.accept(timeout: .zero) == nil, "a browser gets through")
        expect(browser.isEnded(within: promptly), "five bytes were not enough")
        var newer = helloOfAClient(hasKey: false)
        newer[9] += 1
        let other = try RawClient(to: listener.address)
        other.send(newer)
        expect(try listener.accept(timeout: .zero) == nil, "another version gets through")
        expect(other.isEnded(within: promptly), "another version is listened to")
    }
    scenario("clientGivesUpWhenNobodyAnswers") {
        let trap = try RawListener()
        let start = ContinuousClock.now
        expectThrows(.timedOut) {
            _ = try Connection(to: trap.address, authenticationKey: nil, timeout: .milliseconds(60))
        }
        let elapsed = ContinuousClock.now - start
        expect(elapsed >= .milliseconds(60) && elapsed < promptly, "it took \(elapsed)")
        // The queue of a Unix listener is full.
        let full = try Listener(backlog: 0)
        let waiting = try RawClient(to: full.address)
        expectThrows(.timedOut) {
            _ = try Connection(to: full.address, authenticationKey: nil, timeout: .milliseconds(30))
        }
        withExtendedLifetime(waiting) {}
        let child = Process {
            expectThrows(.endOfFile) { _ = try Connection(to: trap.address, authenticationKey: nil) }
        }
        try child.start()
        close(trap.accept())
        close(trap.accept())
        expectEqual(try child.join(timeout: promptly), .exited(0))
    }
    scenario("keysAreNeverPrintedAndCompareByTheirBytes") {
        let key = try AuthenticationKey("topsecret")
        var dumped = ""
        dump(["key": key], to: &dumped)
        for text in ["\(key)", String(reflecting: key), "\([key])", dumped] {
            expect(!text.contains("secret") && !text.contains("116"), "it is printed: \(text)")
        }
        expect(key == (try AuthenticationKey(bytes: "topsecret".utf8)), "the same bytes are another key")
        expect(key != (try AuthenticationKey("topsecre")), "a part is the same")
        expect(key != (try AuthenticationKey("topsecreT")), "another case is the same")
        expect(AuthenticationKey() != AuthenticationKey(), "two random keys are the same")
        expectThrows(.invalidState) { _ = try AuthenticationKey("") }
    }
}

/// A listening socket without the library's protocol.
private final class RawListener {
    let address: Address
    private let number: Int32

    init() throws {
        number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let number = number
        withUnsafeMutablePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(number, $0, size)
                _ = getsockname(number, $0, &size)
            }
        }
        listen(number, 8)
        address = .tcp("127.0.0.1", name.sin_port.bigEndian)
    }

    deinit {
        close(number)
    }

    func accept() -> Int32 {
        Glibc.accept(number, nil, nil)
    }
}

private func receive(_ socket: Int32, _ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let received = recv(socket, &bytes, count, Int32(MSG_WAITALL))
    return Array(bytes.prefix(max(0, received)))
}
