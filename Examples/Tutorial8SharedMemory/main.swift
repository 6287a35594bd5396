// Shared memory: what one process writes, the others see; nothing is copied or sent.
//
//     swift run Tutorial8SharedMemory

import Multiprocessing

let total = try SharedValue(0)
let squares = try SharedArray<Int>(count: 5)
let children = (0..<5).map { number in
    Process {
        squares[number] = number * number
        total.withLock { $0 += number * number }
    }
}
for child in children {
    try child.start()
}
for child in children {
    try child.join()
}
print("The squares are \(squares.values), their sum is \(total.value).")

// Untyped bytes of any size: a span is a bounds-checked view of them.
let memory = try SharedMemory(anonymousOf: 1 << 20)
let writer = Process {
    memory.withMutableSpan(of: Double.self) { halves in
        for index in halves.indices { halves[index] = Double(index) / 2 }
    }
}
try writer.start()
try writer.join()
let last = memory.withSpan(of: Double.self) { halves in halves[halves.count - 1] }
print("The last half is \(last).")
