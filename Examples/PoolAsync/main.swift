// Asynchronous results, time limits, cancellation, and functions of several arguments.
//
//     swift run PoolAsync

@preconcurrency import Glibc
import Multiprocessing

let pool = try Pool(processes: 2) { (seconds: Double) in
    usleep(UInt32(seconds * 1_000_000))
    return "slept for \(seconds) s"
}
let short = try pool.applyAsync(0.01, callback: { print("callback: \($0)") })
let long = try pool.applyAsync(60, timeout: .milliseconds(50))
let unwanted = try pool.applyAsync(60)
unwanted.cancel()

print("result: \(try short.get(timeout: .seconds(10)))")
for (name, result) in [("the long one", long), ("the unwanted one", unwanted)] {
    do {
        _ = try result.get()
    } catch {
        print("\(name): \(error.code)")
    }
}
// Both workers were replaced.
print("after that: \(try pool.map([0, 0.001]).count) results")
pool.close()
try pool.join()

let rectangles = try Pool { (width: Double, height: Double) in width * height }
print("starmap: \(try rectangles.starmap([(1, 2), (3, 4)]))")
rectangles.terminate()
