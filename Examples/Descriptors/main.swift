// An open file, and a connection, are handed to a process that runs already.
//
//     swift run Descriptors

import Multiprocessing
import SystemPackage

let way = try Pipe()
let writer = Process {
    // Forked before the file was opened and the second pipe was made: it gets descriptors of its own.
    let log = try way.second.receive(FileDescriptor.self)
    let answers = try way.second.receive(Connection.self)
    try log.closeAfter { _ = try log.writeAll("the child was here\n".utf8) }
    try answers.send("written")
}
try writer.start()

let file = try FileDescriptor.open("/dev/stdout", .writeOnly)
let answers = try Pipe(duplex: false)
try way.first.send(file)
try way.first.send(answers.second)
print("parent: \(try answers.first.receive(String.self))")
try writer.join()
try file.close()
