// A server process: it holds objects, and any process uses them through proxies.
//
//     swift run Tutorial9Manager

import Multiprocessing

try Manager.with { manager in
    let ages = try manager.dictionary(of: String.self, Int.self)
    let news = try manager.list(of: String.self)
    let children = [("Ada", 36), ("Grace", 85), ("Barbara", 68)].map { name, age in
        Process {
            try ages.set(name, to: age)
            try news.append("\(name) has signed the book")
        }
    }
    for child in children {
        try child.start()
    }
    for child in children {
        try child.join()
    }
    for (name, age) in try ages.items().sorted(by: { $0.key < $1.key }) {
        print("\(name): \(age)")
    }
    print(try news.values().sorted().joined(separator: "\n"))
}
