@preconcurrency import Glibc
import Multiprocessing

func initializerScenarios() {
    scenario("initializerRunsOnceInEachWorkerBeforeItsFirstTask") {
        let initialized = SharedLog()
        let pool = try Pool(processes: 3, initializer: { initialized.append(Int(getpid())) }) { (_: Int) -> Bool in
            initialized.values.contains(Int(getpid()))
        }
        expect(try pool.map(0..<300).allSatisfy { $0 }, "a task ran in a worker that was not initialized")
        pool.close()
        try pool.join()
        expectEqual(initialized.total, 3)
        expectEqual(Set(initialized.values).count, 3)
    }
    scenario("stateBelongsToOneWorkerAndLastsFromTaskToTask") {
        let pool = try Pool(processes: 2, initializer: { 100 }) { (state: inout Int, _: Int) -> [Int] in
            state += 1
            return [Int(getpid()), state]
        }
        // A task may run after later ones if it was given to another worker than at first.
        let states = Dictionary(grouping: try pool.map(0..<400)) { $0[0] }.mapValues { $0.map { $0[1] }.sorted() }
        expect(states.count <= 2, "\(states.count) workers")
        for ofOneWorker in states.values {
            expectEqual(ofOneWorker, Array(101...100 + ofOneWorker.count))
        }
    }
    scenario("initializerThatThrowsIsOneErrorAndNoStormOfForks") {
        let forks = SharedCounter()
        let pool = try Pool(
            processes: 4,
            initializer: {
                forks.add(1)
                throw Mishap()
            }
        ) { (number: Int) in number }
        let start = ContinuousClock.now
        let error = expectThrows(.initializerFailed) { try pool.map(0..<100) }
        expectText(of: error, contains: "the tea went cold")
        expectThrows(.initializerFailed) { try pool.apply(1) }
        expectThrows(.initializerFailed) { try pool.submit(1) }
        pool.close()
        expectThrows(.initializerFailed) { try pool.join() }
        pool.terminate()
        expectPrompt(since: start)
        expect((1...8).contains(forks.value), "\(forks.value) workers were made")
    }
    scenario("initializerThatCrashesIsOneErrorWithTheStatus") {
        let ways: [(ExitStatus, () -> Void)] = [
            (.exited(3), { exit(3) }), (.exited(0), { exit(0) }), (.signaled(SIGKILL), { raise(SIGKILL) }),
            (.signaled(SIGABRT), { abort() }),
        ]
        for (status, crash) in ways {
            let forks = SharedCounter()
            let pool = try Pool(
                processes: 4,
                initializer: {
                    forks.add(1)
                    crash()
                }
            ) { (number: Int) in number }
            let error = expectThrows(.initializerFailed) { try pool.map(0..<100) }
            expectEqual(error?.status, status)
            expect(error?.pid != nil, "no process is named")
            expect((3...8).contains(forks.value), "\(forks.value) workers were made")
        }
    }
    scenario("initializerThatFailsIsNoticedWithoutAnyTask") {
        let pool = try Pool(processes: 2, initializer: { throw Mishap() }) { (number: Int) in number }
        expectEqual(try Multiprocessing.wait(for: [pool], timeout: .seconds(20)), [0])
        pool.close()
        expectThrows(.initializerFailed) { try pool.join() }
    }
    scenario("initializerThatFailsEndsTheWaitForCompletions") {
        let pool = try Pool(processes: 2, initializer: { throw Mishap() }) { (number: Int) in number }
        do {
            for number in 0..<10 { try pool.submit(number) }
        } catch let error as MultiprocessingError {
            expectEqual(error.code, .initializerFailed)
        }
        expectThrows(.initializerFailed) { try pool.nextCompletion() }
    }
    scenario("initializerThatFailsOnlyInAReplacementFailsThePoolInBoundedTime") {
        let forks = SharedCounter()
        let pool = try Pool(
            processes: 1,
            initializer: {
                if forks.add(1) > 1 { throw Mishap() }
            }
        ) { (number: Int) -> Int in
            if number == 5 { raise(SIGKILL) }
            return number
        }
        let error = expectThrows(.initializerFailed) { try pool.map(0..<10) }
        expectText(of: error, contains: "the tea went cold")
        expectEqual(forks.value, 2)
    }
    scenario("initializerThatDiesNowAndThenDoesNotFailThePool") {
        let forks = SharedCounter()
        let pool = try Pool(
            processes: 1, maxTasksPerWorker: 1,
            initializer: {
                if forks.add(1) % 2 == 0 { raise(SIGKILL) }
            }
        ) { (number: Int) in number }
        expectEqual(try pool.map(0..<10), Array(0..<10))
    }
}

func recyclingScenarios() {
    scenario("workerIsReplacedAfterItsTasksAndNoTaskIsLost") {
        let runs = SharedLog()
        let pool = try Pool(processes: 2, maxTasksPerWorker: 5) { (number: Int) -> Int in
            runs.append(Int(getpid()))
            return number
        }
        expectEqual(try pool.map(0..<100), Array(0..<100))
        pool.close()
        try pool.join()
        expectEqual(runs.total, 100)
        let tasksOfWorkers = Dictionary(grouping: runs.values) { $0 }.mapValues(\.count)
        expect(tasksOfWorkers.values.allSatisfy { $0 <= 5 }, "tasks a worker: \(tasksOfWorkers)")
        expect((20...22).contains(tasksOfWorkers.count), "\(tasksOfWorkers.count) workers for 100 tasks")
    }
    scenario("workerOfOneTaskRunsOneTask") {
        let pool = try Pool(processes: 3, maxTasksPerWorker: 1) { (_: Int) in getpid() }
        expectEqual(Set(try pool.map(0..<60)).count, 60)
    }
    scenario("recyclingAndCrashesTogetherLoseNothing") {
        let runs = SharedCounter()
        let pool = try Pool(processes: 2, maxTasksPerWorker: 4) { (number: Int) -> Int in
            if runs.add(1) % 17 == 0 { raise(SIGKILL) }
            return number
        }
        expectEqual(try pool.map(0..<300), Array(0..<300))
        pool.close()
        try pool.join()
    }
}
