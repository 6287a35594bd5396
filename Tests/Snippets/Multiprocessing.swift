// Declarations that the library's snippets use and do not show; scripts/snippets.py compiles them with the snippets.

import Glibc
import Multiprocessing
import SystemPackage

struct Job: Codable, Sendable {}

struct Counter {
    var total: Int
}

struct Account {}

var account: RegisteredType<Account, Int> { given() }

func power(_ base: Int, _ exponent: Int) -> Int { given() }
func lookAtTheWatch(times: Int, every interval: Duration) {}
func run(_ job: Job) throws {}
func work(on step: Int) {}

// In Async/AsyncPool.swift
struct Resize: PoolFunction, Codable {
    let width: Int

    func callAsFunction(_ photo: [UInt8]) -> [UInt8] { photo }
}
let photos: [[UInt8]] = []
let photo: [UInt8] = []
func show(_ photo: [UInt8]) {}

// In DuplicatedDescriptor.swift
let connection: Connection = given()
let logFile: FileDescriptor = given()

// In Listening/Listener.swift
let key = AuthenticationKey()
let address: Address = given()

// In ManagerServer/Proxies/ListProxy.swift
struct Errand: Codable {
    var isDone = false
}
let list: ListProxy<Errand> = given()

// In Synchronization/Condition.swift
var jobs: [Job] = []
let job = Job()

// In ManagerServer/Proxies/LockProxy.swift
let ready: ConditionProxy = given()
let jobs: ListProxy<Int> = given()

// In ManagerServer/Proxies/NamespaceProxy.swift
let settings: NamespaceProxy = given()

// In ManagerServer/Server/RegisteredType.swift
struct Add: ManagedMethod {
    var amount: Int

    func run(on counter: inout Counter) -> Int { counter.total }
}

// In Multiprocessing.docc/ForkAndThreads.md
let path = ""
let results: Queue<String> = given()

// In Multiprocessing.docc/Tutorial.md
let lock = try Lock()
let number = 1

// In Pool/PoolResults.swift
let pool: Pool<String, Int> = given()
let files: [String] = []

// In Pool/SharedDescriptor.swift
struct Part: Codable {
    let log: SharedDescriptor
    let range: Range<Int>
}
func countLines(of file: FileDescriptor, _ range: Range<Int>) throws -> Int { given() }
let ranges: [Range<Int>] = []

// In Queues/JoinableQueue.swift
let jobs: [Job] = []

// In Pool/ResultWaiting.swift
let results: [AsyncResult<Int>] = []
let names: [String] = []

// In Pool/WorkerSettings.swift
func resize(_ photo: [UInt8]) -> [UInt8] { photo }

// In SharedMemory/SharedMemorySpans.swift
let memory: SharedMemory = given()
