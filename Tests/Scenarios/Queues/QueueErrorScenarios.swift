@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

func queueErrorScenarios() {
    scenario("aValueThatCannotBeEncodedLeavesTheQueueAsItWas") {
        let queue = try Queue<Stubborn>(maxSize: 2)
        try queue.put(Stubborn(throwsWhen: .never))
        let error = expectThrows(.encodingFailed) { try queue.put(Stubborn(throwsWhen: .encoded)) }
        expectText(of: error, contains: "the tea went cold")
        expectThrows(.encodingFailed) { _ = try queue.put(Stubborn(throwsWhen: .encoded), timeout: .zero) }
        // If one of several cannot be encoded, none is put.
        expectThrows(.encodingFailed) {
            try queue.put(contentsOf: [Stubborn(throwsWhen: .never), Stubborn(throwsWhen: .encoded)])
        }
        expectEqual(queue.count, 1)
        try queue.put(Stubborn(throwsWhen: .never))
        expectEqual(try queue.get(upTo: 5).count, 2)
    }

    scenario("aValueThatCannotBeDecodedIsAnErrorOnceAndIsGone") {
        let queue = try Queue<Stubborn>()
        let plan: [Stubborn.Moment] = [.decoded, .never, .decoded, .never, .never, .decoded, .decoded]
        try queue.put(contentsOf: plan.map { Stubborn(throwsWhen: $0) })
        let error = expectThrows(.decodingFailed) { _ = try queue.get() }
        expectText(of: error, contains: "the tea went cold")
        expectEqual(queue.count, 6)
        expectEqual(try queue.get().throwsWhen, .never)
        expectThrows(.decodingFailed) { _ = try queue.get(timeout: .zero) }
        // A batch ends before the bad value, which the next call then finds.
        expectEqual(try queue.get(upTo: 10).count, 2)
        expectThrows(.decodingFailed) { _ = try queue.get(upTo: 10) }
        expectEqual(queue.count, 1)
        expectThrows(.decodingFailed) { _ = try queue.get(upTo: 1) }
        expectEqual(queue.count, 0)
        try queue.put(Stubborn(throwsWhen: .never))
        _ = try queue.get(timeout: promptly)
    }

    scenario("aValueOfAnotherTypeIsADecodingError") {
        let way = try Pipe()
        let numbers = try Queue<Int>()
        try way.first.send(numbers)
        let texts = try way.second.receive(Queue<String>.self)
        try numbers.put(5)
        expectThrows(.decodingFailed) { _ = try texts.get() }
        try texts.put("five")
        expectThrows(.decodingFailed) { _ = try numbers.get() }
        expect(numbers.isEmpty && texts.isEmpty, "both were taken")
    }

    scenario("descriptorsCannotTravelThroughAQueue") {
        struct Bag: Codable {
            let name: String
            let connection: Connection
        }
        let (bags, queues, pipe) = (try Queue<Bag>(), try Queue<Queue<Int>>(), try Pipe())
        let error = expectThrows(.encodingFailed) { try bags.put(Bag(name: "bag", connection: pipe.first)) }
        expectText(of: error, contains: "a Connection can be sent only over a Connection")
        expectThrows(.encodingFailed) { try queues.put(try Queue()) }
        expect(bags.isEmpty && queues.isEmpty, "nothing was put")
    }

    scenario("aPutDuringTheEncodingOfAMessageDoesNotMixWithIt") {
        let (way, queue) = (try Pipe(), try Queue<DuplicatedDescriptor>())
        try way.first.send(Meddler(queue: queue))
        try way.first.send("next")
        let received = try way.second.receive(Queue<DuplicatedDescriptor>.self)
        expect(received.isEmpty, "nothing was put")
        expectEqual(try way.second.receive(String.self), "next")
    }

    scenario("whatIsNotAQueueIsNotReceivedAsOne") {
        let way = try Pipe()
        for byteCount in [0, 100, 4096, 8192, 1 << 20] {
            let file = try require(tmpfile())
            defer { fclose(file) }
            expectEqual(ftruncate(fileno(file), byteCount), 0)
            // A queue is sent as its descriptor.
            try way.first.send(DuplicatedDescriptor(FileDescriptor(rawValue: fileno(file))))
            expectThrows(.decodingFailed) { _ = try way.second.receive(Queue<Int>.self) }
        }
        try way.first.send(7)
        expectThrows(.decodingFailed) { _ = try way.second.receive(Queue<Int>.self) }
        try way.first.send("still usable")
        expectEqual(try way.second.receive(String.self), "still usable")
    }

    scenario("overwrittenMemoryIsAnError") {
        let queue = try Queue<String>()
        try queue.put("value")
        let number = try require(openDescriptors().first { $0.value.contains(queueFileName) }?.key)
        for length in [UInt64.max, 1 << 40, 1 << 20] {
            var length = length
            expectEqual(pwrite(number, &length, 8, max(4096, sysconf(Int32(_SC_PAGESIZE)))), 8)
            expectThrows(.invalidState) { _ = try queue.get() }
            expectThrows(.invalidState) { _ = try queue.get(upTo: 2, timeout: .zero) }
        }
    }

    scenario("aQueueThatHasNoDescriptorLeftCannotBeMade") {
        var numbers: [Int32] = []
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        getrlimit(resource, &limit)
        var lower = rlimit(rlim_cur: 64, rlim_max: limit.rlim_max)
        setrlimit(resource, &lower)
        while case let number = dup(0), number >= 0 { numbers.append(number) }
        let error = expectThrows(.systemCallFailed) { try Queue<Int>() }
        expectEqual(error?.errno, .tooManyOpenFiles)
        setrlimit(resource, &limit)
        numbers.forEach { close($0) }
        try Queue<Int>().put(1)
    }
}

/// A value that throws on demand.
private struct Stubborn: Codable {
    enum Moment: Int, Codable {
        case never, encoded, decoded
    }

    let throwsWhen: Moment

    init(throwsWhen moment: Moment) {
        throwsWhen = moment
    }

    init(from decoder: any Decoder) throws {
        throwsWhen = try decoder.singleValueContainer().decode(Moment.self)
        if throwsWhen == .decoded { throw Mishap() }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(throwsWhen)
        if throwsWhen == .encoded { throw Mishap() }
    }
}

/// Is encoded as a queue, and tries to put a descriptor into it meanwhile.
private struct Meddler: Encodable {
    let queue: Queue<DuplicatedDescriptor>

    func encode(to encoder: any Encoder) throws {
        expectThrows(.encodingFailed) { try queue.put(DuplicatedDescriptor(.standardInput)) }
        try queue.encode(to: encoder)
    }
}
