import CPoolmap
@preconcurrency import Glibc
import Multiprocessing

/// Hostile code in place of a worker: the error of each call, 0 if it is allowed.
private struct Attempts: Codable {
    var errors: [String: Int32] = [:]

    mutating func attempt(_ name: String, _ call: () -> Int) {
        errno = 0
        errors[name] = call() < 0 ? errno : 0
    }

    /// Expects that these are refused, and all others allowed.
    func expectRefused(_ names: Set<String>, file: StaticString = #fileID, line: UInt = #line) {
        for (name, error) in errors.sorted(by: { $0.key < $1.key }) {
            let isRefused = error == EPERM || error == EACCES
            expect(
                isRefused == names.contains(name), "\(name): \(error == 0 ? "done" : String(cString: strerror(error)))",
                file: file, line: line)
        }
    }
}

/// Where the hostile code tries to read and write.
private struct Places: Codable {
    var inside: String
    var outside: String
    var front: Int32
    var port: UInt16
}

private func attack(_ places: Places) -> Attempts {
    var all = Attempts()
    attackProcesses(places, &all)
    attackNetwork(places, &all)
    for (name, folder) in [("inside", places.inside), ("outside", places.outside)] {
        all.attempt("read \(name)") { closing(open(folder + "/file", O_RDONLY)) }
        all.attempt("list \(name)") { closing(open(folder, O_RDONLY | O_DIRECTORY)) }
        all.attempt("write \(name)") { closing(open(folder + "/file", O_WRONLY)) }
        all.attempt("truncate \(name)") { closing(open(folder + "/file", O_RDONLY | O_TRUNC)) }
        all.attempt("make \(name)") { closing(open(folder + "/new", O_WRONLY | O_CREAT, 0o600)) }
        all.attempt("rename \(name)") { Int(rename(folder + "/other", folder + "/moved")) }
        all.attempt("remove \(name)") { Int(unlink(folder + "/third")) }
        all.attempt("make executable \(name)") { Int(chmod(folder + "/file", 0o755)) }
    }
    return all
}

/// A system call by its number; Swift does not see the C function, which is variadic.
private func systemCall(_ number: Int, _ first: Int = 0, _ second: Int = 0) -> Int {
    typealias Function = @convention(c) (Int, Int, Int, Int, Int) -> Int
    return unsafeBitCast(dlsym(nil, "syscall"), to: Function.self)(number, first, second, 0, 0)
}

#if arch(x86_64)
    private let numbers = (ptrace: 101, unshare: 272, bpf: 321)
#else
    private let numbers = (ptrace: 117, unshare: 97, bpf: 280)
#endif

private func closing(_ descriptor: Int32) -> Int {
    if descriptor >= 0 { close(descriptor) }
    return Int(descriptor)
}

private func attackProcesses(_ places: Places, _ all: inout Attempts) {
    all.attempt("execute") {
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/true"), nil]
        return Int(execv("/bin/true", &arguments))
    }
    all.attempt("fork") {
        let pid = fork()
        if pid == 0 { _exit(0) }
        return Int(pid)
    }
    all.attempt("make a thread") {
        var thread = pthread_t()
        errno = pthread_create(&thread, nil, { _ in nil }, nil)
        return errno == 0 ? 0 : -1
    }
    all.attempt("signal the front") { Int(kill(places.front, SIGCONT)) }
    all.attempt("signal all") { Int(kill(-1, 0)) }
    all.attempt("signal its parent") { Int(kill(getppid(), 0)) }
    all.attempt("signal itself") { Int(kill(getpid(), 0)) }
    all.attempt("signal by a descriptor's owner") { Int(fcntl(0, F_SETOWN, places.front)) }
    all.attempt("trace the front") { systemCall(numbers.ptrace, 16, Int(places.front)) }
    all.attempt("read the front's memory") { closing(open("/proc/\(places.front)/mem", O_RDWR)) }
    all.attempt("take the front's descriptors") {
        systemCall(438, systemCall(434, Int(places.front)))
    }
    all.attempt("map executable memory") {
        let memory = mmap(nil, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        return memory == MAP_FAILED ? -1 : 0
    }
    all.attempt("make memory executable") {
        let memory = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        return Int(mprotect(memory, 4096, PROT_READ | PROT_EXEC))
    }
    all.attempt("map memory") {
        mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0
    }
    all.attempt("mount") { Int(mount("none", "/mnt", "tmpfs", 0, nil)) }
    all.attempt("change its root") { Int(chroot("/")) }
    all.attempt("enter a namespace") { systemCall(numbers.unshare, 0x1000_0000) }
    all.attempt("load a program into the kernel") { systemCall(numbers.bpf) }
    all.attempt("use io_uring") { systemCall(425, 8) }
    all.attempt("change its processor") { Int(nice(1)) }
}

private func attackNetwork(_ places: Places, _ all: inout Attempts) {
    for (name, family) in [("TCP", AF_INET), ("Unix", AF_UNIX), ("netlink", 16)] {
        all.attempt("make a \(name) socket") {
            closing(socket(family, Int32(name == "netlink" ? SOCK_RAW.rawValue : SOCK_STREAM.rawValue), 0))
        }
    }
    all.attempt("make a socket pair") {
        var ends: [Int32] = [-1, -1]
        return Int(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends))
    }
    // A socket that was already open: it must give no new access.
    all.attempt("connect a socket that is open") {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = places.port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Int(connect(inheritedSocket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)))
            }
        }
    }
}

nonisolated(unsafe) private var inheritedSocket: Int32 = -1

/// Refused whatever names a worker is given.
private let alwaysRefused: Set<String> = [
    "execute", "fork", "make a thread", "signal the front", "signal all", "signal its parent",
    "signal by a descriptor's owner", "trace the front", "read the front's memory", "take the front's descriptors",
    "map executable memory", "make memory executable", "mount", "change its root", "enter a namespace",
    "load a program into the kernel", "use io_uring", "change its processor", "make a TCP socket", "make a Unix socket",
    "make a netlink socket", "make a socket pair", "connect a socket that is open",
]

private let reads = ["read", "list"]
private let writes = ["write", "truncate", "make", "rename", "remove"]

/// Runs hostile code in a confined worker, and returns the results.
private func attackInWorker(_ rights: Int, read: [String]? = nil, write: [String]? = nil) throws -> (Attempts, Int32) {
    let places = Places(
        inside: temporaryFolder + "/inside", outside: temporaryFolder + "/outside", front: getpid(), port: 9)
    for folder in [places.inside, places.outside] {
        mkdir(folder, 0o700)
        for name in ["file", "other", "third"] { close(open("\(folder)/\(name)", O_WRONLY | O_CREAT, 0o600)) }
    }
    inheritedSocket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer {
        close(inheritedSocket)
        remove(places.inside)
        remove(places.outside)
    }
    let isConfined = SharedCounter()
    let pool = try Pool(
        processes: 1,
        initializer: {
            isConfined.add(Int(confine(UInt32(rights), read, write)))
        }, attack)
    defer { pool.terminate() }
    return (try pool.apply(places), Int32(isConfined.value))
}

private func remove(_ folder: String) {
    for name in namesIn(folder) { unlink("\(folder)/\(name)") }
    rmdir(folder)
}

private func confine(_ rights: UInt32, _ read: [String]?, _ write: [String]?) -> Int32 {
    var error: Int32 = 0
    return withFolders(read) { read in
        withFolders(write) { write in poolmap_confine(rights, read, write, &error) }
    }
}

private func withFolders<Result>(_ paths: [String]?, _ body: (poolmap_folders) -> Result) -> Result {
    guard let paths else { return body(poolmap_folders(paths: nil, count: 0)) }
    let names: [UnsafePointer<CChar>?] = paths.map { strdup($0).map { UnsafePointer($0) } } + [nil]
    return names.withUnsafeBufferPointer { body(poolmap_folders(paths: $0.baseAddress, count: paths.count)) }
}

private func all(_ verbs: [String], _ places: [String]) -> Set<String> {
    Set(verbs.flatMap { verb in places.map { "\(verb) \($0)" } })
}

/// Both mechanisms exist on every Linux that the tests run on.
///
/// Without Landlock (before 5.13, or disabled) access to folders is not limited, and these scenarios say so.
private let bothWays = Int32(POOLMAP_HAS_SECCOMP | POOLMAP_HAS_LANDLOCK)

func confinementScenarios() {
    let everywhere = ["inside", "outside"]
    let chmods = all(["make executable"], everywhere)
    scenario("aWorkerThatIsGivenChunksCanOnlyCompute") {
        let (attempts, ways) = try attackInWorker(0, read: [], write: [])
        expectEqual(ways, bothWays)
        attempts.expectRefused(alwaysRefused.union(all(reads + writes, everywhere)).union(chmods))
    }
    scenario("aWorkerThatReadsNamesCanWriteNothing") {
        let (attempts, ways) = try attackInWorker(Int(POOLMAP_MAY_READ), write: [])
        expectEqual(ways, bothWays)
        attempts.expectRefused(alwaysRefused.union(all(writes, everywhere)).union(chmods))
    }
    scenario("aWorkerThatReadsBelowAFolderReadsNowhereElse") {
        let inside = [temporaryFolder + "/inside"]
        let (attempts, _) = try attackInWorker(Int(POOLMAP_MAY_READ), read: inside, write: [])
        attempts.expectRefused(
            alwaysRefused.union(all(writes, everywhere)).union(all(reads, ["outside"])).union(chmods))
    }
    scenario("aWorkerThatMakesTargetsInAFolderTouchesNoOther") {
        let inside = [temporaryFolder + "/inside"]
        let rights = Int(POOLMAP_MAY_READ | POOLMAP_MAY_WRITE)
        let (attempts, _) = try attackInWorker(rights, read: inside, write: inside)
        attempts.expectRefused(alwaysRefused.union(all(reads + writes, ["outside"])).union(chmods))
    }
    scenario("aWorkerThatMakesTargetsAnywhereDoesNothingElse") {
        let (attempts, _) = try attackInWorker(Int(POOLMAP_MAY_READ | POOLMAP_MAY_WRITE))
        attempts.expectRefused(alwaysRefused.union(chmods))
    }
    scenario("hostileCodeOutsideConfinementIsNotStopped") {
        // The attempts themselves work; otherwise the other scenarios would show nothing.
        let inside = temporaryFolder + "/inside"
        mkdir(inside, 0o700)
        close(open(inside + "/file", O_WRONLY | O_CREAT, 0o600))
        let pool = try Pool(processes: 1) { (folder: String) -> [Int32] in
            let child = fork()
            if child == 0 { _exit(0) }
            _ = waitpid(child, nil, 0)
            return [
                Int32(closing(open(folder + "/file", O_WRONLY))), child, kill(getppid(), 0),
                Int32(closing(socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))), chmod(folder + "/file", 0o600),
            ]
        }
        defer { remove(inside) }
        expect(try pool.apply(inside).allSatisfy { $0 >= 0 }, "refused without a reason")
        pool.terminate()
    }
}
