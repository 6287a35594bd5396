@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

private enum Drink: Codable, Equatable {
    case water
    case tea(minutes: Double, milk: Bool)
}

private struct Order: Codable, Equatable {
    var drinks: [Drink]
    var notes: [String: [Int?]]
    var table: Int8?
    var price: Float
    var number: UInt64
    var nested: [[UInt8]]

    static let sample = Order(
        drinks: [.water, .tea(minutes: 2.5, milk: true)], notes: ["ä": [1, nil, -3], "": []], table: nil, price: 1.5,
        number: .max, nested: [[], [0, 255], [7]])
}

/// Trivially copyable and not `Codable`.
private struct Point: BitwiseCopyable, Equatable {
    var x: Double
    var y: Int32
    var isSet: Bool
}

/// Trivially copyable, `Codable`, and of a declared fixed layout.
private struct Reading: FixedLayout, Equatable {
    var time: Int64
    var level: Double
    var isValid: Bool
}

private struct Sample: Codable, Equatable {
    var when: Bitwise<Point>
    var label: String
}

/// Can be encoded but not decoded, or the reverse, as its members say.
struct Fickle: Codable, Equatable {
    var encodes = true
    var text = "fickle"

    init(encodes: Bool, text: String = "fickle") {
        self.encodes = encodes
        self.text = text
    }

    func encode(to encoder: any Encoder) throws {
        guard encodes else { throw Mishap() }
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }
}

func messageScenarios() {
    scenario("valuesOfAllKindsTravelBothWays") {
        let pipe = try Pipe()
        let child = Process {
            pipe.first.close()
            try echo(Int.self, over: pipe.second)
            try echo(Double.self, over: pipe.second)
            try echo(String.self, over: pipe.second)
            try echo([Int: String]?.self, over: pipe.second)
            try echo([UInt16].self, over: pipe.second)
            try echo(Order.self, over: pipe.second)
            try echo(Sample.self, over: pipe.second)
            try echo(Bitwise<Point>.self, over: pipe.second)
            try echo(Reading.self, over: pipe.second)
            try echo([Reading].self, over: pipe.second)
            try pipe.second.send(try pipe.second.receive(Point.self))
            let bytes = try pipe.second.receiveBytes()
            try bytes.withUnsafeBytes { try pipe.second.send(bytes: $0) }
        }
        try child.start()
        pipe.second.close()
        let end = pipe.first
        try expectEchoes(Int.self, Int.min, 0, -1, Int.max, over: end)
        try expectEchoes(Double.self, -0.0, .infinity, .leastNonzeroMagnitude, 0.1, over: end)
        try expectEchoes(String.self, "", "héllo 👩‍🚀", "\0", String(repeating: "x", count: 100_000), over: end)
        try expectEchoes([Int: String]?.self, nil, [:], [1: "one"], [-1: ""], over: end)
        try expectEchoes([UInt16].self, [], [0], [.max, 1], Array(0...9999), over: end)
        try expectEchoes(Order.self, .sample, .sample, .sample, .sample, over: end)
        let point = Point(x: 0.5, y: -7, isSet: true)
        let sample = Sample(when: Bitwise(point), label: "now")
        try expectEchoes(Sample.self, sample, sample, sample, sample, over: end)
        try expectEchoes(Bitwise<Point>.self, Bitwise(point), Bitwise(point), Bitwise(point), Bitwise(point), over: end)
        let readings = (0..<1000).map { Reading(time: $0, level: 0.5, isValid: $0 % 2 == 0) }
        try expectEchoes(Reading.self, readings[0], readings[1], readings[2], readings[3], over: end)
        try expectEchoes([Reading].self, readings, [], [readings[0]], readings, over: end)
        try end.send(point)
        expectEqual(try end.receive(Point.self), point)
        try [0, 255, 10].withUnsafeBytes { try end.send(bytes: $0) }
        expectEqual(try end.receiveBytes(), [0, 255, 10].withUnsafeBytes { Array($0) })
        expectEqual(try child.join(), .exited(0))
    }
    scenario("valuesOfAFixedLayoutTravelThroughPoolsAndQueues") {
        let readings = (0..<1000).map { Reading(time: $0, level: 0.5, isValid: $0 % 2 == 0) }
        try Pool.with(processes: 2, { (readings: [Reading]) in readings.reversed() }) { pool in
            expectEqual(try pool.map([readings, []]), [readings.reversed(), []])
        }
        try Pool.with(
            processes: 2, { (reading: Reading) in Reading(time: -reading.time, level: 1, isValid: !reading.isValid) }
        ) { pool in
            let expected = readings.map { Reading(time: -$0.time, level: 1, isValid: !$0.isValid) }
            expectEqual(try pool.map(readings), expected)
            expectEqual(try pool.map(readings, chunkSize: 10), expected)
        }
        let (queue, lists) = (try Queue<Reading>(), try SimpleQueue<[Reading]>())
        let child = Process {
            try queue.put(contentsOf: readings)
            try lists.put(readings)
        }
        try child.start()
        expectEqual(try (0..<1000).map { _ in try queue.get() }, readings)
        expectEqual(try lists.get(), readings)
        expectEqual(try child.join(), .exited(0))
    }
    scenario("pointerIsRefusedUnlessItIsWrapped") {
        let pipe = try Pipe()
        let pointer = UnsafeRawPointer(bitPattern: 4096)
        let error = expectThrows(.encodingFailed) { try pipe.first.send(pointer) }
        expectText(of: error, contains: "pointer")
        try pipe.first.send(Bitwise(pointer))
        expectEqual(try pipe.second.receive(Bitwise<UnsafeRawPointer?>.self).value, pointer)
    }
    scenario("notANumberIsSentUnchanged") {
        let pipe = try Pipe()
        try pipe.first.send(Double.nan)
        expect(try pipe.second.receive(Double.self).isNaN, "the number is one")
    }
    scenario("oneWayPipeRefusesTheOtherWay") {
        let pipe = try Pipe(duplex: false)
        expect(pipe.first.readable && !pipe.first.writable, "the first end receives")
        expect(!pipe.second.readable && pipe.second.writable, "the second end sends")
        expectThrows(.invalidState) { try pipe.first.send(1) }
        expectThrows(.invalidState) { try pipe.first.send(bytes: UnsafeRawBufferPointer(start: nil, count: 0)) }
        expectThrows(.invalidState) { try pipe.second.receive(Int.self) }
        expectThrows(.invalidState) { try pipe.second.receiveBytes() }
        expectThrows(.invalidState) { try pipe.second.poll() }
        try pipe.second.send(5)
        expectEqual(try pipe.first.receive(Int.self), 5)
    }
    scenario("wrongTypeIsADecodingErrorAndTheNextMessageIsWhole") {
        let pipe = try Pipe()
        try pipe.first.send("text")
        try pipe.first.send(1)
        try pipe.first.send(Order.sample)
        try pipe.first.send(2)
        try pipe.first.send(3)
        expectThrows(.decodingFailed) { try pipe.second.receive(Int.self) }
        expectThrows(.decodingFailed) { try pipe.second.receive([String].self) }
        expectThrows(.decodingFailed) { try pipe.second.receive(Drink.self) }
        expectThrows(.decodingFailed) { try pipe.second.receive(Point.self) }
        expectEqual(try pipe.second.receive(Int.self), 3)
    }
    scenario("valueThatCannotBeEncodedIsAnErrorAndNothingOfItIsSent") {
        let pipe = try Pipe()
        let error = expectThrows(.encodingFailed) { try pipe.first.send(Fickle(encodes: false)) }
        expectText(of: error, contains: "the tea went cold")
        expectThrows(.encodingFailed) { try pipe.first.send([Fickle(encodes: true), Fickle(encodes: false)]) }
        try pipe.first.send(Fickle(encodes: true))
        expectEqual(try pipe.second.receive(Fickle.self), Fickle(encodes: true))
    }
    scenario("everyDescriptorIsCloseOnExec") {
        let before = openDescriptors()
        let pipe = try Pipe()
        let arena = try SlotArena(slotCount: 2, slotBytes: 10)
        let pool = try Pool(processes: 2) { (_: Int) in
            openDescriptors().filter { before[$0.key] == nil && !isCloseOnExec($0.key) }.map(\.value)
        }
        let child = Process { pauseForever() }
        try child.start()
        let opened = openDescriptors().filter { before[$0.key] == nil }
        expect(opened.count >= 4, "opened are only \(opened)")
        for (number, target) in opened {
            expect(isCloseOnExec(number), "\(number) \(target) would survive an exec")
        }
        expect(before.keys.contains { !isCloseOnExec($0) }, "the check finds all close-on-exec, even the standard ones")
        expectEqual(try pool.apply(0), [], "descriptors of a worker that would survive an exec:")
        child.kill()
        try child.join()
        pool.terminate()
        withExtendedLifetime((pipe, arena)) {}
    }
}

private func echo<Value: Codable>(_ type: Value.Type, over end: Connection) throws {
    for _ in 0..<4 {
        try end.send(try end.receive(type))
    }
}

private func expectEchoes<Value: Codable & Equatable>(
    _ type: Value.Type, _ values: Value..., over end: Connection, file: StaticString = #fileID, line: UInt = #line
) throws {
    for value in values {
        try end.send(value)
        expectEqual(try end.receive(Value.self), value, file: file, line: line)
    }
}
