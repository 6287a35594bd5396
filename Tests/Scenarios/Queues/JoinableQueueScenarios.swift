@preconcurrency import Glibc
import Multiprocessing

func joinableQueueScenarios() {
    scenario("joinWaitsUntilEachValueIsDone") {
        let (queue, done) = (try JoinableQueue<Int>(maxSize: 5), SharedCounter())
        expect(try queue.join(), "there is nothing to wait for")
        let workers = (0..<3).map { _ in
            Process(daemon: true) {
                while true {
                    _ = try queue.get()
                    done.add(1)
                    try queue.taskDone()
                }
            }
        }
        for worker in workers { try worker.start() }
        for round in 1...50 {
            try queue.put(contentsOf: 0..<40)
            expect(try queue.join(timeout: .seconds(20)), "not done: \(queue.unfinishedCount)")
            expectEqual([done.value, queue.unfinishedCount], [round * 40, 0])
        }
        for worker in workers {
            worker.terminate()
            try worker.join()
        }
    }

    scenario("joinReturnsOnATimeout") {
        let queue = try JoinableQueue<Int>()
        try queue.put(1)
        expect(try !queue.join(timeout: .zero), "it is not done")
        _ = try queue.get()
        let start = ContinuousClock.now
        expect(try !queue.join(timeout: .milliseconds(30)), "it is got, and not done")
        expect(ContinuousClock.now - start >= .milliseconds(30), "too early")
        try queue.taskDone()
        expect(try queue.join(timeout: .zero), "it is done")
    }

    scenario("taskDoneTooOftenIsAnError") {
        let queue = try JoinableQueue<Int>()
        expectThrows(.invalidState) { try queue.taskDone() }
        try queue.put(contentsOf: [1, 2])
        // As in Python, it may be called before the value is taken.
        try queue.taskDone()
        try queue.taskDone()
        expectThrows(.invalidState) { try queue.taskDone() }
        expectEqual([queue.count, queue.unfinishedCount], [2, 0])
    }

    scenario("everyJoinerIsWoken") {
        let queue = try JoinableQueue<Int>()
        try queue.put(1)
        let joiners = (0..<8).map { _ in Process { try queue.join() } }
        for joiner in joiners { try joiner.start() }
        for joiner in joiners { expectSleeps(joiner) }
        try queue.taskDone()
        for joiner in joiners { try expectEnds(joiner, within: promptly) }
    }

    scenario("killsOfWorkersLeaveTheirValuesUnfinishedAndTheCountRight") {
        var random = SeededGenerator(seed: printedSeed())
        let (queue, finished) = (try JoinableQueue<Int>(), SharedCounter())
        func start() throws -> Process {
            let worker = Process {
                while try queue.get() >= 0 {
                    try queue.taskDone()
                    finished.add(1)
                }
                try queue.taskDone()
            }
            try worker.start()
            return worker
        }
        var workers = try (0..<3).map { _ in try start() }
        let (kills, batch) = (100, 300)
        for kill in 0..<kills {
            try queue.put(contentsOf: 0..<batch)
            usleep(.random(in: 0...1500, using: &random))
            workers[kill % 3].kill()
            try workers[kill % 3].join()
            workers[kill % 3] = try start()
        }
        let values = kills * batch
        try queue.put(contentsOf: workers.map { _ in -1 })
        for worker in workers { try expectEnds(worker) }
        let left = queue.unfinishedCount
        expectEqual(queue.count, 0)
        expect(left <= kills, "\(left) unfinished after \(kills) kills")
        // Each kill may have come between the two steps.
        expect((0...kills).contains(values - left - finished.value), "\(finished.value) finished, \(left) not")
        expectEqual(try queue.join(timeout: .zero), left == 0)
        for _ in 0..<left { try queue.taskDone() }
        expect(try queue.join(timeout: promptly), "all is done")
        expectThrows(.invalidState) { try queue.taskDone() }
    }

    scenario("aJoinableQueueIsAQueue") {
        func fill(_ queue: Queue<Int>) throws { try queue.put(contentsOf: [1, 2, 3]) }
        let queue = try JoinableQueue<Int>()
        try fill(queue)
        expectEqual([queue.count, queue.unfinishedCount], [3, 3])
        try inChild {
            expectEqual(try queue.get(upTo: 2), [1, 2])
            try queue.taskDone()
        }
        expectEqual([queue.count, queue.unfinishedCount], [1, 2])
    }
}
