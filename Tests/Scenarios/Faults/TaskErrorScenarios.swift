@preconcurrency import Glibc
import Multiprocessing

func taskErrorScenarios() {
    scenario("thrownErrorReachesTheCallerWithItsTextAndTheOthersGoOn") {
        let runs = SharedCounter()
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            runs.add(1)
            if number == 40 { throw Mishap() }
            return number
        }
        let error = try require(expectThrows(.taskFailed) { try pool.map(0..<100) })
        expectText(of: error, contains: "the tea went cold")
        expectEqual(error.task, 40)
        expect(error.pid != nil && error.pid != getpid(), "the worker is \(String(describing: error.pid))")
        expectEqual(runs.value, 100, "tasks that ran:")
        expectEqual(try pool.map(0..<10), Array(0..<10))
    }
    scenario("mapThrowsTheErrorOfTheFirstPositionThatFails") {
        let (begun, go) = (Doorbell(), Doorbell())
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            // The later one fails first.
            if number == 3 {
                begun.ring()
                expect(go.wait(), "no ring came")
            }
            if number == 5 {
                expect(begun.wait(), "no ring came")
                go.ring()
            }
            if number == 3 || number == 5 { throw Mishap(description: "no \(number)") }
            return number
        }
        let error = try require(expectThrows(.taskFailed) { try pool.map(0..<10) })
        expectEqual(error.task, 3)
        expectText(of: error, contains: "no 3")
    }
    scenario("outputThatCannotBeEncodedIsATaskThatFailed") {
        let pool = try Pool(processes: 2) { (number: Int) in Fickle(encodes: number != 2) }
        let error = try require(expectThrows(.taskFailed) { try pool.map(0..<5) })
        expectEqual(error.task, 2)
        expectText(of: error, contains: "the tea went cold")
        expectEqual(try pool.map([1, 3]).count, 2)
    }
    scenario("outputThatCannotBeDecodedIsAnErrorOfItsTask") {
        let pool = try Pool(processes: 2) { (number: Int) in Undecodable(decodes: number != 2) }
        let error = try require(expectThrows(.decodingFailed) { try pool.map(0..<5) })
        expectEqual(error.task, 2)
        expectText(of: error, contains: "the tea went cold")
        expectEqual(try pool.map([1, 3]).count, 2)
    }
    scenario("errorOfTenMebibytesOfTextArrives") {
        let pool = try Pool(processes: 1) { (number: Int) -> Int in
            throw Mishap(description: String(repeating: "a", count: number))
        }
        for size in [0, 1, 10 << 20] {
            let error = try require(expectThrows(.taskFailed) { try pool.apply(size) })
            expectEqual("\(error)".drop { $0 != ":" }.dropFirst(2).count, size)
        }
    }
    scenario("exitOfZeroInATaskIsADeathToo") {
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            if number == 1 { exit(0) }
            if number == 2 { Process.exit(0) }
            return number
        }
        for poison in [1, 2] {
            let error = try require(expectThrows(.workerDied) { try pool.apply(poison) })
            expectEqual(error.status, .exited(0))
        }
        expectEqual(try pool.apply(3), 3)
    }
}

/// Always encodes itself, and refuses to be decoded where its text says so.
private struct Undecodable: Codable {
    let decodes: Bool

    init(decodes: Bool) {
        self.decodes = decodes
    }

    init(from decoder: any Decoder) throws {
        decodes = try decoder.singleValueContainer().decode(Bool.self)
        guard decodes else { throw Mishap() }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(decodes)
    }
}
