@preconcurrency import Glibc
import Multiprocessing

/// A type for a server that is not forked.
struct Till {
    var total: Int
}

struct Pay: ManagedMethod {
    var amount: Int

    func run(on till: inout Till) throws -> Int {
        if amount < 0 { throw Mishap() }
        if amount == 0 { pauseForever() }
        till.total += amount
        return till.total
    }
}

struct Tills: ManagerTypes, Codable {
    var start: Int

    var till: RegisteredType<Till, Int> {
        let start = start
        return RegisteredType("Till") { (extra: Int) in Till(total: start + extra) }.method(Pay.self)
    }

    var types: [any ManagedType] { [till] }
}

/// The state of the server's process after `prepare`.
nonisolated(unsafe) var preparedTotal = 0

/// A type that reads what `prepare` has set.
struct PreparedTills: ManagerTypes, Codable {
    let pipe: Connection
    let fails: Bool

    static var till: RegisteredType<Till, Int> {
        RegisteredType("Till") { (_: Int) in Till(total: preparedTotal) }.method(Pay.self)
    }

    var types: [any ManagedType] { [PreparedTills.till] }

    func prepare() throws {
        if fails { throw Mishap() }
        preparedTotal = pipe.fileDescriptor == nil ? 0 : 41
    }
}

/// Properties of a manager's server, however it is started.
func managerServerStartScenarios() {
    for method in StartMethod.allCases {
        scenario("managerHoldsObjectsAndTypes", by: method) {
            let tills = Tills(start: 100)
            let manager = try Manager(startMethod: method, registering: tills)
            let names = try manager.dictionary(of: String.self, Int.self)
            let till = try manager.make(tills.till, 5)
            try inChild {
                try names.set("a", to: 1)
                expectEqual(try till.call(Pay(amount: 10)), 115)
            }
            expectEqual(try names.get("a"), 1)
            expectEqual(try till.call(Pay(amount: 1)), 116)
            expectThrows(.requestFailed) { try till.call(Pay(amount: -1)) }
            manager.shutdown()
            expectThrows(.managerDied) { try names.get("a") }
        }
        scenario("managerEndsWithItsCreatorThatIsKilledThoughAMethodDoesNotReturn", by: method) {
            let pipe = try Pipe()
            let creator = Process {
                let tills = Tills(start: 100)
                let manager = try Manager(startMethod: method, registering: tills)
                let till = try manager.make(tills.till, 5)
                guard case .unix(let path) = manager.address else { return }
                try pipe.second.send(path)
                try pipe.second.send(manager.pid)
                _ = try till.call(Pay(amount: 0))
            }
            try creator.start()
            let (path, server) = (try pipe.first.receive(String.self), try pipe.first.receive(Int32.self))
            expect(access(path, F_OK) == 0, "the socket has a name")
            creator.kill()
            try creator.join()
            expect(
                eventually { !ProcessRecord.all.contains { $0.pid == server && !$0.isZombie } }, "the server lives on")
            expect(access(path, F_OK) != 0, "the socket's name is left")
        }
    }
    for method in StartMethod.allCases {
        scenario("managerIsPreparedBeforeItServes", by: method) {
            let types = PreparedTills(pipe: try Pipe().second, fails: false)
            try Manager.with(startMethod: method, registering: types) { manager in
                expectEqual(try manager.make(PreparedTills.till, 0).call(Pay(amount: 1)), 42)
            }
            let error = expectThrows(.initializerFailed) {
                try Manager(startMethod: method, registering: PreparedTills(pipe: try Pipe().second, fails: true))
            }
            expectText(of: error, contains: "the tea went cold")
            expectEqual(privateDirectories(), [], "a directory is left;")
            Process.stopForkServer()
        }
    }
    for method in [StartMethod.spawn, .forkserver] {
        scenario("managerOfAProcessWithThreads", by: method) {
            let thread = ExtraThread()
            let manager = try Manager(startMethod: method)
            let list = try manager.list([1, 2])
            expectEqual(try list.values(), [1, 2])
            manager.shutdown()
            Process.stopForkServer()
            thread.join()
        }
    }
}
