@preconcurrency import Glibc
import Multiprocessing

/// Not `Codable`: it never leaves the server.
private final class Ledger {
    var entries: [String] = []
    let capacity: Int
    let onAppend: (String) -> Void

    init(capacity: Int, onAppend: @escaping (String) -> Void) {
        self.capacity = capacity
        self.onAppend = onAppend
    }
}

private struct Append: ManagedMethod {
    var entry: String

    func run(on ledger: inout Ledger) throws -> Int {
        guard ledger.entries.count < ledger.capacity else { throw Mishap() }
        ledger.entries.append(entry)
        ledger.onAppend(entry)
        return ledger.entries.count
    }
}

private struct Entries: ManagedMethod {
    static let name = "entries of a ledger"

    func run(on ledger: inout Ledger) -> [String] {
        ledger.entries
    }
}

private struct Clear: ManagedMethod {
    func run(on ledger: inout Ledger) -> NoResult {
        ledger = Ledger(capacity: ledger.capacity, onAppend: ledger.onAppend)
        return NoResult()
    }
}

private struct Collapse: ManagedMethod {
    func run(on ledger: inout Ledger) -> NoResult {
        raise(SIGKILL)
        return NoResult()
    }
}

private struct Unregistered: ManagedMethod {
    func run(on ledger: inout Ledger) -> Int { 0 }
}

private struct Unencodable: ManagedMethod {
    func run(on ledger: inout Ledger) -> Fickle { Fickle(encodes: false) }
}

private func ledgers(_ onAppend: @escaping (String) -> Void = { _ in }) -> RegisteredType<Ledger, Int> {
    RegisteredType("Ledger") { (capacity: Int) in
        guard capacity > 0 else { throw Mishap() }
        return Ledger(capacity: capacity, onAppend: onAppend)
    }
    .method(Append.self).method(Entries.self).method(Clear.self).method(Collapse.self).method(Unencodable.self)
}

func registeredTypeScenarios() {
    scenario("instancesOfARegisteredTypeLiveInTheServer") {
        let appended = SharedCounter()
        let type = ledgers { _ in appended.add(getpid() == 0 ? 0 : 1) }
        let manager = try Manager(registering: [type])
        let (one, other) = (try manager.make(type, 3), try manager.make(type, 100))
        expectEqual(try one.call(Append(entry: "a")), 1)
        try inChild { expectEqual(try one.call(Append(entry: "b")), 2) }
        expectEqual(try one.call(Entries()), ["a", "b"])
        expectEqual(try other.call(Entries()), [])
        expectEqual(try one.call(Clear()), NoResult())
        expectEqual(try one.call(Entries()), [])
        expectEqual(appended.value, 2)
    }
    scenario("methodsOfARegisteredTypeAreAtomic") {
        let type = ledgers()
        let manager = try Manager(registering: [type])
        let ledger = try manager.make(type, 1000)
        try manager.publish(ledger, as: "ledger")
        let (address, key) = (manager.address, manager.authenticationKey)
        try inChildren(4) { number in
            let own = try Manager.connect(to: address, authenticationKey: key)
            let found = try require(try own.find("ledger", as: ObjectProxy<Ledger>.self))
            for turn in 0..<50 { try found.call(Append(entry: "\(number) \(turn)")) }
            expectEqual(try own.make(type, 1).call(Entries()), [])
        }
        let entries = try ledger.call(Entries())
        expectEqual(entries.count, 200)
        for number in 0..<4 {
            expectEqual(entries.filter { $0.hasPrefix("\(number) ") }, (0..<50).map { "\(number) \($0)" })
        }
    }
    scenario("whatAMethodOrAFactoryThrowsIsARequestThatFailed") {
        let type = ledgers()
        let manager = try Manager(registering: [type])
        let ledger = try manager.make(type, 1)
        try ledger.call(Append(entry: "a"))
        let thrown = expectThrows(.requestFailed) { try ledger.call(Append(entry: "b")) }
        expectText(of: thrown, contains: "Ledger.Append: the tea went cold")
        expectText(
            of: expectThrows(.requestFailed) { try manager.make(type, 0) }, contains: "Ledger: the tea went cold")
        let unknown = expectThrows(.requestFailed) { try ledger.call(Unregistered()) }
        expectText(of: unknown, contains: "no method Unregistered")
        expectThrows(.requestFailed) { try ledger.call(Unencodable()) }
        let stranger = RegisteredType("Stranger") { (number: Int) in number }
        let error = expectThrows(.requestFailed) { try manager.make(stranger, 1) }
        expectText(of: error, contains: "no type Stranger")
        let impostor = RegisteredType("Ledger") { (text: String) in text }
        expectThrows(.requestFailed) { try manager.make(impostor, "text") }
        expectEqual(try ledger.call(Entries()), ["a"])
        expectEqual(try manager.objectCount, 1)
    }
    scenario("methodThatKillsTheServerIsTheManagersDeathForAll") {
        let type = ledgers()
        let manager = try Manager(registering: [type])
        let (ledger, event) = (try manager.make(type, 1), try manager.event())
        let waiting = try startedWaiting(for: manager) { expectThrows(.managerDied) { try event.wait() } }
        expectThrows(.managerDied) { try ledger.call(Collapse()) }
        expectThrows(.managerDied) { try ledger.call(Entries()) }
        expectEqual(try waiting.join(timeout: promptly), .exited(0))
    }
}
