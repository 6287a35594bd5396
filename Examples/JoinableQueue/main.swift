// Workers that report each finished item, and a parent that waits until all are finished.
//
//     swift run JoinableQueue

import Multiprocessing

let (orders, meals) = (try JoinableQueue<String>(), try SimpleQueue<String>())
let cooks = (1...2).map { number in
    // A daemon: it waits for orders forever, and ends with its parent.
    Process(name: "cook \(number)", daemon: true) {
        while true {
            let order = try orders.get()
            try meals.put("a \(order)")
            try orders.taskDone()
        }
    }
}
for cook in cooks {
    try cook.start()
}
try orders.put(contentsOf: ["soup", "salad", "cake"])
try orders.join()
let served = try (0..<3).map { _ in try meals.get() }
print("Served: \(served.sorted().joined(separator: ", ")).")
