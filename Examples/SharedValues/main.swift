// Values, arrays, atomics and named memory that processes share.
//
//     swift run SharedValues

import Multiprocessing

struct Point: BitwiseCopyable {
    var x: Double
    var y: Double
}

// With a lock, without one, and as an atomic.
let position = try SharedValue(Point(x: 1, y: 2))
let samples = try RawSharedArray(repeating: Float(0), count: 4)
let hits = try SharedAtomic(0)
let children = (0..<4).map { number in
    Process {
        position.withLock { $0.x += 1 }
        samples[number] = Float(number) / 2
        hits.add(10)
    }
}
for child in children {
    try child.start()
}
for child in children {
    try child.join()
}
print("position \(position.value.x), \(position.value.y); samples \(Array(samples)); hits \(hits.load())")

// Any process of this user can attach it by its name.
let memory = try SharedMemory(byteCount: 1024)
let other = Process {
    let attached = try SharedMemory(attach: memory.name ?? "")
    attached.bytes[0] = 42
}
try other.start()
try other.join()
print("the first of \(memory.byteCount) bytes is \(memory.bytes[0])")
try memory.unlink()

let list = try ShareableList([1, 2.5, "three", true, nil], unlinksWhenCreatorEnds: true)
let writer = Process { try list.set("drei", at: 2) }
try writer.start()
try writer.join()
print("element 2 is \(try list[2])")
try list.memory.unlink()
