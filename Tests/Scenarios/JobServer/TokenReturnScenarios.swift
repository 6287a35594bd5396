import CPoolmap
@preconcurrency import Glibc
import Multiprocessing
import JobServer
import SystemPackage

/// However the front ends, make gets its tokens back.
func tokenReturnScenarios() {
    scenario("tokensAreBackBeforeTheFrontHasExited") {
        let ways: [(JobServer) -> Void] = [
            { $0.close() }, { _ in exit(3) },
            { _ in
                poolmap_install_signal_handlers()
                raise(SIGTERM)
            },
        ]
        for (number, leave) in ways.enumerated() {
            let (bank, guardianPID) = (TokenBank(.pipe, tokens: 3), SharedCounter())
            let front = Process {
                let server = try bank.client()
                server.want(3)
                server.expectHeld(3)
                let guardian = try require(tokenGuardian())
                guardianPID.add(Int(guardian.pid))
                // Otherwise it would be faster than a front that does not wait for it.
                guardian.stop()
                leave(server)
                withExtendedLifetime(server) { _exit(3) }
            }
            try front.start()
            expectEqual(try joinFront(front), number == 2 ? .signaled(SIGTERM) : .exited(3))
            bank.expectAllBack("way \(number):")
            if ProcessRecord(Int32(guardianPID.value)) != nil {
                Failures.report("way \(number) leaves the guardian", #fileID, #line)
                kill(Int32(guardianPID.value), SIGKILL)
            }
        }
    }
    scenario("tokensComeBackFromAFrontThatEndsUnprepared") {
        let ways: [() -> Void] = [
            { _exit(4) }, { abort() }, { raise(SIGSEGV) }, { raise(SIGTERM) }, { raise(SIGKILL) }, { Process.exit(5) },
        ]
        for (number, leave) in ways.enumerated() {
            let bank = TokenBank(.allOf(number), tokens: 3)
            let front = Process {
                let server = try bank.client()
                server.want(2)
                server.expectHeld(2)
                withExtendedLifetime(server) { leave() }
            }
            try front.start()
            expect(try joinFront(front) != .exited(0), "way \(number) is no way")
            bank.expectAllBackAtTheEnd("way \(number):")
        }
    }
    scenario("tokensComeBackFromAFrontThatIsKilledAtAnyMoment") {
        var random = SeededGenerator(seed: printedSeed())
        for turn in 0..<50 {
            let bank = TokenBank(.allOf(turn), tokens: 5)
            let seed = random.next()
            let front = Process { try holdAndLetGo(try bank.client(), seed) }
            try front.start()
            // Half of them early, when there may be no guardian yet; half when they have taken tokens.
            if turn % 4 < 2 {
                expect(eventually { bank.freeCount < 5 }, "turn \(turn): no token is taken")
                usleep(UInt32.random(in: 0..<2000, using: &random))
            } else {
                usleep(UInt32.random(in: 0..<6000, using: &random))
            }
            front.kill()
            expectEqual(try joinFront(front), .signaled(SIGKILL))
            bank.expectAllBackAtTheEnd("turn \(turn):")
        }
    }
    scenario("tokensComeBackFromAFrontThatIsKilledAtAnyMomentWithAPool") {
        var random = SeededGenerator(seed: printedSeed())
        for turn in 0..<30 {
            let bank = TokenBank(.allOf(turn), tokens: 5)
            let seed = random.next()
            let front = Process {
                let server = try bank.client()
                // The pool is older than the guardian, or has a copy of everything its front has open.
                if turn % 3 != 0 { server.want(2) }
                let pool = try Pool(processes: 2) { (number: Int) in number }
                try pool.submit(1)
                try withExtendedLifetime(pool) { try holdAndLetGo(server, seed) }
            }
            try front.start()
            usleep(UInt32.random(in: 0..<12_000, using: &random))
            front.kill()
            expectEqual(try joinFront(front), .signaled(SIGKILL))
            bank.expectAllBackAtTheEnd("turn \(turn):")
        }
    }
    scenario("tokensComeBackThoughAChildOfTheKilledFrontLivesOn") {
        // It has copies of everything that the front had open, including the socket, so there is no end-of-file.
        let bank = TokenBank(.pipe, tokens: 3)
        let (childIsThere, end) = (Doorbell(), Doorbell())
        let front = try startFront { ready in
            let server = try bank.client()
            server.want(3)
            server.expectHeld(3)
            let child = Process {
                childIsThere.ring()
                _ = end.wait(within: .seconds(60))
            }
            try child.start()
            ready.ring()
            pauseForever()
        }
        expect(childIsThere.wait(), "the child did not begin")
        let guardian = try require(tokenGuardian(of: try require(front.pid)))
        front.kill()
        try joinFront(front)
        expect(eventually { bank.freeCount == 3 }, "\(bank.freeCount) are free, expected 3")
        bank.expectAllBack()
        expect(eventually { ProcessRecord(guardian.pid)?.isZombie ?? true }, "the guardian is still there")
        end.ring()
        bank.expectAllBackAtTheEnd()
    }
    scenario("tokensComeBackFromAGroupThatIsSignalled") {
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGKILL] {
            let bank = TokenBank(.pipe, tokens: 3)
            let front = try startFront { ready in
                let server = try bank.client()
                server.want(3)
                server.expectHeld(3)
                ready.ring()
                pauseForever()
            }
            kill(-(try require(front.pid)), signal)
            expectEqual(try joinFront(front), .signaled(signal))
            bank.expectAllBackAtTheEnd("signal \(signal):")
        }
    }
}

/// Alternately asks for more and fewer tokens, forever.
private func holdAndLetGo(_ server: JobServer, _ seed: UInt64) throws -> Never {
    var random = SeededGenerator(seed: seed)
    while true {
        server.want(.random(in: 0...5, using: &random))
        if let descriptor = server.descriptor {
            _ = isReadable(descriptor.rawValue, within: .milliseconds(1))
        }
        server.receive()
    }
}

extension TokenBank.Form {
    /// Each form in turn.
    static func allOf(_ turn: Int) -> TokenBank.Form {
        allCases[turn % allCases.count]
    }
}
