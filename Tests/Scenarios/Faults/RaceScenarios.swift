@preconcurrency import Glibc
import Multiprocessing

/// What a task of these scenarios does.
private struct Job: Codable {
    var number: Int
    var microseconds: UInt32
    var isDeadly = false
    var isFaulty = false
}

func raceScenarios() {
    scenario("eachTaskEndsOnceWhateverRaces") {
        var random = SeededGenerator(seed: printedSeed())
        for round in 0..<6 {
            let chunkSize = [nil, 3, 40][round % 3]
            try expectOneEndEach(chunkSize: chunkSize, maxTasksPerWorker: round < 3 ? nil : 25, &random)
        }
    }
    scenario("tasksThatEndWhenTheyAreCancelledOrTimeOutEndOnce") {
        var random = SeededGenerator(seed: printedSeed())
        let pool = try Pool(processes: 3) { (microseconds: Int) -> Int in
            let end = ContinuousClock.now + .microseconds(microseconds)
            while ContinuousClock.now < end {}
            return microseconds
        }
        _ = try pool.map(Array(repeating: 1, count: 300))
        var calls = 0
        var codes: [MultiprocessingError.Code: Int] = [:]
        for _ in 0..<300 {
            let time = Int.random(in: 0..<3000, using: &random)
            let limit = Duration.microseconds(Int.random(in: 1000..<3000, using: &random))
            let result = try pool.applyAsync(
                time, timeout: limit, callback: { _ in calls += 1 },
                errorCallback: {
                    calls += 1
                    codes[$0.code, default: 0] += 1
                })
            if Bool.random(using: &random) {
                try result.wait(timeout: .microseconds(Int.random(in: 0..<3000, using: &random)))
                result.cancel()
            }
        }
        pool.close()
        try pool.join()
        expectEqual(calls, 300)
        expect(Set(codes.keys).isSubset(of: [.cancelled, .taskTimedOut]), "errors are \(codes)")
    }
}

/// Submits tasks of all kinds, cancels some and kills workers meanwhile, and expects each task to end exactly once.
private func expectOneEndEach(
    chunkSize: Int?, maxTasksPerWorker: Int?, _ random: inout SeededGenerator
) throws {
    let pool = try Pool(processes: 3, maxTasksPerWorker: maxTasksPerWorker, taskTimeout: .milliseconds(20)) {
        (job: Job) -> Int in
        if job.isFaulty { throw Mishap() }
        if job.isDeadly { raise(SIGKILL) }
        if job.microseconds > 0 { usleep(job.microseconds) }
        return job.number
    }
    var ends: [Int: Int] = [:]
    var maps: [AsyncResult<[Int]>] = []
    var tasks: [UInt64] = []
    for number in 0..<400 {
        var job = Job(number: number, microseconds: 0)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<3: job.isDeadly = true
        case 3..<10: job.isFaulty = true
        case 10..<25: job.microseconds = .random(in: 0..<3000, using: &random)
        case 25..<27: job.microseconds = 10_000_000
        default: break
        }
        let result = try pool.applyAsync(
            job,
            callback: {
                expectEqual($0, number)
                ends[number, default: 0] += 1
            }, errorCallback: { _ in ends[number, default: 0] += 1 })
        if Int.random(in: 0..<5, using: &random) == 0 { result.cancel() }
        if number % 50 == 0 {
            let jobs = (0..<60).map { Job(number: $0, microseconds: $0 % 20 == 7 ? 2000 : 0) }
            maps.append(try pool.mapAsync(jobs, chunkSize: chunkSize))
        }
        if number % 4 == 0 { tasks.append(try pool.submit(job)) }
        if Int.random(in: 0..<10, using: &random) == 0 {
            pool.cancel(task: .random(in: 1...(tasks.last ?? 1), using: &random))
        }
        if Int.random(in: 0..<40, using: &random) == 0 {
            maps.randomElement(using: &random)?.cancel()
        }
        if Int.random(in: 0..<60, using: &random) == 0, let completion = try pool.nextCompletion(timeout: .zero) {
            if completion.worker > 0 { kill(completion.worker, SIGKILL) }
            tasks.removeAll { $0 == completion.task }
        }
    }
    pool.close()
    try pool.join()
    expectEqual(ends, Dictionary(uniqueKeysWithValues: (0..<400).map { ($0, 1) }), "ends of the tasks:")
    for map in maps {
        expect(map.ready, "a map is not ready after join")
        if try map.successful { expectEqual(try map.get(), Array(0..<60)) }
    }
    while let completion = try pool.nextCompletion() { tasks.removeAll { $0 == completion.task } }
    expectEqual(tasks, [], "tasks without a completion:")
}
