// A process that looks at its watch, while its parent waits for it.
//
//     swift run Tutorial1Process

@preconcurrency import Glibc
import Multiprocessing

func lookAtTheWatch(times: Int, every pause: Duration) {
    for _ in 0..<times {
        var now = time(nil)
        let clock = localtime(&now).pointee
        print("It is \(clock.tm_hour) hours, \(clock.tm_min) minutes and \(clock.tm_sec) seconds.")
        usleep(UInt32(pause / .microseconds(1)))
    }
}

let child = Process(name: "watch") {
    lookAtTheWatch(times: 3, every: .milliseconds(100))
}
try child.start()
print("The parent waits.")
let status = try child.join()
print("\(child.name) \(status.map(String.init(describing:)) ?? "still runs")")
