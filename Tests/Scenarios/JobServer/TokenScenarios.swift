@preconcurrency import Glibc
import Multiprocessing
import JobServer
import SystemPackage

/// Tokens come, and go back unchanged.
func tokenScenarios() {
    scenario("tokensComeOnRequestAndGoBackAsTheBytesThatTheyWere") {
        for form in TokenBank.Form.allCases {
            let bank = TokenBank(form, tokens: 3)
            let server = try bank.client()
            expectEqual(server.held, 0)
            server.want(2)
            server.expectHeld(2)
            expectEqual(bank.freeCount, 1)
            server.want(3)
            server.expectHeld(3)
            server.want(1)
            expectEqual(server.held, 1)
            expect(eventually { bank.freeCount == 2 }, "\(bank.freeCount) are free, expected 2")
            server.want(0)
            expectEqual(server.held, 0)
            expect(eventually { bank.freeCount == 3 }, "\(bank.freeCount) are free, expected 3")
            server.want(3)
            server.expectHeld(3)
            server.close()
            bank.expectAllBack("after close,")
            expectEqual(server.held, 0)
        }
    }
    scenario("everyByteCanBeAToken") {
        let bank = TokenBank(.pipe, tokens: 256)
        let server = try bank.client()
        server.want(1000)
        server.expectHeld(256)
        server.want(100)
        expect(eventually { bank.freeCount == 156 }, "\(bank.freeCount) are free, expected 156")
        server.close()
        bank.expectAllBack()
    }
    scenario("theMaximumNumberOfTokensComesAndGoesBack") {
        let bank = TokenBank(.fifo, tokens: JobServer.mostTokens + 4)
        let server = try bank.client()
        server.want(.max)
        server.expectHeld(JobServer.mostTokens)
        expectEqual(bank.freeCount, 4)
        server.close()
        expectEqual(bank.take(.max).sorted(), bank.all.sorted())
    }
    scenario("noGuardianBeforeTheFirstTokenIsWanted") {
        let bank = TokenBank(.pipe, tokens: 2)
        let server = try bank.client()
        let before = openDescriptors().count
        server.want(0)
        server.want(-3)
        server.receive()
        expect(server.descriptor == nil, "there is a descriptor")
        expectEqual(ProcessRecord.children(of: getpid()).count, 0)
        expectEqual(openDescriptors().count, before)
        server.close()
        server.want(2)
        expectEqual(ProcessRecord.children(of: getpid()).count, 0, "closed for good;")
        bank.expectAllBack()
    }
    scenario("tokensOfOtherJobsComeWhenTheyAreDone") {
        let bank = TokenBank(.pipe, tokens: 3)
        let others = bank.take(3)
        let server = try bank.client()
        server.want(2)
        for count in 1...2 {
            expect(!server.hears(within: .milliseconds(20)) { server.held >= count }, "a token out of nowhere")
            bank.put([others[count]])
            server.expectHeld(count)
        }
        bank.put([others[0]])
        expect(!server.hears(within: .milliseconds(20)) { server.held != 2 }, "more than were wanted")
        server.close()
        bank.expectAllBack()
    }
    scenario("flagsOfMakesDescriptorsStayAsTheyAre") {
        for flags in [0, O_NONBLOCK] {
            let bank = TokenBank(.pipe, tokens: 2)
            expectEqual(fcntl(bank.reader, F_SETFL, flags), 0)
            expectEqual(fcntl(bank.writer, F_SETFL, flags), 0)
            func seen() -> [Int32] { [bank.reader, bank.writer].flatMap { [fcntl($0, F_GETFL), fcntl($0, F_GETFD)] } }
            let before = seen()
            let server = try bank.client()
            server.want(3)
            server.expectHeld(2)
            expectEqual(seen(), before, "while tokens are held,")
            server.close()
            expectEqual(seen(), before, "afterwards,")
            bank.expectAllBack()
        }
    }
    scenario("destroyedJobServerGivesBackAll") {
        let bank = TokenBank(.pipe, tokens: 2)
        func run() throws {
            let server = try bank.client()
            server.want(2)
            server.expectHeld(2)
        }
        try run()
        bank.expectAllBack()
    }
}

/// The request changes at any moment.
func tokenRequestScenarios() {
    scenario("tokenThatArrivesAfterItsRequestWasWithdrawnStaysWithMake") {
        let bank = TokenBank(.pipe, tokens: 3)
        let others = bank.take(3)
        let server = try bank.client()
        server.want(3)
        server.want(0)
        // The guardian reports on each request.
        expect(isReadable(try require(server.descriptor).rawValue, within: promptly), "no report")
        server.receive()
        expectEqual(server.held, 0)
        bank.put(others)
        expect(!server.hears(within: .milliseconds(20)) { server.held > 0 }, "tokens that were not requested")
        bank.expectAllBack()
        server.close()
    }
    scenario("requestsWithdrawnAtTheMomentWhenTokensCome") {
        var random = SeededGenerator(seed: printedSeed())
        let bank = TokenBank(.fifo, tokens: 4)
        let server = try bank.client()
        for turn in 0..<300 {
            let others = bank.take(4)
            server.want(Int.random(in: 1...4, using: &random))
            bank.put(others)
            spin(microseconds: .random(in: 0..<60, using: &random))
            server.want(0)
            expectEqual(server.held, 0)
            expect(eventually { bank.freeCount == 4 }, "\(bank.freeCount) are free in turn \(turn)")
            server.receive()
            expectEqual(server.held, 0)
        }
        server.close()
        bank.expectAllBack()
    }
    // The free tokens and those that the front counts on are never more than all: the guardian has not yet been asked
    // to give back a token that the front thinks it holds.
    scenario("frontNeverCountsOnATokenThatIsOnItsWayBack") {
        var random = SeededGenerator(seed: printedSeed())
        let bank = TokenBank(.pipe, tokens: 6)
        let server = try bank.client()
        var others: [UInt8] = []
        var mostHeld = 0
        for turn in 0..<4000 {
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                let count = Int.random(in: 0...6, using: &random)
                server.want(count)
                expect(server.held <= count, "\(server.held) are held where \(count) are wanted")
            case 2: others += bank.take(1)
            case 3 where !others.isEmpty: bank.put([others.removeLast()])
            default: server.receive()
            }
            mostHeld = max(mostHeld, server.held)
            let sum = bank.freeCount + others.count + server.held
            expect(sum <= 6, "turn \(turn): \(sum) tokens where there are 6")
            spin(microseconds: .random(in: 0..<40, using: &random))
        }
        expect(mostHeld >= 3, "too few tokens came for this to mean anything: \(mostHeld)")
        bank.put(others)
        server.close()
        bank.expectAllBack()
    }
    scenario("reportFromBeforeARequestDoesNotCount") {
        let bank = TokenBank(.pipe, tokens: 3)
        let server = try bank.client()
        server.want(3)
        expect(isReadable(try require(server.descriptor).rawValue, within: promptly), "no report")
        expect(eventually { bank.freeCount == 0 }, "the tokens were not taken")
        let guardian = try require(tokenGuardian())
        guardian.stop()
        // The guardian has yet to give two back, and to request them again.
        server.want(1)
        server.want(3)
        server.receive()
        expectEqual(server.held, 0)
        kill(guardian.pid, SIGCONT)
        server.expectHeld(3)
        server.close()
        bank.expectAllBack()
    }
    scenario("requestsWithoutEndDoNotBlockWhileTheGuardianIsStopped") {
        let bank = TokenBank(.pipe, tokens: 3)
        let server = try bank.client()
        server.want(1)
        server.expectHeld(1)
        let guardian = try require(tokenGuardian())
        guardian.stop()
        // More than fits in the socket.
        for turn in 0..<20_000 {
            server.want(turn % 2 == 0 ? 3 : 1)
            server.receive()
        }
        server.want(3)
        kill(guardian.pid, SIGCONT)
        server.expectHeld(3)
        guardian.stop()
        // Continues it; otherwise it would wait forever.
        server.close()
        bank.expectAllBack()
    }
}

/// Busy-waits, since sleeping takes longer than the time to wait for.
func spin(microseconds: Int) {
    let end = ContinuousClock.now + .microseconds(microseconds)
    while ContinuousClock.now < end {}
}
