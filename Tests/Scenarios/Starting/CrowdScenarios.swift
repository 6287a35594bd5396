@preconcurrency import Glibc
import Multiprocessing

/// Reports how many descriptors it has, and lives until it is killed.
struct DescriptorCount: ProcessTarget, Codable {
    let answers: Connection

    func run() throws {
        try answers.send(openDescriptors().count)
        pauseForever()
    }
}

/// Puts its number into the queue, and passes the queue to a child with the next lower number.
struct Relay: ProcessTarget, Codable {
    let method: StartMethod
    let queue: Queue<Int>
    let number: Int

    func run() throws {
        try queue.put(number)
        guard number > 0 else { return }
        let child = Process(startMethod: method, Relay(method: method, queue: queue, number: number - 1))
        try child.start()
        expectEqual(try child.join(), .exited(0))
    }
}

/// Many children at a time, and children of children, however they are started.
func crowdScenarios() {
    for method in StartMethod.allCases {
        // A spawned child loads the executable again.
        let count = method == .spawn ? 20 : 100
        scenario("manyChildrenAtATimeEndByThemselvesStarted", by: method) {
            let children = (0..<count).map { Process(startMethod: method, Ending.exits(Int32($0))) }
            for child in children { try child.start() }
            expectEqual(try children.map { try $0.join() }, (0..<count).map { .exited(Int32($0)) })
        }
        scenario("manyChildrenAreTerminatedAsSoonAsTheyAreStarted", by: method) {
            let pipe = try Pipe()
            let children = (0..<count).map { _ in Process(startMethod: method, Ending.waitsForASignal(pipe.second)) }
            for child in children { try child.start() }
            for child in children { child.terminate() }
            for child in children {
                expectEqual(try child.join(timeout: .seconds(20)), .signaled(SIGTERM))
                child.kill()
            }
        }
        scenario("childrenHaveAsManyDescriptorsWhetherOthersRunOrNotStarted", by: method) {
            let pipe = try Pipe()
            let children = (0..<6).map { _ in Process(startMethod: method, DescriptorCount(answers: pipe.second)) }
            for child in children { try child.start() }
            let counts = try children.map { _ in try pipe.first.receive(Int.self) }
            expectEqual(Set(counts).count, 1, "descriptors of six children: \(counts);")
            for child in children {
                child.kill()
                try child.join()
            }
        }
        scenario("argumentsOfAChildAreThoseOfItsOwnChildrenStarted", by: method) {
            let queue = try Queue<Int>()
            let child = Process(startMethod: method, Relay(method: method, queue: queue, number: 3))
            try child.start()
            expectEqual(try child.join(timeout: .seconds(30)), .exited(0))
            expectEqual(try queue.get(upTo: 10), [3, 2, 1, 0])
        }
    }
}
