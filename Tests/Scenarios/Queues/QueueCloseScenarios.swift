@preconcurrency import Glibc
import Multiprocessing

func queueCloseScenarios() {
    scenario("aClosedQueueIsNotUsedAnyMoreAndWhatIsInItStays") {
        let (way, queue) = (try Pipe(), try Queue<Int>())
        let child = Process {
            // Forked before, and so not closed.
            expectEqual(try way.second.receive(Int.self), 0)
            expectEqual(try queue.get(upTo: 5), [1, 2])
            try queue.put(3)
        }
        try child.start()
        try queue.put(contentsOf: [1, 2])
        queue.close()
        queue.close()
        try way.first.send(0)
        try expectEnds(child)
        let uses: [() throws -> Void] = [
            { try queue.put(1) }, { _ = try queue.put(1, timeout: .zero) }, { try queue.put(contentsOf: [1]) },
            { _ = try queue.get() }, { _ = try queue.get(timeout: .zero) },
            { _ = try queue.get(upTo: 2, timeout: .zero) },
        ]
        for use in uses {
            expectText(of: expectThrows(.invalidState, use), contains: "closed")
        }
        let error = expectThrows(.encodingFailed) { try way.first.send(queue) }
        expectText(of: error, contains: "closed")
        expectEqual(queue.count, 1)
        let unused = try JoinableQueue<Int>()
        unused.close()
        expect(unused.isEmpty, "nothing was put")
        expectThrows(.invalidState) { try unused.put(1) }
        expectThrows(.invalidState) { try unused.get() }
        // A child that is forked later inherits the closed state.
        try inChild { expectThrows(.invalidState) { try queue.get(timeout: .zero) } }
    }

    scenario("anotherObjectOfAClosedQueueIsNotClosed") {
        let (way, queue) = (try Pipe(), try Queue<Int>(maxSize: 1))
        try way.first.send(queue)
        let other = try way.second.receive(Queue<Int>.self)
        queue.close()
        try other.put(5)
        expectEqual(try other.get(timeout: .zero), 5)
    }

    scenario("aCallThatWaitsGoesOnWhenItsQueueIsClosed") {
        let (way, queue) = (try Pipe(), try Queue<Int>())
        try way.first.send(queue)
        let other = try way.second.receive(Queue<Int>.self)
        let (begun, got) = (SharedCounter(), SharedCounter())
        let thread = WorkerThread {
            begun.add(1)
            got.add(try queue.get())
        }
        expect(eventually { begun.value == 1 }, "the thread has not begun")
        usleep(20_000)
        queue.close()
        try other.put(7)
        thread.join()
        expectEqual(got.value, 7)
    }

    scenario("tasksOfAClosedJoinableQueueCanBeDoneAndWaitedFor") {
        let queue = try JoinableQueue<Int>()
        let worker = Process {
            expectEqual(try queue.get(), 1)
            queue.close()
            try queue.taskDone()
        }
        try queue.put(1)
        queue.close()
        try worker.start()
        // The worker was forked with a closed queue.
        expectEqual(try worker.join(timeout: promptly), .exited(1))
        let second = try JoinableQueue<Int>()
        let other = Process {
            expectEqual(try second.get(), 1)
            second.close()
            try second.taskDone()
        }
        try second.put(1)
        try other.start()
        second.close()
        expect(try second.join(timeout: promptly), "it is not done")
        try expectEnds(other)
    }

    scenario("aClosedSimpleQueueIsNotUsedAnyMore") {
        let queue = try SimpleQueue<Int>()
        try queue.put(1)
        queue.close()
        queue.close()
        expectThrows(.invalidState) { try queue.put(2) }
        expectThrows(.invalidState) { try queue.get() }
        expect(!queue.isEmpty, "what was put is there")
    }
}
