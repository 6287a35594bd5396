@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

func surroundingScenarios() {
    nestedPoolScenarios()
    scenario("workerMayHaveAPoolOfItsOwn") {
        let lifeline = Lifeline()
        let pool = try Pool(processes: 2) { (number: Int) -> [Int] in
            try Pool.with(processes: 2, { (inner: Int) in inner * number }) { try $0.map(0..<5) }
        }
        expectEqual(try pool.map(1...4), (1...4).map { number in (0..<5).map { $0 * number } })
        pool.close()
        try pool.join()
        expect(lifeline.allEnded(), "processes are left")
    }
    scenario("poolOfAWorkerGoesWithTheWorker") {
        let (begun, lifeline) = (Doorbell(), Lifeline())
        let pool = try Pool(processes: 1) { (_: Int) -> Int in
            let inner = try Pool(processes: 2) { (_: Int) -> Int in
                begun.ring()
                pauseForever()
            }
            return try inner.map(0..<2).count
        }
        try pool.submit(1)
        for _ in 0..<2 { expect(begun.wait(), "an inner worker did not begin") }
        pool.terminate()
        expect(lifeline.allEnded(), "inner processes are left")
    }
    scenario("workerMayStartProcesses") {
        let lifeline = Lifeline()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            let pipe = try Pipe(duplex: false)
            let child = Process { try pipe.second.send(number * 2) }
            try child.start()
            let answer = try pipe.first.receive(Int.self)
            expectEqual(try child.join(), .exited(0))
            return answer
        }
        expectEqual(try pool.map(0..<20), (0..<20).map { $0 * 2 })
        pool.close()
        try pool.join()
        expect(lifeline.allEnded(), "processes are left")
    }
    scenario("workerDoesNotCountTheFrontsChildrenAsItsOwn") {
        let child = Process { pauseForever() }
        try child.start()
        let pool = try Pool(processes: 1) { (_: Int) in Process.activeChildren.count }
        expectEqual(try pool.apply(0), 0)
        child.kill()
        try child.join()
    }
    scenario("twoPoolsWorkByTurnsAndEndIndependently") {
        let first = try Pool(processes: 2) { (number: Int) in number + 1 }
        let second = try Pool(processes: 2) { (text: String) in text + "!" }
        for number in 0..<20 { try first.submit(number) }
        expectEqual(try second.map(["a", "b"]), ["a!", "b!"])
        var sum = 0
        while let completion = try first.nextCompletion() { sum += try completion.result.get() }
        expectEqual(sum, 210)
        first.terminate()
        expectEqual(try second.map(["c"]), ["c!"])
        kill(second.managerPID, SIGKILL)
        expectThrows(.managerDied) { try second.map(["d"]) }
    }
    scenario("poolIsNotKeptAliveByTheProcessesMadeAfterIt") {
        // Processes forked later have inherited no copies that would hide an end-of-file.
        let lifeline = Lifeline()
        let first = try Pool(processes: 1) { (number: Int) in number }
        let second = try Pool(processes: 1) { (number: Int) in number }
        let child = Process { pauseForever() }
        try child.start()
        _ = try second.apply(1)
        let start = ContinuousClock.now
        first.close()
        try first.join()
        expectPrompt(since: start)
        kill(second.managerPID, SIGKILL)
        expectThrows(.managerDied) { try second.apply(1) }
        expectPrompt(since: start)
        child.kill()
        try child.join()
        expect(lifeline.allEnded(), "processes are left")
    }
    scenario("poolProcessAndPipeWorkTogether") {
        // In this order, because the workers would inherit copies of the ends of an earlier pipe.
        let pool = try Pool(processes: 2) { (text: String) in text.uppercased() }
        let pipe = try Pipe()
        let child = Process {
            pipe.first.close()
            while let text = try? pipe.second.receive(String.self) {
                try pipe.second.send("<\(text)>")
            }
        }
        try child.start()
        pipe.second.close()
        var results = pool.imap((0..<50).lazy.map { "item \($0)" })
        var number = 0
        while let text = try results.next() {
            try pipe.first.send(text)
            expectEqual(try pipe.first.receive(String.self), "<ITEM \(number)>")
            number += 1
        }
        expectEqual(number, 50)
        pipe.first.close()
        expectEqual(try child.join(), .exited(0))
    }
    scenario("nothingIsOpenedUnderTheNumbersOfStandardStreams") {
        func taken() -> [Int32] {
            openDescriptors().keys.filter { $0 <= 2 }.sorted()
        }
        let kept = (0...2).map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
        for number: Int32 in 0...2 {
            close(number)
        }
        defer {
            for (number, copy) in kept.enumerated() {
                dup2(copy, Int32(number))
                close(copy)
            }
        }
        expectEqual(taken(), [], "the test's own are closed;")
        let pipe = try Pipe()
        // Two values of one message with the same descriptor: the receiver gets a copy for the second.
        let lock = try Lock()
        try pipe.first.send([lock, lock])
        let locks = try pipe.second.receive([Lock].self)
        let manager = try Manager()
        let queue = try Queue<[Int32]>()
        let listener = try Listener(authenticationKey: nil)
        let pool = try Pool(processes: 2) { (_: Int) -> [Int32] in
            print("into no channel")
            fflush(stdout)
            return taken()
        }
        let child = Process {
            print("into no channel")
            fflush(stdout)
            try pipe.second.send(taken())
            try queue.put(taken())
            try pipe.second.send(
                DuplicatedDescriptor(FileDescriptor(rawValue: try require(openDescriptors().keys.first))))
        }
        try child.start()
        // Children have an open standard input, even if it is empty.
        expectEqual(try pipe.first.receive([Int32].self), [0])
        expectEqual(try queue.get(), [0])
        let received = try pipe.first.receive(DuplicatedDescriptor.self).fileDescriptor
        expect(received.rawValue > 2, "a descriptor is received as \(received.rawValue)")
        try received.close()
        expectEqual(try pool.map(0..<4), Array(repeating: [0], count: 4))
        expectEqual(taken(), [])
        expectEqual(try child.join(), .exited(0))
        expectEqual(locks.count, 2)
        listener.close()
        pool.terminate()
        manager.shutdown()
    }
    scenario("eachProcessHoldsOnlyTheDescriptorsThatItUses") {
        let before = openDescriptors().count
        let pool = try Pool(processes: 3) { (_: Int) in openDescriptors().count }
        let child = Process { pauseForever() }
        try child.start()
        func expectFew() throws {
            let counts = Set(try pool.map(0..<30))
            expectEqual(counts, [before + 1], "a worker has what it had and its channel;")
            let manager = namesIn("/proc/\(pool.managerPID)/fd").count
            // Its channel to the front, its event queue, and two for each worker.
            expect(manager <= before + 2 + 3 * 2, "the manager of 3 workers has \(manager), before were \(before)")
        }
        try expectFew()
        for _ in 0..<5 {
            for worker in ProcessRecord.children(of: pool.managerPID) { kill(worker.pid, SIGKILL) }
            // Only once they have worked, so that none is killed in its initializer.
            _ = try pool.map(0..<300)
        }
        try expectFew()
        child.kill()
        try child.join()
    }
    scenario("poolWorksWhereTheParentIgnoresSIGCHLD") {
        signal(SIGCHLD, SIG_IGN)
        defer { signal(SIGCHLD, SIG_DFL) }
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            let child = Process {}
            try child.start()
            expectEqual(try child.join(), .exited(0))
            return number
        }
        expectEqual(try pool.map(0..<10), Array(0..<10))
        pool.close()
        try pool.join()
    }
}
