@preconcurrency import Glibc
import Multiprocessing

private struct Desk: Codable {
    let incoming: Queue<Int>
    let outgoing: JoinableQueue<String>
    let spare: SimpleQueue<Int>
}

func queueHandoverScenarios() {
    scenario("aQueueIsHandedToAProcessThatWasForkedBefore") {
        let way = try Pipe()
        let child = Process {
            let desk = try way.second.receive(Desk.self)
            for _ in 0..<100 { try desk.outgoing.put("\(try desk.incoming.get())") }
            try desk.spare.put(desk.incoming.maxSize ?? 0)
            try desk.outgoing.join()
        }
        try child.start()
        let desk = Desk(incoming: try Queue(maxSize: 7), outgoing: try JoinableQueue(), spare: try SimpleQueue())
        // The values that are already in it come along.
        try desk.incoming.put(0)
        try way.first.send(desk)
        for number in 0..<100 {
            if number > 0 { try desk.incoming.put(number) }
            expectEqual(try desk.outgoing.get(timeout: promptly), "\(number)")
        }
        expectEqual(try desk.spare.get(), 7)
        expectEqual(try child.join(timeout: .milliseconds(20)), nil)
        for _ in 0..<100 { try desk.outgoing.taskDone() }
        try expectEnds(child)
    }

    scenario("aQueueLivesAsLongAsAnyProcessHasIt") {
        let way = try Pipe()
        let before = openDescriptors().count
        func send() throws {
            let queue = try Queue<String>()
            try queue.put("first")
            try way.first.send(queue)
        }
        try send()
        let queue = try way.second.receive(Queue<String>.self)
        expectEqual(openDescriptors().count, before + 1)
        try queue.put("second")
        expectEqual(try queue.get(upTo: 5), ["first", "second"])
    }

    scenario("theSameQueueTwiceInAProcessIsOneQueue") {
        let way = try Pipe()
        let queue = try Queue<Int>(maxSize: 2)
        try way.first.send([queue, queue])
        let copies = try way.second.receive([Queue<Int>].self)
        try copies[0].put(1)
        try queue.put(2)
        expect(copies[1].isFull, "it has two values")
        expectEqual([try copies[1].get(), try copies[0].get()], [1, 2])
        expect(queue.isEmpty, "all was got")
    }

    scenario("aQueueSentOnByAChildComesBack") {
        let (way, back) = (try Pipe(), try Pipe())
        let child = Process { try back.second.send(try way.second.receive(JoinableQueue<Int>.self)) }
        try child.start()
        let queue = try JoinableQueue<Int>()
        try way.first.send(queue)
        let returned = try back.first.receive(JoinableQueue<Int>.self)
        try expectEnds(child)
        try returned.put(3)
        expectEqual(try queue.get(timeout: promptly), 3)
        expectEqual(queue.unfinishedCount, 1)
        try returned.taskDone()
        expect(try queue.join(timeout: .zero), "it is done")
    }

    scenario("aQueueOutsideOfAMessageCannotBeEncoded") {
        // The pool's tasks are sent without descriptors.
        let pool = try Pool(processes: 1) { (queue: Queue<Int>) in queue.count }
        expectThrows(.encodingFailed) { try pool.apply(try Queue()) }
        pool.terminate()
    }
}
