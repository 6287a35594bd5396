@preconcurrency import Glibc
import Multiprocessing

private func volume(_ width: Int, _ height: Double, _ depth: Float) -> Double {
    Double(width) * height * Double(depth)
}

func starmapScenarios() {
    scenario("starmapHandsATuplesMembersToAFunctionOfTwoToSixArguments") {
        let two = try Pool(processes: 2) { (text: String, count: Int) in String(repeating: text, count: count) }
        expectEqual(try two.starmap([("a", 3), ("bc", 2)]), ["aaa", "bcbc"])
        expectEqual(try two.starmap(zip(["x", "y"], 1...)), ["x", "yy"])
        let three = try Pool(processes: 2, volume)
        expectEqual(try three.starmap([(2, 1.5, 2), (1, 1, 1)]), [6, 1])
        let four = try Pool(processes: 2) { (a: Int, b: Int?, c: [Int], d: Bool) in d ? a + (b ?? 0) + c.count : 0 }
        expectEqual(try four.starmap([(1, nil, [], true), (1, 2, [3], true), (1, 1, [], false)]), [1, 4, 0])
        let five = try Pool(processes: 1) { (a: Int, b: Int, c: Int, d: Int, e: String) in "\(a)\(b)\(c)\(d)\(e)" }
        expectEqual(try five.starmap([(1, 2, 3, 4, "five")]), ["1234five"])
        let six = try Pool(processes: 1) { (a: Int, b: Int, c: Int, d: Int, e: Int, f: Int) in [a, b, c, d, e, f] }
        expectEqual(try six.starmap([(1, 2, 3, 4, 5, 6)]), [[1, 2, 3, 4, 5, 6]])
        for pool in [two] { expectEqual(try pool.starmap([(String, Int)]()), []) }
    }
    scenario("starmapAsyncAndTheOtherCallsTakeSeveralArgumentsToo") {
        let pool = try Pool(processes: 2) { (base: Int, factor: Int) -> Int in
            if factor == 0 { throw Mishap() }
            return base * factor
        }
        var seen: [Int] = []
        let result = try pool.starmapAsync((1...100).map { ($0, 2) }, chunkSize: 9, callback: { seen = $0 })
        expectEqual(try result.get(), (1...100).map { $0 * 2 })
        expectEqual(seen, (1...100).map { $0 * 2 })
        let error = expectThrows(.taskFailed) { try pool.starmap([(1, 1), (1, 0)], chunkSize: 2) }
        expectEqual(error?.task, 1)
        expectEqual(try pool.apply(Arguments(6, 7)), 42)
        expectEqual(try pool.applyAsync(Arguments(6, 7)).get(), 42)
        expectEqual(try pool.map([Arguments(1, 2), Arguments(3, 4)]), [2, 12])
        var results = pool.imap((1...3).map { Arguments($0, $0) })
        expectEqual([try results.next(), try results.next(), try results.next(), try results.next()], [1, 4, 9, nil])
    }
    scenario("functionOfSeveralArgumentsHasAnInitializerAndALimitToo") {
        let initialized = SharedCounter()
        let pool = try Pool(
            processes: 2, maxTasksPerWorker: 3, taskTimeout: .milliseconds(500), initializer: { initialized.add(1) }
        ) { (number: Int, isEndless: Bool) -> Int in
            if isEndless { pauseForever() }
            return number
        }
        expectEqual(try pool.starmap((0..<30).map { ($0, false) }), Array(0..<30))
        expect(initialized.value >= 10, "\(initialized.value) workers for 30 tasks, 3 each")
        expectThrows(.taskTimedOut) { try pool.starmap([(1, true)]) }
    }
}
