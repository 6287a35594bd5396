@preconcurrency import Glibc
import Multiprocessing

func pollScenarios() {
    scenario("pollSeesMessagesOfNoBytesAndTakesNone") {
        let pipe = try Pipe()
        expect(!(try pipe.first.poll()), "nothing was sent")
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        try pipe.second.send(bytes: none)
        for _ in 0..<2 { expect(try pipe.first.poll(), "a message of no bytes is one") }
        expectEqual(try pipe.first.receiveBytes(), [])
        expect(!(try pipe.first.poll()), "there was one")
        let texts = ["hello", "", "a", "b", "", "cd"].map { Array($0.utf8) }
        let child = Process {
            for text in texts {
                usleep(2000)
                try text.withUnsafeBytes { try pipe.second.send(bytes: $0) }
            }
        }
        try child.start()
        for text in texts {
            for _ in 0..<2 { expect(try pipe.first.poll(timeout: .seconds(20)), "nothing came") }
            expectEqual(try pipe.first.receiveBytes(), text)
        }
        expectEqual(try child.join(), .exited(0))
    }
    scenario("processThatPollsLeavesTheMessagesToOthers") {
        let pipe = try Pipe(duplex: false)
        let child = Process { expect(try pipe.first.poll(timeout: .seconds(20)), "nothing came") }
        try child.start()
        for text in ["first", "second"] { try pipe.second.send(text) }
        expectEqual(try child.join(), .exited(0))
        expectEqual([try pipe.first.receive(String.self), try pipe.first.receive(String.self)], ["first", "second"])
    }
    scenario("aNegativeTimeoutDoesNotWait") {
        let (pipe, start) = (try Pipe(), ContinuousClock.now)
        expectEqual(try Multiprocessing.wait(for: [pipe.first], timeout: .seconds(-20)), [])
        expect(!(try pipe.first.poll(timeout: .seconds(-20))), "nothing was sent")
        expectPrompt(since: start)
        try pipe.second.send(1)
        expectEqual(try Multiprocessing.wait(for: [pipe.first], timeout: .seconds(-20)), [0])
        expect(try pipe.first.poll(timeout: .seconds(-20)), "one was sent")
    }
}
