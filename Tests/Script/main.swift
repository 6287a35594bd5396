// A program with variables at the top level, some of which a spawned child would miss:
//
//     script METHOD SET        SET is what `used` is set to, which the children use

import Glibc
import Multiprocessing

let used = Int(CommandLine.arguments[2]) ?? 0
let method = StartMethod(rawValue: CommandLine.arguments[1]) ?? .spawn
// What nobody else uses is no matter.
let numbers = [1, 2, 3]
let pipe = try Pipe()

countUp()
count += 1
do {
    let child = Process(startMethod: method, Sum(answers: pipe.second))
    try child.start()
    print("process: \(try pipe.first.receive(Int.self))")
    try child.join()
    let pool = try Pool(startMethod: method, processes: 1, Sum(answers: pipe.second))
    print("pool: \(try pool.map(numbers))")
    pool.terminate()
} catch {
    print("error: \(error)")
    exit(1)
}
