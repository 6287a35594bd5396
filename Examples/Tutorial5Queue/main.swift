// A queue: several processes put values into it, and the parent gets them as they arrive.
//
//     swift run Tutorial5Queue

import Multiprocessing

let queue = try Queue<String>()
let guests = ["Ada", "Grace", "Barbara"]
let children = guests.map { guest in
    Process {
        try queue.put("\(guest) has come")
    }
}
for child in children {
    try child.start()
}
// They may be joined before the values are taken, since these are in memory that all share.
for child in children {
    try child.join()
}
while let news = try queue.get(timeout: .zero) {
    print(news)
}
