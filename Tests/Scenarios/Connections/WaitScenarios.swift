@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

func waitScenarios() {
    scenario("waitTellsWhichConnectionsAreReadyInOrder") {
        let pipes = try (0..<5).map { _ in try Pipe() }
        let ends = pipes.map(\.first)
        expectEqual(try Multiprocessing.wait(for: ends, timeout: .zero), [])
        try pipes[3].second.send(1)
        expectEqual(try Multiprocessing.wait(for: ends), [3])
        try pipes[1].second.send(1)
        pipes[4].second.close()
        expectEqual(try Multiprocessing.wait(for: ends), [1, 3, 4])
        _ = try ends[3].receive(Int.self)
        expectEqual(try Multiprocessing.wait(for: ends), [1, 4])
        _ = try ends[1].receive(Int.self)
        expectEqual(try Multiprocessing.wait(for: ends), [4])
    }
    scenario("waitForWhatIsClosedOrWasNotStartedIsAnError") {
        let (closed, open) = (try Pipe(), try Pipe())
        try closed.second.send(1)
        try closed.second.send(2)
        _ = try closed.first.receive(Int.self)
        closed.first.close()
        let listener = try Listener(authenticationKey: nil)
        listener.close()
        try open.second.send(1)
        let process = Process {}
        for (object, text) in [
            (closed.first, "a closed connection"), (listener, "a closed listener"), (process, "was not started"),
        ] as [(any Waitable, String)] {
            for timeout: Duration? in [nil, .zero, .seconds(1)] {
                let error = expectThrows(.invalidState) { try Multiprocessing.wait(for: [object], timeout: timeout) }
                expectText(of: error, contains: text)
            }
            // Also next to something ready, whose position would hide it.
            expectThrows(.invalidState) { try Multiprocessing.wait(for: [open.first, object]) }
        }
        try process.start()
        let other = Process {
            let error = expectThrows(.invalidState) { try Multiprocessing.wait(for: [process], timeout: .zero) }
            expectText(of: error, contains: "a child of process")
        }
        try other.start()
        try other.join()
        expectEqual(try Multiprocessing.wait(for: [process]), [0])
        try process.join()
        expectEqual(try Multiprocessing.wait(for: [process]), [0])
    }
    scenario("waitForPoolsThatHaveEnded") {
        let (first, second) = (
            try Pool(processes: 1) { (number: Int) in number }, try Pool(processes: 1) { (number: Int) in number }
        )
        first.terminate()
        expectThrows(.invalidState) { try Multiprocessing.wait(for: [first]) }
        expectEqual(try Multiprocessing.wait(for: [first], timeout: .milliseconds(10)), [])
        try second.submit(1)
        expectEqual(try Multiprocessing.wait(for: [first, second]), [1])
        second.terminate()
    }
    scenario("waitSeesAMessageThatWasReadAhead") {
        let (first, second) = (try Pipe(), try Pipe())
        try first.second.send(1)
        try first.second.send(2)
        _ = try first.first.receive(Int.self)
        let start = ContinuousClock.now
        expectEqual(try Multiprocessing.wait(for: [second.first, first.first]), [1])
        try second.second.send(3)
        expectEqual(try Multiprocessing.wait(for: [second.first, first.first]), [0, 1])
        expectPrompt(since: start)
        _ = try first.first.receive(Int.self)
        expectEqual(try Multiprocessing.wait(for: [second.first, first.first]), [0])
    }
    scenario("waitReturnsOnATimeout") {
        let pipe = try Pipe()
        for objects: [any Waitable] in [[], [pipe.first]] {
            let start = ContinuousClock.now
            expectEqual(try Multiprocessing.wait(for: objects, timeout: .milliseconds(50)), [])
            let elapsed = ContinuousClock.now - start
            expect(elapsed >= .milliseconds(50) && elapsed < .seconds(2), "wait took \(elapsed)")
        }
    }
    scenario("waitTakesProcessesConnectionsDescriptorsAndPoolsTogether") {
        let (pipe, go) = (try Pipe(), Doorbell())
        var raw: [Int32] = [-1, -1]
        expectEqual(Glibc.pipe(&raw), 0)
        defer { raw.forEach { close($0) } }
        let pool = try Pool(processes: 1) { (number: Int) -> Int in
            expect(go.wait(), "no ring came")
            return number
        }
        let child = Process { pauseForever() }
        let ended = try Pool(processes: 1) { (number: Int) in number }
        ended.terminate()
        try child.start()
        try pool.submit(9)
        let all: [any Waitable] = [ended, pool, child, pipe.first, FileDescriptor(rawValue: raw[0])]
        // The pool may be ready once because of a message that nothing is done yet; asking it consumes that.
        expect(try pool.nextCompletion(timeout: .milliseconds(20)) == nil, "no ring came yet")
        expectEqual(try Multiprocessing.wait(for: all, timeout: .milliseconds(20)), [])
        write(raw[1], "x", 1)
        expectEqual(try Multiprocessing.wait(for: all, timeout: .seconds(20)), [4])
        try pipe.second.send("y")
        expectEqual(try Multiprocessing.wait(for: all, timeout: .seconds(20)), [3, 4])
        child.kill()
        expectEqual(try child.join(), .signaled(SIGKILL))
        expectEqual(try Multiprocessing.wait(for: all, timeout: .seconds(20)), [2, 3, 4])
        go.ring()
        expectEqual(try Multiprocessing.wait(for: [pool], timeout: .seconds(20)), [0])
        expectEqual(try Multiprocessing.wait(for: all, timeout: .seconds(20)), [1, 2, 3, 4])
        expectEqual(try pool.nextCompletion()?.result.get(), 9)
    }
}

func interruptScenarios() {
    scenario("stormOfSignalsDoesNotDisturbReceiveJoinPollAndWait") {
        let (pipe, go) = (try Pipe(), Doorbell())
        let child = Process {
            for number in 0..<20 {
                usleep(5000)
                try pipe.second.send(number)
            }
            try pattern(4 << 20).withUnsafeBytes { try pipe.second.send(bytes: $0) }
            expect(go.wait(), "no ring came")
            usleep(50_000)
            Process.exit(4)
        }
        try child.start()
        try withStormOfSignals(everyMicroseconds: 500) {
            for number in 0..<20 {
                expectEqual(try pipe.first.receive(Int.self), number)
            }
            expect(try isSame(pipe.first.receiveBytes(), pattern(4 << 20)), "other bytes")
            let start = ContinuousClock.now
            expect(!(try pipe.first.poll(timeout: .milliseconds(50))), "something came")
            expectEqual(try Multiprocessing.wait(for: [pipe.first, child], timeout: .milliseconds(50)), [])
            expectEqual(try child.join(timeout: .milliseconds(50)), nil)
            let elapsed = ContinuousClock.now - start
            expect(elapsed >= .milliseconds(150) && elapsed < .seconds(3), "three waits of 50 ms took \(elapsed)")
            go.ring()
            expectEqual(try child.join(), .exited(4))
        }
        expect(signalsSeen > 20, "only \(signalsSeen) signals came")
    }
    scenario("stormOfSignalsDoesNotDisturbASendThatWaits") {
        let pipe = try Pipe()
        let bytes = pattern(8 << 20)
        let child = Process {
            for _ in 0..<3 {
                usleep(20_000)
                expect(try isSame(pipe.second.receiveBytes(), bytes), "other bytes")
            }
        }
        try child.start()
        try withStormOfSignals(everyMicroseconds: 300) {
            for _ in 0..<3 { try bytes.withUnsafeBytes { try pipe.first.send(bytes: $0) } }
        }
        expect(signalsSeen > 20, "only \(signalsSeen) signals came")
        expectEqual(try child.join(), .exited(0))
    }
    scenario("stormOfSignalsDoesNotDisturbAPool") {
        let runs = SharedCounter()
        try withStormOfSignals(everyMicroseconds: 700) {
            let pool = try Pool(processes: 2) { (number: Int) -> [Int] in
                runs.add(1)
                usleep(200)
                return Array(repeating: number, count: number * 20)
            }
            for (number, list) in try pool.map(0..<400).enumerated() {
                expect(list.count == number * 20 && list.allSatisfy { $0 == number }, "another result of \(number)")
            }
            pool.close()
            try pool.join()
        }
        expectEqual(runs.value, 400, "the storm ends no worker; tasks that were begun:")
    }
}
