// A lock around ten printing processes: only one prints at a time, so their lines are not interleaved.
//
//     swift run Tutorial6Lock

@preconcurrency import Glibc
import Multiprocessing

let lock = try Lock()
// Write each character separately, like to a slow terminal.
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
