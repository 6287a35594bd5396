@preconcurrency import Glibc
import Multiprocessing

func processOutputScenarios() {
    scenario("bufferedOutputOfTheParentIsNotWrittenAgainByTheChild") {
        let text = try captured(1) {
            print("parent")
            let child = Process {}
            try child.start()
            try child.join()
        }
        expectEqual(text, "parent\n")
    }
    scenario("bufferedOutputOfTheChildIsWrittenWhenItLeaves") {
        let ways: [() throws -> Void] = [{}, { Process.exit(0) }, { exit(0) }, { throw Mishap() }]
        for (number, leave) in ways.enumerated() {
            let text = try captured(1) {
                let child = Process {
                    print("child", terminator: "")
                    try leave()
                }
                _ = try captured(2) {
                    try child.start()
                    try child.join()
                }
            }
            expectEqual(text, "child", "way \(number):")
        }
    }
    scenario("bufferedOutputOfPoolWorkersIsWrittenOnceByTheTimeJoinReturns") {
        let text = try captured(1) {
            print("front")
            let pool = try Pool(processes: 2) { (number: Int) -> Int in
                print("task \(number)")
                return number
            }
            _ = try pool.map(0..<20)
            pool.close()
            try pool.join()
        }
        let lines = text.split(separator: "\n").map(String.init)
        expectEqual(lines.sorted(), (["front"] + (0..<20).map { "task \($0)" }).sorted())
    }
    scenario("outputOfARecycledWorkerIsNotLost") {
        let text = try captured(1) {
            let pool = try Pool(processes: 2, maxTasksPerWorker: 3) { (number: Int) -> Int in
                print("task \(number)")
                return number
            }
            _ = try pool.map(0..<20)
            pool.close()
            try pool.join()
        }
        expectEqual(text.split(separator: "\n").count, 20)
    }
}
