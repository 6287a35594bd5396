// Shared memory: what one process writes there, the others see; nothing is copied or sent.
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
