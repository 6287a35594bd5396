@preconcurrency import Glibc
import Multiprocessing

/// Things that are usual in a single process, done by children.
func processHabitScenarios() {
    scenario("childThatClosesItsStandardStreamsEndsAsUsual") {
        for numbers: [Int32] in [[1], [2], [0, 1, 2]] {
            let child = Process {
                print("not written yet")
                for number in numbers { close(number) }
                print("nor this")
            }
            _ = try captured(1) {
                try child.start()
                expectEqual(try child.join(), .exited(0), "with \(numbers) closed:")
            }
            let failing = Process {
                for number in numbers { close(number) }
                throw Mishap()
            }
            _ = try captured(2) {
                try failing.start()
                expectEqual(try failing.join(), .exited(1), "with \(numbers) closed:")
            }
        }
    }
    scenario("childMakesAQueueForAChildOfItsOwn") {
        let child = Process {
            let queue = try Queue<Int>()
            let inner = Process { try queue.put(7) }
            try inner.start()
            expectEqual(try queue.get(timeout: .seconds(20)), 7)
            expectEqual(try inner.join(), .exited(0))
        }
        try child.start()
        expectEqual(try child.join(timeout: .seconds(30)), .exited(0))
    }
}
