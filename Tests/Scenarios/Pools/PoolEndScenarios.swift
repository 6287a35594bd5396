@preconcurrency import Glibc
import Multiprocessing

func poolEndScenarios() {
    scenario("closeAndJoinLetEverythingFinish") {
        let (runs, lifeline) = (SharedCounter(), Lifeline())
        let pool = try Pool(processes: 2) { (number: Int) -> Int in
            usleep(1000)
            return runs.add(1) + number
        }
        for number in 0..<100 { try pool.submit(number) }
        pool.close()
        pool.close()
        try pool.join()
        try pool.join()
        expectEqual(runs.value, 100)
        expect(lifeline.allEnded(), "processes are left after join")
        pool.terminate()
    }
    scenario("closeAndJoinOfAPoolWithoutTasksEnd") {
        let (pool, lifeline) = (try Pool(processes: 4) { (number: Int) in number }, Lifeline())
        let start = ContinuousClock.now
        pool.close()
        try pool.join()
        expectPrompt(since: start)
        expect(lifeline.allEnded(), "processes are left after join")
    }
    scenario("joinOfAnOpenPoolIsAnInvalidState") {
        let pool = try Pool(processes: 1) { (number: Int) in number }
        expectThrows(.invalidState) { try pool.join() }
        expectEqual(try pool.map([1]), [1])
    }
    scenario("submitAfterCloseIsAnInvalidState") {
        let pool = try Pool(processes: 1) { (number: Int) in number }
        try pool.submit(7)
        pool.close()
        expectThrows(.invalidState) { try pool.submit(1) }
        expectThrows(.invalidState) { try pool.apply(1) }
        expectThrows(.invalidState) { try pool.map([1]) }
        expectEqual(try pool.nextCompletion()?.result.get(), 7)
        try pool.join()
        expectThrows(.invalidState) { try pool.submit(1) }
    }
    scenario("terminateInTheMiddleEndsEverythingAtOnce") {
        let (begun, lifeline) = (Doorbell(), Lifeline())
        let pool = try Pool(processes: 3) { (_: Int) -> Int in
            begun.ring()
            pauseForever()
        }
        for number in 0..<100 { try pool.submit(number) }
        for _ in 0..<3 { expect(begun.wait(), "a worker did not begin") }
        let start = ContinuousClock.now
        pool.terminate()
        expect(lifeline.allEnded(), "processes are left after terminate")
        expectPrompt(since: start)
        pool.terminate()
        try pool.join()
        expectThrows(.invalidState) { try pool.submit(1) }
    }
    scenario("terminateDoesNotWaitForWorkersThatIgnoreSignals") {
        let (begun, lifeline) = (Doorbell(), Lifeline())
        let pool = try Pool(processes: 1) { (_: Int) -> Int in
            for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
            begun.ring()
            while true {}
        }
        try pool.submit(1)
        expect(begun.wait(), "the worker did not begin")
        pool.terminate()
        expect(lifeline.allEnded(), "the worker runs on")
    }
    scenario("nextCompletionOfATerminatedPoolDoesNotHang") {
        try inChild {
            let pool = try Pool(processes: 2) { (_: Int) -> Int in pauseForever() }
            for number in 0..<10 { try pool.submit(number) }
            pool.terminate()
            // The tasks are lost: either there is none left, or that is an error.
            do {
                expect(try pool.nextCompletion() == nil, "a completion of a lost task")
            } catch let error as MultiprocessingError {
                expectEqual(error.code, .invalidState)
            }
        }
    }
    scenario("withEndsItsProcessesAndGivesTheResultOfTheBody") {
        let lifeline = Lifeline()
        let sum = try Pool.with(processes: 2, { (number: Int) in number }) { try $0.map(0..<10).reduce(0, +) }
        expectEqual(sum, 45)
        expect(lifeline.allEnded(), "processes are left")
    }
    scenario("withEndsItsProcessesWhenTheBodyThrows") {
        let (begun, lifeline) = (Doorbell(), Lifeline())
        do {
            try Pool<Int, Int>.with(
                processes: 2,
                { _ in
                    begun.ring()
                    pauseForever()
                }
            ) { pool in
                try pool.submit(1)
                expect(begun.wait(), "the worker did not begin")
                throw Mishap()
            }
            expect(false, "the error of the body is lost")
        } catch {
            expectEqual("\(error)", "the tea went cold")
        }
        expect(lifeline.allEnded(), "processes are left")
    }
    scenario("withEndsItsProcessesAlsoWhenThePoolIsKept") {
        let lifeline = Lifeline()
        let kept = try Pool.with(processes: 2, { (number: Int) in number }) { $0 }
        expect(lifeline.allEnded(), "processes are left")
        expectThrows(.invalidState) { try kept.apply(1) }
    }
    scenario("poolThatGoesAwayIdleLeavesNothing") {
        let lifeline = Lifeline()
        _ = try Pool(processes: 2) { (number: Int) in number }.map(0..<10)
        expect(lifeline.allEnded(), "processes are left")
    }
    scenario("poolThatGoesAwayWithTasksUnderWayLeavesNothing") {
        let (begun, lifeline) = (Doorbell(), Lifeline())
        do {
            let pool = try Pool(processes: 2) { (_: Int) -> Int in
                begun.ring()
                pauseForever()
            }
            for number in 0..<10 { try pool.submit(number) }
            expect(begun.wait(), "no worker began")
        }
        expect(lifeline.allEnded(), "processes are left")
    }
    scenario("poolThatGoesAwayWithAnIteratorUnderWayLeavesNothing") {
        let (begun, lifeline) = (Doorbell(), Lifeline())
        do {
            let pool = try Pool(processes: 2) { (number: Int) -> Int in
                if number == 0 { return 0 }
                begun.ring()
                pauseForever()
            }
            var results = pool.imap(0..<10)
            expectEqual(try results.next(), 0)
            expect(begun.wait(), "no worker began")
        }
        expect(lifeline.allEnded(), "processes are left")
    }
    scenario("tenThousandPoolsLeaveNoDescriptorNoChildAndNoMapping") {
        let lifeline = Lifeline()
        let start = ContinuousClock.now
        try expectNoGrowth(warmUp: 10, turns: 10_000) { turn in
            let pool = try Pool(processes: 1 + turn % 2) { (number: Int) in number + turn }
            expectEqual(try pool.apply(turn), 2 * turn)
            switch turn % 3 {
            case 0: pool.terminate()
            case 1:
                pool.close()
                try pool.join()
            default: break
            }
        }
        expect(lifeline.allEnded(), "processes are left")
        print("10,000 pools took \(ContinuousClock.now - start)")
    }
}
