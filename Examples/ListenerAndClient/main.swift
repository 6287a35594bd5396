// Two processes that share only an address and a key.
//
//     swift run ListenerAndClient

import Multiprocessing

let key = try AuthenticationKey("a secret that both know")
let listener = try Listener(address: .tcp("localhost", 0), authenticationKey: key)
// The listener checks keys while it is in `accept`, which returns at the first valid one: so the stranger comes first.
let strangerIsGone = try Event()

let client = Process {
    strangerIsGone.wait()
    let connection = try Connection(to: listener.address, authenticationKey: key)
    try connection.send("good morning")
    print("client: \(try connection.receive(String.self))")
}
let stranger = Process {
    let guess = try AuthenticationKey("a guess")
    do throws(MultiprocessingError) {
        _ = try Connection(to: listener.address, authenticationKey: guess)
    } catch {
        print("stranger: \(error.code)")
    }
    strangerIsGone.set()
}
try stranger.start()
try client.start()

// The stranger does not get this far.
let connection = try listener.accept()
print("server: \(try connection.receive(String.self))")
try connection.send("good evening")
try client.join()
try stranger.join()
