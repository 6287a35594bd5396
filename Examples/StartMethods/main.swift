// Fork, spawn and fork server: three ways to start a process, and what each requires.
//
//     swift run StartMethods

import Multiprocessing

// The target that a child runs: its properties are the arguments. A child that is not forked finds it by its type's
// name.
struct Adder: ProcessTarget, Codable {
    let numbers: [Int]
    let answer: Connection

    func run() throws {
        try answer.send(numbers.reduce(0, +))
    }
}

for method in StartMethod.allCases {
    let pipe = try Pipe(duplex: false)
    let child = Process(startMethod: method, Adder(numbers: Array(1...10), answer: pipe.second))
    try child.start()
    print("\(method): \(try pipe.first.receive(Int.self))")
    try child.join()
}
