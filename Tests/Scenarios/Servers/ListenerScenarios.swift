@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

func listenerScenarios() {
    scenario("unrelatedProcessesConnectOverEveryKindOfAddress") {
        try withTemporaryDirectory { directory in
            let places: [Address?] = [
                nil, .unix("\(directory)/s"), .tcp("127.0.0.1", 0), .tcp("localhost", 0), .tcp("::1", 0),
            ]
            for place in places {
                let way = try Pipe()
                let key = AuthenticationKey()
                // Forked before there is a listener: it knows only what it is sent.
                let child = Process {
                    let connection = try Connection(
                        to: try way.second.receive(Address.self), authenticationKey: key)
                    try connection.send(["one": [1, 2]])
                    expectEqual(try connection.receive(String.self), "two")
                    expectThrows(.endOfFile) { _ = try connection.receive(Int.self) }
                }
                try child.start()
                let listener = try Listener(address: place, authenticationKey: key)
                expect(listener.lastAccepted == nil, "no connection was accepted")
                try way.first.send(listener.address)
                let connection = try listener.accept()
                expectEqual(try connection.receive([String: [Int]].self), ["one": [1, 2]])
                try connection.send("two")
                connection.close()
                expectEqual(try child.join(timeout: promptly), .exited(0), "\(listener.address):")
                switch (listener.address, try require(listener.lastAccepted)) {
                case (.unix, .unix(let path)): expectEqual(path, "")
                case (.tcp(let host, let port), .tcp(let peer, let peerPort)):
                    expect(port != 0 && peerPort != 0 && port != peerPort, "ports \(port) and \(peerPort)")
                    expectEqual(peer, host)
                default: expect(false, "accepted was \(String(describing: listener.lastAccepted))")
                }
                listener.close()
            }
        }
    }
    scenario("defaultAddressIsADirectoryForOneUserAndGoneAfterClose") {
        let before = privateDirectories()
        let listener = try Listener()
        let path = try path(of: listener.address)
        let directory = String(path.dropLast("/socket".count))
        var information = stat()
        expectEqual(stat(directory, &information), 0)
        expectEqual(information.st_mode & 0o7777, 0o700)
        expect(exists(path), "no socket at \(path)")
        listener.close()
        listener.close()
        expect(!exists(directory), "\(directory) is left")
        expectThrows(.invalidState) { _ = try listener.accept() }
        expectThrows(.invalidState) { try Multiprocessing.wait(for: [listener], timeout: .zero) }
        // Releasing it has the same effect.
        _ = try Listener()
        expectEqual(privateDirectories(), before)
    }
    scenario("namedSocketIsForItsUserOnlyWhateverTheUmask") {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/s"
            chmod(directory, 0o755)
            let before = umask(0)
            defer { umask(before) }
            let listener = try Listener(address: .unix(path), authenticationKey: nil)
            var information = stat()
            expectEqual(lstat(path, &information), 0)
            expectEqual(information.st_mode & 0o7777, 0o600)
            // Only root can act as another user.
            if geteuid() == 0 {
                expectEqual(try connectAsNobody(to: path), .permissionDenied)
                // The owner can let others in explicitly.
                chmod(path, 0o666)
                expectEqual(try connectAsNobody(to: path), nil)
            }
            listener.close()
        }
    }
    scenario("nameThatAKilledOwnerLeavesIsAnErrorThatSaysWhatToDo") {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/s"
            let child = Process {
                let listener = try Listener(address: .unix(path), authenticationKey: nil)
                withExtendedLifetime(listener) { _ = raise(SIGKILL) }
            }
            try child.start()
            expectEqual(try child.join(), .signaled(SIGKILL))
            expect(exists(path), "who removed it?")
            let error = expectThrows(.systemCallFailed) {
                _ = try Listener(address: .unix(path), authenticationKey: nil)
            }
            expectText(of: error, contains: "remove it")
            expectEqual(error?.errno, .addressInUse)
            expectThrows(.systemCallFailed) { _ = try Connection(to: .unix(path), authenticationKey: nil) }
            unlink(path)
            let listener = try Listener(address: .unix(path), authenticationKey: nil)
            let second = expectThrows(.systemCallFailed) {
                _ = try Listener(address: .unix(path), authenticationKey: nil)
            }
            expectText(of: second, contains: "another process is listening there")
            // That check has connected, but without completing the handshake.
            expect(try listener.accept(timeout: .zero) == nil, "who was that?")
            listener.close()
            fclose(try require(fopen(path, "w")))
            let third = expectThrows(.systemCallFailed) {
                _ = try Listener(address: .unix(path), authenticationKey: nil)
            }
            expectText(of: third, contains: "not a socket")
            expect(exists(path), "a file of someone else's is gone")
        }
    }
    scenario("onlyItsOwnNameIsRemovedAndOnlyByItsMaker") {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/s"
            let listener = try Listener(address: .unix(path), authenticationKey: nil)
            let child = Process { listener.close() }
            try child.start()
            expectEqual(try child.join(), .exited(0))
            expect(exists(path), "a child has removed its parent's name")
            unlink(path)
            let other = try Listener(address: .unix(path), authenticationKey: nil)
            listener.close()
            expect(exists(path), "the name of another listener was removed")
            other.close()
            expect(!exists(path), "the name is left")
        }
    }
    scenario("normalExitRemovesTheName") {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/s"
            let pid = fork()
            if pid == 0 {
                let listener = try? Listener(address: .unix(path), authenticationKey: nil)
                withExtendedLifetime(listener) { exit(exists(path) ? 0 : 1) }
            }
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            expectEqual(status, 0)
            expect(!exists(path), "the name is left")
        }
    }
    scenario("addressesThatCannotBeAreErrors") {
        let long = "/tmp/" + String(repeating: "x", count: 103)
        expectText(
            of: expectThrows(.invalidState) { _ = try Listener(address: .unix(long), authenticationKey: nil) },
            contains: "107")
        expectThrows(.invalidState) { _ = try Connection(to: .unix(""), authenticationKey: nil) }
        expectThrows(.systemCallFailed) {
            _ = try Listener(address: .unix("/no/such/folder/s"), authenticationKey: nil)
        }
        expectThrows(.systemCallFailed) { _ = try Listener(address: .tcp("256.0.0.1.2", 0), authenticationKey: nil) }
        expectThrows(.systemCallFailed) { _ = try Connection(to: .unix("/no/such/folder/s"), authenticationKey: nil) }
        let listener = try Listener(address: .tcp("127.0.0.1", 0), authenticationKey: nil)
        let taken = expectThrows(.systemCallFailed) {
            _ = try Listener(address: listener.address, authenticationKey: nil)
        }
        expectEqual(taken?.errno, .addressInUse)
        listener.close()
        let refused = expectThrows(.systemCallFailed) {
            _ = try Connection(to: listener.address, authenticationKey: nil)
        }
        expectEqual(refused?.errno, .connectionRefused)
        // The port is free again at once, although a connection to it was open.
        try Listener(address: listener.address, authenticationKey: nil).close()
        expectEqual("\(Address.tcp("::1", 80)) \(Address.tcp("a", 1)) \(Address.unix("/b"))", "[::1]:80 a:1 /b")
    }
    scenario("acceptWaitsForAsLongAsItIsTold") {
        let listener = try Listener()
        let start = ContinuousClock.now
        expect(try listener.accept(timeout: .zero) == nil, "who was that?")
        expect(try listener.accept(timeout: .milliseconds(60)) == nil, "who was that?")
        let elapsed = ContinuousClock.now - start
        expect(elapsed >= .milliseconds(60) && elapsed < promptly, "accept took \(elapsed)")
        try withStormOfSignals(everyMicroseconds: 500) {
            let start = ContinuousClock.now
            expect(try listener.accept(timeout: .milliseconds(60)) == nil, "who was that?")
            expect(ContinuousClock.now - start >= .milliseconds(60), "a signal ends accept")
        }
    }
    scenario("waitTakesListenersConnectionsAndProcessesTogether") {
        let (listener, key) = (try Listener(), try Listener(address: .tcp("localhost", 0), authenticationKey: nil))
        let (go, address) = (Doorbell(), listener.address)
        let child = Process {
            let connection = try Connection(to: address, authenticationKey: nil)
            expect(go.wait(), "no ring came")
            try connection.send(1)
            expect(go.wait(), "no ring came")
        }
        try child.start()
        let connection = try accept(from: listener, among: [key, child, listener])
        go.ring()
        expectEqual(try Multiprocessing.wait(for: [key, child, listener, connection], timeout: .seconds(20)), [3])
        expectEqual(try connection.receive(Int.self), 1)
        go.ring()
        expectEqual(try connection.poll(timeout: .seconds(20)), true)
        expectThrows(.endOfFile) { _ = try connection.receive(Int.self) }
        expectEqual(try Multiprocessing.wait(for: [child], timeout: .seconds(20)), [0])
        try child.join()
    }
    scenario("childrenAcceptFromTheirParentsListener") {
        let (listener, key) = (try Listener(authenticationKey: AuthenticationKey("k")), try AuthenticationKey("k"))
        // The parent has begun to accept, with a client in the middle of its handshake.
        let halfway = try RawClient(to: listener.address)
        expect(try listener.accept(timeout: .zero) == nil, "half a handshake is none")
        let servers = (0..<3).map { number in
            Process {
                let connection = try listener.accept()
                try connection.send(number)
                expectThrows(.endOfFile) { _ = try connection.receive(Int.self) }
            }
        }
        for server in servers { try server.start() }
        var seen: Set<Int> = []
        for _ in servers {
            let connection = try Connection(to: listener.address, authenticationKey: key)
            seen.insert(try connection.receive(Int.self))
        }
        expectEqual(seen, [0, 1, 2])
        for server in servers { expectEqual(try server.join(timeout: promptly), .exited(0)) }
        listener.close()
        expect(halfway.isEnded(within: promptly), "the one in the middle waits forever")
    }
    scenario("descriptorsTravelOverUnixSocketsAndAreAnErrorOverTCP") {
        for place: Address? in [nil, .tcp("127.0.0.1", 0)] {
            let (listener, arena) = (
                try Listener(address: place, authenticationKey: nil), try SlotArena(slotCount: 1, slotBytes: 1)
            )
            let address = listener.address
            let child = Process {
                let connection = try Connection(to: address, authenticationKey: nil)
                if place == nil {
                    try connection.send(arena)
                } else {
                    let error = expectThrows(.encodingFailed) { try connection.send(arena) }
                    expectText(of: error, contains: "one machine")
                }
                try connection.send("after")
            }
            try child.start()
            let connection = try listener.accept()
            if place == nil {
                let own = try connection.receive(SlotArena.self)
                withExtendedLifetime(own) { own[0][0] = 9 }
            }
            expectEqual(try connection.receive(String.self), "after")
            expectEqual(arena[0][0], place == nil ? 9 : 0)
            try child.join()
        }
    }
    scenario("largeMessagesCrossTCPWhole") {
        let listener = try Listener(address: .tcp("127.0.0.1", 0), authenticationKey: nil)
        let address = listener.address
        let child = Process {
            let connection = try Connection(to: address, authenticationKey: nil)
            var on: Int32 = 0
            var size = socklen_t(4)
            getsockopt(
                try require(connection.fileDescriptor).rawValue, Int32(IPPROTO_TCP), TCP_NODELAY, &on, &size)
            expect(on != 0, "small messages wait for others")
            try connection.send(try connection.receive([UInt8].self))
        }
        try child.start()
        let connection = try listener.accept()
        let bytes = (0..<9_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
        try connection.send(bytes)
        expect(try connection.receive([UInt8].self) == bytes, "other bytes")
        expectEqual(try child.join(timeout: promptly), .exited(0))
    }
    scenario("nothingIsLeftOfManyConnections") {
        let listener = try Listener(authenticationKey: try AuthenticationKey("k"))
        let (address, go) = (listener.address, Doorbell())
        let child = Process {
            while go.wait() {
                try Connection(to: address, authenticationKey: try AuthenticationKey("k")).send(1)
            }
        }
        try child.start()
        try expectNoGrowth(warmUp: 5, turns: 200) { _ in
            go.ring()
            expectEqual(try listener.accept().receive(Int.self), 1)
        }
        child.kill()
        try child.join()
    }
    scenario("everyDescriptorOfAListenerIsCloseOnExec") {
        let before = openDescriptors()
        let listener = try Listener()
        _ = try listener.accept(timeout: .zero)
        let client = try RawClient(to: listener.address)
        client.send(helloOfAClient(hasKey: false))
        let connection = try listener.accept()
        let opened = openDescriptors().filter { before[$0.key] == nil && $0.key != client.number }
        expect(opened.count == 4, "opened are \(opened)")
        for (number, target) in opened {
            expect(isCloseOnExec(number), "\(number) \(target) would survive an exec")
        }
        withExtendedLifetime(connection) {}
    }
}

/// Waits for all and accepts from the listener, which may be ready before there is a connection.
private func accept(from listener: Listener, among all: [any Waitable]) throws -> Connection {
    while true {
        expectEqual(try Multiprocessing.wait(for: all, timeout: .seconds(20)), [2])
        if let connection = try listener.accept(timeout: .zero) {
            return connection
        }
    }
}

/// The kernel's error for another user that connects; nil if it is allowed.
private func connectAsNobody(to path: String) throws -> Errno? {
    let child = Process {
        expectEqual(setuid(65534), 0)
        do {
            _ = try RawClient(to: .unix(path))
        } catch let error as Errno {
            _exit(error.rawValue)
        }
    }
    try child.start()
    guard case .exited(let number) = try child.join(timeout: promptly) else { return .noSuchProcess }
    return number == 0 ? nil : Errno(rawValue: number)
}
