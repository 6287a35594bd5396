// A lock around ten printing processes: no two print at a time, so that no line falls into another.
//
//     swift run Tutorial6Lock

@preconcurrency import Glibc
import Multiprocessing

let lock = try Lock()
// Each character on its own, as a slow terminal would take it.
setvbuf(stdout, nil, _IONBF, 0)
let children = (0..<10).map { number in
    Process {
        try lock.withLock {
            for character in "hello from number \(number)\n" {
                print(character, terminator: "")
            }
        }
    }
}
for child in children {
    try child.start()
}
for child in children {
    try child.join()
}
