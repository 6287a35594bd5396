@preconcurrency import Glibc
import Multiprocessing

func frontDeathScenarios() {
    scenario("managerAndWorkersGoWithAFrontThatIsKilledWhileTheyWork") {
        let (begun, lifeline) = (Doorbell(), Lifeline())
        let front = Process {
            let pool = try Pool(processes: 3) { (_: Int) -> Int in
                begun.ring()
                while true {}
            }
            _ = try pool.map(0..<10)
        }
        try front.start()
        for _ in 0..<3 { expect(begun.wait(), "a worker did not begin") }
        front.kill()
        expect(lifeline.allEnded(), "processes outlive the front")
        expectEqual(try front.join(), .signaled(SIGKILL))
    }
    scenario("managerAndWorkersGoWithAFrontThatIsKilledWhileTheyAreIdle") {
        let (ready, lifeline) = (Doorbell(), Lifeline())
        let front = Process {
            let pool = try Pool(processes: 3) { (number: Int) in number }
            _ = try pool.map(0..<10)
            ready.ring()
            pauseForever()
        }
        try front.start()
        expect(ready.wait(), "the front did not begin")
        front.kill()
        expect(lifeline.allEnded(), "processes outlive the front")
        try front.join()
    }
    scenario("managerAndWorkersGoWithAFrontThatIsKilledWhileTheyStart") {
        var random = SeededGenerator(seed: printedSeed())
        for _ in 0..<30 {
            let lifeline = Lifeline()
            let front = Process {
                let pool = try Pool(processes: 4) { (_: Int) -> Int in pauseForever() }
                _ = try pool.map(0..<10)
            }
            try front.start()
            usleep(UInt32.random(in: 0..<6000, using: &random))
            front.kill()
            expect(lifeline.allEnded(), "processes outlive the front")
            try front.join()
        }
    }
    scenario("managerAndWorkersGoWithAFrontThatExits") {
        let ways: [() -> Void] = [{}, { exit(0) }, { Process.exit(3) }, { _exit(4) }, { abort() }]
        for (number, leave) in ways.enumerated() {
            let (begun, lifeline) = (Doorbell(), Lifeline())
            let front = Process {
                let pool = try Pool(processes: 2) { (_: Int) -> Int in
                    begun.ring()
                    pauseForever()
                }
                try pool.submit(1)
                expect(begun.wait(), "the worker did not begin")
                leave()
                withExtendedLifetime(pool) {}
            }
            try front.start()
            expect(lifeline.allEnded(within: .seconds(20)), "processes outlive the front, way \(number)")
            expect(try front.join(timeout: .seconds(20)) != nil, "the front hangs, way \(number)")
        }
    }
    scenario("frontThatIsTerminatedBySIGTERMTakesItsPoolAlong") {
        let (begun, lifeline) = (Doorbell(), Lifeline())
        let front = Process {
            let pool = try Pool(processes: 2) { (_: Int) -> Int in
                begun.ring()
                pauseForever()
            }
            _ = try pool.map([1, 2])
        }
        try front.start()
        expect(begun.wait(), "the worker did not begin")
        front.terminate()
        expect(lifeline.allEnded(), "processes outlive the front")
        expectEqual(try front.join(), .signaled(SIGTERM))
    }
}
