// An open file (here standard output) and a connection are handed to a process that runs already.
//
//     swift run Descriptors

import Multiprocessing
import SystemPackage

let way = try Pipe()
let writer = Process {
    // What it receives are descriptors of its own, for the same open files.
    let log = try way.second.receive(FileDescriptor.self)
    let answers = try way.second.receive(Connection.self)
    try log.closeAfter { _ = try log.writeAll("the child was here\n".utf8) }
    try answers.send("written")
}
try writer.start()

// Made when the writer runs already.
let answers = try Pipe(duplex: false)
try way.first.send(FileDescriptor.standardOutput)
try way.first.send(answers.second)
print("parent: \(try answers.first.receive(String.self))")
try writer.join()
