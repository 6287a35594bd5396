// Sends an open file (here standard output) and a connection to a running process.
//
//     swift run Descriptors

import Multiprocessing
import SystemPackage

let way = try Pipe()
let writer = Process {
    // It receives its own descriptors of the same open files.
    let log = try way.second.receive(FileDescriptor.self)
    let answers = try way.second.receive(Connection.self)
    try log.closeAfter { _ = try log.writeAll("the child was here\n".utf8) }
    try answers.send("written")
}
try writer.start()

// Made after the writer was started.
let answers = try Pipe(duplex: false)
try way.first.send(FileDescriptor.standardOutput)
try way.first.send(answers.second)
print("parent: \(try answers.first.receive(String.self))")
try writer.join()
