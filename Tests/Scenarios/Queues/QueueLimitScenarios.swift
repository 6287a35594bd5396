@preconcurrency import Glibc
import Multiprocessing

func queueLimitScenarios() {
    scenario("aQueueKnowsHowManyValuesItHas") {
        let (bounded, unbounded) = (try Queue<String>(maxSize: 3), try Queue<String>())
        expectEqual(bounded.maxSize, 3)
        expectEqual(unbounded.maxSize, nil)
        expect(bounded.isEmpty && !bounded.isFull && unbounded.isEmpty && !unbounded.isFull, "new queues are empty")
        for count in 1...3 {
            try bounded.put("value")
            try unbounded.put("value")
            expectEqual([bounded.count, unbounded.count], [count, count])
            expectEqual([bounded.isEmpty, unbounded.isEmpty], [false, false])
            expectEqual([bounded.isFull, unbounded.isFull], [count == 3, false])
        }
        try inChild {
            expectEqual(bounded.count, 3)
            _ = try bounded.get()
        }
        expectEqual(bounded.count, 2)
        expect(!bounded.isFull, "there is room")
    }

    scenario("aSizeThatIsNotPositiveIsAnError") {
        expectThrows(.invalidState) { try Queue<Int>(maxSize: 0) }
        expectThrows(.invalidState) { try JoinableQueue<Int>(maxSize: -1) }
    }

    scenario("putAndGetReturnOnATimeout") {
        let queue = try Queue<Int>(maxSize: 2)
        for timeout in [Duration.zero, .milliseconds(-5), .milliseconds(30)] {
            let start = ContinuousClock.now
            expectEqual(try queue.get(timeout: timeout), nil)
            expectEqual(try queue.get(upTo: 3, timeout: timeout).count, 0)
            expect(ContinuousClock.now - start >= timeout * 2, "too early")
            expectPrompt(since: start)
        }
        expect(try queue.put(1, timeout: .zero), "there was room")
        expect(try queue.put(2, timeout: nil), "there was room")
        for timeout in [Duration.zero, .milliseconds(-5), .milliseconds(30)] {
            let start = ContinuousClock.now
            expect(try !queue.put(3, timeout: timeout), "there was no room")
            expect(ContinuousClock.now - start >= timeout, "too early")
            expectPrompt(since: start)
        }
        expectEqual([try queue.get(timeout: .zero), try queue.get(timeout: nil)], [1, 2])
        expectEqual(queue.count, 0)
    }

    scenario("aFullQueueBlocksItsProducersUntilThereIsRoom") {
        let (queue, log) = (try Queue<Int>(maxSize: 2), SharedLog())
        let producer = Process {
            for number in 0..<6 {
                try queue.put(number)
                log.append(number)
            }
        }
        try producer.start()
        expectSleeps(producer)
        expectEqual(log.values, [0, 1])
        expect(queue.isFull, "it is full")
        expectEqual(try queue.get(), 0)
        expect(eventually { log.total == 3 }, "there was room for one more")
        for number in 1..<6 { expectEqual(try queue.get(timeout: promptly), number) }
        try expectEnds(producer)
    }

    scenario("aFullRingBlocksItsProducersToo") {
        let queue = try Queue<[UInt8]>(capacityBytes: 1024)
        let producer = Process {
            for number in 0..<100 { try queue.put([UInt8](repeating: UInt8(number), count: 400)) }
        }
        try producer.start()
        expectSleeps(producer)
        expectEqual(queue.count, 2)
        expect(try !queue.put([1], timeout: .milliseconds(10)), "the other producer waits before this one")
        for number in 0..<100 {
            expectEqual(try queue.get(timeout: promptly)?.first, UInt8(number))
        }
        try expectEnds(producer)
        // As large as the ring can hold, and one byte more: two bytes of tag, eight of length.
        try queue.put([UInt8](repeating: 1, count: 1024 - 8 - 3))
        expectEqual(try queue.get().count, 1013)
        expectThrows(.encodingFailed) { try queue.put([UInt8](repeating: 1, count: 1020)) }
        expect(queue.isEmpty, "nothing was put")
    }

    scenario("theTimeOfAPutCoversTheWaitForAnotherProducer") {
        let queue = try Queue<Int>(maxSize: 1)
        try queue.put(0)
        let blocked = Process { try queue.put(1) }
        try blocked.start()
        expectSleeps(blocked)
        let start = ContinuousClock.now
        expect(try !queue.put(2, timeout: .zero), "the queue is full")
        expect(try !queue.put(2, timeout: .milliseconds(50)), "the queue is full")
        expectPrompt(since: start)
        expectEqual([try queue.get(), try queue.get()], [0, 1])
        try expectEnds(blocked)
    }

    scenario("theTimeOfAGetCoversTheWaitForAnotherConsumer") {
        let queue = try Queue<Int>()
        let blocked = Process { expectEqual(try queue.get(), 1) }
        try blocked.start()
        expectSleeps(blocked)
        let start = ContinuousClock.now
        expectEqual(try queue.get(timeout: .zero), nil)
        expectEqual(try queue.get(timeout: .milliseconds(50)), nil)
        expect(queue.isEmpty && queue.count == 0, "asking does not block")
        expectPrompt(since: start)
        try queue.put(1)
        try expectEnds(blocked)
    }

    scenario("aTimeoutOfZeroStillTakesAvailableValues") {
        // Others are active all the time, but there is a value for each get.
        let (queue, missed) = (try Queue<Int>(), SharedCounter())
        try queue.put(contentsOf: 0..<8000)
        try inProcesses(4) { _ in
            for _ in 0..<2000 {
                while try queue.get(timeout: .zero) == nil { missed.add(1) }
            }
        }
        expect(queue.isEmpty, "values are left")
        expect(missed.value < 800, "\(missed.value) of 8000 were not seen")
    }

    scenario("signalsDoNotDisturbAWaitingQueue") {
        let queue = try Queue<Int>(maxSize: 1)
        let child = Process {
            for number in 0..<200 {
                usleep(200)
                try queue.put(number)
            }
        }
        try child.start()
        try withStormOfSignals(everyMicroseconds: 300) {
            for number in 0..<200 { expectEqual(try queue.get(), number) }
        }
        expect(signalsSeen > 0, "there were no signals")
        try expectEnds(child)
    }

    scenario("aSimpleQueueIsAQueue") {
        let queue = try SimpleQueue<[String: Int]>()
        expect(queue.isEmpty, "it is new")
        let child = Process {
            for number in 0..<500 { try queue.put(["number": number]) }
        }
        try child.start()
        for number in 0..<500 { expectEqual(try queue.get(), ["number": number]) }
        try expectEnds(child)
        expect(queue.isEmpty, "all was got")
    }
}
