import Multiprocessing
import SystemPackage

@preconcurrency import Glibc

/// The guardian itself: which signals reach it, what it has open, and what happens to its tokens when it is killed.
func guardianScenarios() {
    scenario("guardianHasNothingOpenThatItDoesNotNeed") {
        for form in TokenBank.Form.allCases {
            let bank = TokenBank(form, tokens: 1)
            // A descriptor with a high number, which it must not keep.
            let high = fcntl(1, F_DUPFD, 700)
            defer { close(high) }
            let server = try bank.client()
            server.want(1)
            server.expectHeld(1)
            let guardian = try require(tokenGuardian())
            let open = namesIn("/proc/\(guardian.pid)/fd").compactMap { name in
                var target = [CChar](repeating: 0, count: 256)
                let count = readlink("/proc/\(guardian.pid)/fd/\(name)", &target, target.count)
                return String(decoding: target.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
            expectEqual(open.count, 4, "\(open)")
            expectEqual(open.count { $0.hasPrefix("socket:") }, 1, "\(open)")
            expectEqual(open.count { $0.contains("pidfd") }, 1, "\(open)")
            expectEqual(open.count { $0.hasPrefix("pipe:") || $0.hasSuffix("/tokens") }, 2, "\(open)")
            expect(guardian.group != getpgrp(), "it is in the front's process group")
            server.close()
            bank.expectAllBack()
        }
    }
    scenario("guardianSurvivesEverySignalThatCanBeCaught") {
        let bank = TokenBank(.pipe, tokens: 2)
        let server = try bank.client()
        server.want(2)
        server.expectHeld(2)
        let guardian = try require(tokenGuardian())
        // The C library uses 32 and 33 itself.
        for signal in Int32(1)...64 where ![SIGKILL, SIGSTOP, 32, 33].contains(signal) {
            kill(guardian.pid, signal)
        }
        // It still serves, so it has survived them.
        server.want(1)
        server.expectHeld(1)
        expect(eventually { bank.freeCount == 1 }, "it does not give back")
        expect(server.failure == nil, server.failure ?? "")
        server.close()
        bank.expectAllBack()
    }
    scenario("killedGuardianIsNoticedAndItsTokensGoBack") {
        for form in TokenBank.Form.allCases {
            let bank = TokenBank(form, tokens: 4)
            let server = try bank.client()
            server.want(3)
            server.expectHeld(3)
            kill(try require(tokenGuardian()).pid, SIGKILL)
            expect(server.hears { server.failure != nil }, "it is not noticed")
            expectEqual(server.held, 0)
            expect(server.descriptor == nil, "there is still a descriptor")
            bank.expectAllBack()
            server.want(2)
            server.receive()
            expectEqual(server.held, 0)
            expectEqual(ProcessRecord.children(of: getpid()).count, 0, "there is another one;")
            server.close()
            bank.expectAllBack()
        }
    }
    scenario("guardianThatWasKilledUnnoticedLosesNothingEither") {
        for isToldBefore in [true, false] {
            let bank = TokenBank(.pipe, tokens: 3)
            let server = try bank.client()
            server.want(3)
            // The front may not have read the report yet.
            expect(eventually { bank.freeCount == 0 }, "no token is taken")
            let descriptor = try require(server.descriptor).rawValue
            if isToldBefore { server.expectHeld(3) }
            let guardian = try require(tokenGuardian())
            // It sleeps once it has reported everything.
            expect(eventually { ProcessRecord(guardian.pid)?.state == "S" }, "the guardian does not rest")
            expect(isToldBefore || isReadable(descriptor, within: promptly), "nothing was told")
            kill(guardian.pid, SIGKILL)
            server.close()
            bank.expectAllBack("told before: \(isToldBefore),")
        }
    }
    scenario("requestToAGuardianThatWasJustKilledIsNoError") {
        let bank = TokenBank(.pipe, tokens: 3)
        let server = try bank.client()
        server.want(2)
        server.expectHeld(2)
        kill(try require(tokenGuardian()).pid, SIGKILL)
        for count in [3, 1, 2] { server.want(count) }
        expect(server.hears { server.failure != nil }, "it is not noticed")
        bank.expectAllBack()
    }
    scenario("descriptorsThatWereUsedAgainBeforeTheFirstRequestAreNoticed") {
        let bank = TokenBank(.pipe, tokens: 2)
        let server = try bank.client()
        let (reader, writer) = (dup(bank.reader), dup(bank.writer))
        defer { [reader, writer].forEach { close($0) } }
        let null = open("/dev/null", O_RDWR)
        dup2(null, bank.writer)
        server.want(2)
        expectText(of: Mishap(description: server.failure ?? ""), contains: "lines that begin with +")
        expectEqual(ProcessRecord.children(of: getpid()).count, 0)
        dup2(writer, bank.writer)
        close(null)
        bank.expectAllBack()
    }
    scenario("pipeThatReplacesMakesIsNoticed") {
        let bank = TokenBank(.pipe, tokens: 2)
        let server = try bank.client()
        let other = TokenBank(.pipe, tokens: 3)
        let kept = [dup(bank.reader), dup(bank.writer)]
        dup2(other.reader, bank.reader)
        dup2(other.writer, bank.writer)
        server.want(2)
        expect(server.failure != nil, "it is not noticed")
        other.expectAllBack()
        dup2(kept[0], bank.reader)
        dup2(kept[1], bank.writer)
        kept.forEach { close($0) }
        bank.expectAllBack()
    }
    scenario("guardianThatCannotBeStartedLeavesOneJob") {
        let bank = TokenBank(.pipe, tokens: 2)
        let server = try bank.client()
        var before = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
        let open = openDescriptors().keys.max() ?? 0
        // Room for one descriptor, two, … more, and never for all that a start needs.
        for room in 1...4 {
            let client = try bank.client()
            var few = rlimit(rlim_cur: rlim_t(open) + 1 + rlim_t(room), rlim_max: before.rlim_max)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &few)
            client.want(2)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before)
            expect(client.failure != nil, "with room for \(room) it starts")
            expectEqual(openDescriptors().keys.max() ?? 0, open, "a descriptor is left")
        }
        bank.expectAllBack()
        server.want(2)
        server.expectHeld(2)
        server.close()
        bank.expectAllBack()
    }
    scenario("childOfTheFrontThatExitsLeavesTheGuardianAlone") {
        let bank = TokenBank(.pipe, tokens: 2)
        let server = try bank.client()
        server.want(2)
        server.expectHeld(2)
        let ways: [() -> Void] = [{ exit(0) }, { server.close() }, { server.want(0) }]
        for leave in ways {
            let child = Process {
                leave()
                _exit(0)
            }
            try child.start()
            expectEqual(try child.join(timeout: promptly), .exited(0))
            expect(!server.hears(within: .milliseconds(10)) { server.held != 2 }, "\(server.held) are held")
            expect(tokenGuardian() != nil, "the guardian is gone")
        }
        server.close()
        bank.expectAllBack()
    }
    scenario("manyJobServersInTurnLeaveNothing") {
        let bank = TokenBank(.fifo, tokens: 2)
        for _ in 0..<100 {
            let server = try bank.client()
            server.want(2)
            server.close()
            bank.expectAllBack()
        }
    }
}
