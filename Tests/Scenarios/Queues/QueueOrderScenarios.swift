@preconcurrency import Glibc
import Multiprocessing

func queueOrderScenarios() {
    scenario("valuesOfAProducerAreTakenInOrder") {
        let queue = try Queue<Int>()
        let child = Process {
            for number in 0..<20_000 { try queue.put(number) }
        }
        try child.start()
        for number in 0..<20_000 {
            expectEqual(try queue.get(timeout: .seconds(20)), number)
        }
        try expectEnds(child)
        expect(queue.isEmpty, "the queue is not empty")
    }

    scenario("valuesOfAParentAndThenItsChildAreTakenInThatOrder") {
        let queue = try Queue<Int>()
        for number in 0..<10 { try queue.put(number) }
        let child = Process { for number in 10..<20 { try queue.put(number) } }
        try child.start()
        for number in 0..<20 { expectEqual(try queue.get(timeout: .seconds(20)), number) }
        expectEqual(try queue.get(timeout: .zero), nil)
        try expectEnds(child)
    }

    scenario("manyProducersAndConsumersGetEachValueOnce") {
        try exchange(producers: 4, consumers: 4, values: 3000, queue: try Queue())
    }

    scenario("sixtyFourConsumersGetEachValueOnce") {
        try exchange(producers: 2, consumers: 64, values: 4000, queue: try Queue())
    }

    scenario("sixtyFourProducersOfABoundedQueueLoseNothing") {
        try exchange(producers: 64, consumers: 2, values: 60, queue: try Queue(maxSize: 5))
    }

    scenario("aRingMuchSmallerThanItsTrafficGoesRound") {
        var random = SeededGenerator(seed: printedSeed())
        for capacity in [256, 1024, 8192, 1 << 16] {
            try exchange(
                producers: 3, consumers: 3, values: 1500, queue: try Queue(capacityBytes: capacity),
                largest: capacity / 3 - 100 < 20 ? 20 : capacity / 3, seed: random.next())
        }
    }

    scenario("aRingThatGivesMemoryBackGoesRoundToo") {
        // Large enough for one, and too small for everything that goes through.
        try exchange(
            producers: 2, consumers: 2, values: 300, queue: try Queue(capacityBytes: 1 << 22), largest: 300_000,
            seed: printedSeed())
    }

    scenario("everyConsumerOfManyGetsSomething") {
        let queue = try Queue<Int>()
        let got = (0..<64).map { _ in SharedCounter() }
        let consumers = (0..<64).map { index in
            Process {
                while try queue.get() >= 0 {
                    got[index].add(1)
                    usleep(100)
                }
            }
        }
        for consumer in consumers { try consumer.start() }
        for number in 0..<20_000 where got.contains(where: { $0.value == 0 }) {
            try queue.put(number)
            usleep(50)
        }
        expect(got.allSatisfy { $0.value > 0 }, "consumers went without: \(got.map(\.value))")
        try queue.put(contentsOf: consumers.map { _ in -1 })
        for consumer in consumers { try expectEnds(consumer) }
    }

    scenario("valuesOfEverySizeArriveWhole") {
        let queue = try Queue<[UInt8]>()
        let sizes = [0, 1, 7, 8, 9, 4095, 4096, 4097, 1 << 20, (1 << 20) + 1]
        let child = Process {
            for size in sizes {
                try queue.put(NumberedParcel(producer: 1, number: size, byteCount: size).bytes)
            }
        }
        try child.start()
        for size in sizes {
            let bytes = try queue.get(timeout: .seconds(20))
            expect(
                bytes == NumberedParcel(producer: 1, number: size, byteCount: size).bytes, "not what was put: \(size)")
        }
        try expectEnds(child)
    }

    scenario("nothingAtAllIsAValueToo") {
        struct Nothing: Codable {}
        let (nothings, texts, optionals) = (try Queue<Nothing>(), try Queue<String>(), try Queue<Int?>())
        for _ in 0..<100 {
            try nothings.put(Nothing())
            try texts.put("")
            try optionals.put(nil)
        }
        expectEqual([nothings.count, texts.count, optionals.count], [100, 100, 100])
        for _ in 0..<100 {
            _ = try nothings.get()
            expectEqual(try texts.get(), "")
            expectEqual(try optionals.get(), nil)
        }
        expect(nothings.isEmpty && texts.isEmpty && optionals.isEmpty, "values are left")
    }

    scenario("valuesOf300MiBArriveWhole") {
        let byteCount = 300 << 20
        let (plain, structured) = (try Queue<[UInt8]>(), try Queue<LargeValue>())
        let child = Process {
            var bytes = [UInt8](repeating: 7, count: byteCount)
            (bytes[0], bytes[byteCount - 1]) = (1, 2)
            try plain.put(bytes)
            try structured.put(LargeValue(name: "large", bytes: bytes))
        }
        try child.start()
        let bytes = try plain.get()
        expectEqual(bytes.count, byteCount)
        expect(bytes.first == 1 && bytes.last == 2 && bytes[byteCount / 2] == 7, "not what was put")
        let value = try structured.get()
        expect(value.name == "large" && value.bytes == bytes, "not what was put")
        try expectEnds(child)
    }

    scenario("batchesArriveTogetherAndInOrder") {
        let queue = try Queue<NumberedParcel>(capacityBytes: 1 << 14)
        let producers = (0..<3).map { producer in
            Process {
                for batch in 0..<100 {
                    // Some batches are larger than the ring.
                    let count = batch % 10 == 0 ? 300 : batch % 7
                    let parcels = (0..<count).map {
                        NumberedParcel(producer: producer, number: $0, byteCount: $0 % 100)
                    }
                    try queue.put(contentsOf: parcels)
                }
            }
        }
        for producer in producers { try producer.start() }
        let total = 3 * (0..<100).map { $0 % 10 == 0 ? 300 : $0 % 7 }.reduce(0, +)
        var (left, last) = (total, NumberedParcel(producer: -1, number: 0, byteCount: 0))
        while left > 0 {
            let parcels = try queue.get(upTo: 17, timeout: .seconds(20))
            expect(!parcels.isEmpty && parcels.count <= 17, "\(parcels.count) values")
            if parcels.isEmpty { break }
            for parcel in parcels {
                expect(parcel.isWhole, "damaged")
                // No other producer's values come within a batch.
                let follows = (last.producer, last.number) == (parcel.producer, parcel.number - 1)
                expect(parcel.number == 0 || follows, "\(parcel.number) came after \(last.number)")
                last = parcel
            }
            left -= parcels.count
        }
        for producer in producers { try expectEnds(producer) }
        expectEqual(try queue.get(upTo: 5, timeout: .zero).count, 0)
        expectEqual(try queue.get(upTo: 0).count, 0)
    }

    scenario("threadsShareAQueueLikeProcesses") {
        let (queue, sum) = (try Queue<Int>(maxSize: 20), SharedCounter())
        let producers = (0..<4).map { _ in WorkerThread { for number in 1...2000 { try queue.put(number) } } }
        let consumers = (0..<4).map { _ in WorkerThread { for _ in 1...2000 { sum.add(try queue.get()) } } }
        for thread in producers + consumers { thread.join() }
        expectEqual(sum.value, 4 * 2000 * 2001 / 2)
        expect(queue.isEmpty, "the queue is not empty")
        expectOneThread()
    }
}

/// Decoded by its own code, and so large that this is done in place.
private struct LargeValue: Codable {
    let name: String
    let bytes: [UInt8]
}

/// Lets producers put and consumers take values until each was taken, once and complete, and each consumer saw every
/// producer's values in order.
private func exchange(
    producers: Int, consumers: Int, values: Int, queue: Queue<NumberedParcel>, largest: Int = 100, seed: UInt64 = 1
) throws {
    let counters = (0..<producers).map { _ in (0..<(values / 60 + 1)).map { _ in SharedCounter() } }
    let consuming = (0..<consumers).map { _ in
        Process {
            var next = [Int](repeating: 0, count: producers)
            while let parcel = try queue.get(timeout: .seconds(20)), parcel.producer >= 0 {
                expect(parcel.isWhole, "damaged: \(parcel.producer) \(parcel.number)")
                expect(parcel.number >= next[parcel.producer], "out of order: \(parcel.number)")
                next[parcel.producer] = parcel.number + 1
                // One bit for each value.
                counters[parcel.producer][parcel.number / 60].add(1 << (parcel.number % 60))
            }
        }
    }
    for consumer in consuming { try consumer.start() }
    try inProcesses(producers) { producer in
        var random = SeededGenerator(seed: seed &+ UInt64(producer))
        for number in 0..<values {
            let byteCount = Int.random(in: 0...largest, using: &random)
            try queue.put(NumberedParcel(producer: producer, number: number, byteCount: byteCount))
        }
    }
    for _ in consuming { try queue.put(NumberedParcel(producer: -1, number: 0, byteCount: 0)) }
    for consumer in consuming { try expectEnds(consumer) }
    for (producer, words) in counters.enumerated() {
        let got = (0..<values).filter { words[$0 / 60].value & 1 << ($0 % 60) != 0 }
        expectEqual(got.count, values, "of producer \(producer):")
        // Counting one twice would have carried into the next bit, or out of the word.
        expectEqual(words.reduce(0) { $0 + $1.value.nonzeroBitCount }, values)
    }
    expect(queue.isEmpty, "values are left")
}
