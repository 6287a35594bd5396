// Errors: all are of one type, and their code says which it is.
//
//     swift run Errors

import Glibc
import Multiprocessing

func receiveAll(_ connection: Connection) throws(MultiprocessingError) -> [String] {
    var texts: [String] = []
    while true {
        do {
            texts.append(try connection.receive(String.self))
        } catch {
            guard error.code == .endOfFile else { throw error }
            return texts
        }
    }
}

func run() throws {
    let pipe = try Pipe(duplex: false)
    let child = Process {
        try pipe.second.send("Ada")
        try pipe.second.send("Grace")
    }
    try child.start()
    pipe.second.close()
    print("received: \(try receiveAll(pipe.first))")
    try child.join()
    print("again: \(try receiveAll(pipe.second))")
}

// An error that nobody catches ends the program by a trap; this ends it normally, children are joined first.
do {
    try run()
} catch {
    print("error: \(error)")
    exit(1)
}
