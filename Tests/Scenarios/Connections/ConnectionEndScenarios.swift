@preconcurrency import Glibc
import Multiprocessing

func connectionEndScenarios() {
    scenario("endOfTheChannelHasItsOwnErrorCode") {
        let pipe = try Pipe()
        try pipe.second.send(1)
        pipe.second.close()
        expectEqual(try pipe.first.receive(Int.self), 1)
        let error = expectThrows(.endOfFile) { try pipe.first.receive(Int.self) }
        expectThrows(.endOfFile) { try pipe.first.receiveBytes() }
        expect(!"\(try require(error))".contains("middle"), "nothing was cut: \(String(describing: error))")
        expect(try pipe.first.poll(), "the end counts as something to receive")
    }
    scenario("endInTheMiddleOfAMessageIsReportedAsSuch") {
        let pipe = try Pipe()
        let child = Process {
            pipe.first.close()
            let bytes = [UInt8](repeating: 1, count: 100 << 20)
            try bytes.withUnsafeBytes { try pipe.second.send(bytes: $0) }
        }
        try child.start()
        pipe.second.close()
        expect(try pipe.first.poll(timeout: .seconds(20)), "nothing came")
        child.kill()
        expectEqual(try child.join(), .signaled(SIGKILL))
        let error = expectThrows(.endOfFile) { try pipe.first.receiveBytes() }
        expectText(of: error, contains: "middle")
        expect(try require(kibibytes("VmHWM")) < 64 << 10, "memory for bytes that never came")
    }
    scenario("peerThatClosesWithUnreadDataIsTheEndToo") {
        let pipe = try Pipe()
        try pipe.first.send("not read by anyone")
        try pipe.second.send(1)
        pipe.second.close()
        expectEqual(try pipe.first.receive(Int.self), 1)
        expectThrows(.endOfFile) { try pipe.first.receive(Int.self) }
    }
    scenario("sendWithoutAReceiverIsABrokenPipeAndNoSignal") {
        signal(SIGPIPE, SIG_DFL)
        let pipe = try Pipe()
        pipe.second.close()
        expectThrows(.brokenPipe) { try pipe.first.send(1) }
        expectThrows(.brokenPipe) { try pattern(1 << 20).withUnsafeBytes { try pipe.first.send(bytes: $0) } }
        let oneWay = try Pipe(duplex: false)
        oneWay.first.close()
        expectThrows(.brokenPipe) { try oneWay.second.send(1) }
    }
    scenario("receiverThatIsKilledWhileMuchIsSentIsABrokenPipe") {
        signal(SIGPIPE, SIG_DFL)
        let pipe = try Pipe()
        let child = Process {
            pipe.first.close()
            expect(try pipe.second.poll(timeout: .seconds(20)), "nothing came")
            raise(SIGKILL)
        }
        try child.start()
        pipe.second.close()
        expectThrows(.brokenPipe) { try pattern(20 << 20).withUnsafeBytes { try pipe.first.send(bytes: $0) } }
        expectEqual(try child.join(), .signaled(SIGKILL))
    }
    scenario("closedConnectionIsAnInvalidState") {
        let pipe = try Pipe()
        pipe.first.close()
        pipe.first.close()
        expect(pipe.first.fileDescriptor == nil, "a descriptor after close")
        expectThrows(.invalidState) { try pipe.first.send(1) }
        expectThrows(.invalidState) { try pipe.first.receive(Int.self) }
        expectThrows(.invalidState) { try pipe.first.poll() }
    }
    scenario("connectionClosesItsDescriptorWhenItGoesAway") {
        try expectNoGrowth(warmUp: 5, turns: 200) { _ in
            let pipe = try Pipe()
            try pipe.first.send([1, 2, 3])
            _ = try pipe.second.receive([Int].self)
        }
    }
    scenario("pollWaitsForAsLongAsItIsTold") {
        let pipe = try Pipe()
        let start = ContinuousClock.now
        expect(!(try pipe.first.poll()), "something came")
        expect(ContinuousClock.now - start < .seconds(1), "poll without a timeout waits")
        expect(!(try pipe.first.poll(timeout: .milliseconds(60))), "something came")
        let elapsed = ContinuousClock.now - start
        expect(elapsed >= .milliseconds(60) && elapsed < .seconds(2), "poll took \(elapsed)")
        try pipe.second.send(1)
        try pipe.second.send(2)
        expect(try pipe.first.poll(), "the first is there")
        _ = try pipe.first.receive(Int.self)
        expect(try pipe.first.poll(timeout: .seconds(20)), "the second is there, if only in the buffer")
        _ = try pipe.first.receive(Int.self)
        expect(!(try pipe.first.poll()), "both were taken")
    }
}
