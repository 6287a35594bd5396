// Errors: all have one type, and their code says what happened.
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

struct UnknownCountry: Error, Codable {
    let code: String
}

func askForCapitals() throws {
    let capitals = try Pool(processes: 2) { (code: String) throws -> String in
        guard let capital = ["FR": "Paris", "IT": "Rome"][code] else { throw UnknownCountry(code: code) }
        return capital
    }
    do {
        print(try capitals.map(["FR", "XX"]))
    } catch {
        print("input \(error.task ?? 0) of \((error.underlying as? UnknownCountry)?.code ?? "?"): \(error.code)")
    }
    for result in try capitals.map(["IT", "YY"], catching: UnknownCountry.self) {
        switch result {
        case .success(let capital): print(capital)
        case .failure(let error): print("no country \(error.code)")
        }
    }
}

func run() throws {
    try askForCapitals()
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

// An uncaught error would end the program with a trap; this ends it normally, after joining its children.
do {
    try run()
} catch {
    print("error: \(error)")
    exit(1)
}
