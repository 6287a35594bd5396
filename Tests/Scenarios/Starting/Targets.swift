@preconcurrency import Glibc
import Multiprocessing
import SystemPackage

// Targets of the scenarios in this folder. Types that a child must find by name are neither private nor local.

/// Sends what a child knows about itself.
struct SelfPortrait: ProcessTarget, Codable {
    struct Answer: Codable, Equatable {
        var pid: Int32
        var name: String
        var isDaemon: Bool
        var parentName: String?
        var parentPID: Int32?
        var isParentAlive: Bool?
        var variable: String?
        var global: Int
        var childName: String
        var arguments: [String]
    }

    let answers: Connection

    func run() throws {
        let (current, parent) = (Process.current, Process.parent)
        try answers.send(
            Answer(
                pid: current.pid, name: current.name, isDaemon: current.isDaemon, parentName: parent?.name,
                parentPID: parent?.pid, isParentAlive: parent?.isAlive,
                variable: getenv("MULTIPROCESSING_SPAWN").map { String(cString: $0) }, global: targetGlobal,
                childName: Process(target: {}).name, arguments: CommandLine.arguments))
    }
}

nonisolated(unsafe) var targetGlobal = 1

/// Ends in the given way.
enum Ending: ProcessTarget, Codable {
    case returns, throwsAnError, exits(Int32), raises(Int32), waitsForASignal(Connection)

    func run() throws {
        switch self {
        case .returns: return
        case .throwsAnError: throw Mishap()
        case .exits(let code): Process.exit(code)
        case .raises(let number):
            signal(number, SIG_DFL)
            raise(number)
        case .waitsForASignal(let ready):
            try ready.send(getpid())
            pauseForever()
        }
    }
}

/// Uses shared objects that came with its arguments.
struct SharedThings: ProcessTarget, Codable {
    let arena: SlotArena
    let way: Connection
    let file: DuplicatedDescriptor

    func run() throws {
        arena[1][3] = try way.receive(UInt8.self)
        try way.send("done")
        _ = try file.fileDescriptor.writeAll("from the child".utf8)
    }
}

/// Starts children with each method, and reports how many succeeded.
struct Parent: ProcessTarget, Codable {
    let answers: Connection

    func run() throws {
        var count = 0
        for method in StartMethod.allCases {
            let child = Process(startMethod: method, Ending.returns)
            try child.start()
            count += try child.join() == .exited(0) ? 1 : 0
        }
        let pool = try Pool(processes: 2) { (number: Int) in number + 1 }
        count += try pool.map([1, 2]).reduce(0, +)
        pool.terminate()
        try answers.send(count)
    }
}

/// Starts a daemon and reports its pid, then lives until it is killed.
struct ParentOfADaemon: ProcessTarget, Codable {
    let method: StartMethod
    let answers: Connection

    func run() throws {
        let daemon = Process(startMethod: method, daemon: true, Ending.waitsForASignal(answers))
        try daemon.start()
        pauseForever()
    }
}

/// Reports when its parent has ended.
struct Orphan: ProcessTarget, Codable {
    let answers: Connection

    func run() throws {
        let parent = Process.parent
        try answers.send(parent?.isAlive)
        if let parent {
            _ = try wait(for: [parent])
            expect(try parent.join(), "a parent that has ended")
        }
        try answers.send(parent?.isAlive)
    }
}

/// Starts an `Orphan` and lives until it is killed.
struct ParentOfAnOrphan: ProcessTarget, Codable {
    let method: StartMethod
    let answers: Connection

    func run() throws {
        let child = Process(startMethod: method, Orphan(answers: answers))
        try child.start()
        pauseForever()
    }
}

/// Cannot be decoded, in the given way.
struct Indigestible: ProcessTarget, Codable {
    let kills: Bool

    init(kills: Bool) {
        self.kills = kills
    }

    init(from decoder: any Decoder) throws {
        if try decoder.singleValueContainer().decode(Bool.self) { raise(SIGKILL) }
        throw Mishap()
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(kills)
    }

    func run() {}
}

/// Cannot be encoded.
struct Unspeakable: ProcessTarget, Codable {
    func encode(to encoder: any Encoder) throws { throw Mishap() }
    func run() {}
}

/// A generic target.
struct Sum<Number: Codable & AdditiveArithmetic>: ProcessTarget, Codable {
    let numbers: [Number]
    let answers: Connection

    func run() throws {
        try answers.send(numbers.reduce(.zero, +))
    }
}
