// Under make a program may run as many jobs as make has tokens for. Here the program plays make, with two tokens in a
// pipe.
//
//     swift run MakeTokens

import Glibc
import JobServer

let path = "/tmp/make-tokens-\(getpid())"
mkfifo(path, 0o600)
let pipe = open(path, O_RDWR | O_CLOEXEC)
write(pipe, "ab", 2)
setenv("MAKEFLAGS", " -j3 --jobserver-auth=fifo:\(path)", 1)

switch MakeJobs.fromEnvironment() {
case .none: print("no make, and as many jobs as we like")
case .one(let reason): print("one job: \(reason ?? "make itself runs only one")")
case .server(let server):
    server.want(2)
    while server.held < 2, let descriptor = server.descriptor {
        var entry = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        poll(&entry, 1, -1)
        server.receive()
    }
    print("\(1 + server.held) jobs may run: one that needs no token, and one for each of \(server.held)")
    server.close()
    var tokens: [UInt8] = [0, 0]
    let count = read(pipe, &tokens, 2)
    print("make has \(count) tokens again: \(String(decoding: tokens.sorted(), as: UTF8.self))")
}
unlink(path)
