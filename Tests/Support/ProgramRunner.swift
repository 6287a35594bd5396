import Dispatch
@preconcurrency import Glibc

/// How a program ended, and its complete output.
package struct ProgramResult: Sendable {
    /// The status as in `$?`: the exit code, or 128 plus the signal.
    package let status: Int32
    package let output: String
}

/// A program could not be started.
package struct StartFailure: Error {
    let program: String
    let number: Int32

    package init(program: String, number: Int32) {
        (self.program, self.number) = (program, number)
    }
}

/// The path of a program of this package, which the package manager puts beside the test bundle.
package func program(named name: String) -> String {
    var path = [CChar](repeating: 0, count: 4096)
    let count = max(0, readlink("/proc/self/exe", &path, path.count))
    let bundle = String(decoding: path[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return bundle.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/" + name
}

/// Runs a program to its end, on a thread that may block; after the timeout it is killed with its whole group.
///
/// Tests run at the same time, but few of their programs do: it waits for its turn first.
package func run(_ command: [String], within seconds: Int = 60) async throws -> ProgramResult {
    await places.take()
    let result = await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
            continuation.resume(returning: Result { try runBlocking(command, within: seconds) })
        }
    }
    await places.giveBack()
    return try result.get()
}

/// One more than there are processors, since a program may wait.
private let places = Places(count: sysconf(Int32(_SC_NPROCESSORS_ONLN)) + 1)

/// A semaphore whose waiting tasks hold no thread.
private actor Places {
    private var count: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(count: Int) {
        self.count = count
    }

    func take() async {
        if count > 0 {
            count -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func giveBack() {
        if waiting.isEmpty {
            count += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}

package func runBlocking(_ command: [String], within seconds: Int) throws -> ProgramResult {
    guard let output = tmpfile() else { throw StartFailure(program: "tmpfile", number: errno) }
    defer { fclose(output) }
    let pid = try start(command, writingTo: fileno(output))
    let watchdog = Watchdog(over: pid, seconds: seconds)
    var information = siginfo_t()
    // The process stays a zombie here, so that its ID is not reused while the watchdog may still kill it.
    while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0 && errno == EINTR {}
    let isOverdue = watchdog.end()
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    let code = information._sifields._sigchld.si_status
    let text = contents(of: output) + (isOverdue ? "killed after \(seconds) s\n" : "")
    return ProgramResult(status: information.si_code == CLD_EXITED ? code : 128 + code, output: text)
}

/// Starts a program as the leader of its own process group, with this file as its output.
private func start(_ command: [String], writingTo output: Int32) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A test runner's threads may have signals blocked, which a program would inherit.
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))

    // Scenarios crash on purpose; a report on each crash would take seconds.
    var variables = inheritedEnvironment().filter { !$0.hasPrefix("SWIFT_BACKTRACE=") }
    variables.append("SWIFT_BACKTRACE=enable=no")
    var pid: pid_t = 0
    let number = withCStrings(command) { arguments in
        withCStrings(variables) { posix_spawnp(&pid, command[0], &actions, &attributes, arguments, $0) }
    }
    guard number == 0 else { throw StartFailure(program: command[0], number: number) }
    return pid
}

/// Kills a process group after a timeout.
private final class Watchdog: @unchecked Sendable {
    private let queue = DispatchQueue(label: "watchdog")
    // Both are accessed only on the queue.
    private var hasEnded = false
    private var hasBitten = false

    init(over pid: pid_t, seconds: Int) {
        queue.asyncAfter(deadline: .now() + .seconds(seconds)) { [self] in
            guard !hasEnded else { return }
            hasBitten = true
            kill(-pid, SIGKILL)
        }
    }

    /// Stops the watchdog; returns whether it had to kill.
    func end() -> Bool {
        queue.sync {
            hasEnded = true
            return hasBitten
        }
    }
}

private func inheritedEnvironment() -> [String] {
    var variables: [String] = []
    var entry = environ
    while let text = entry.pointee {
        variables.append(String(cString: text))
        entry += 1
    }
    return variables
}

private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers = strings.map { strdup($0) } + [nil]
    defer { pointers.forEach { free($0) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
        guard let list = buffer.baseAddress else { fatalError("a list without its end") }
        return body(list)
    }
}

private func contents(of file: UnsafeMutablePointer<FILE>) -> String {
    rewind(file)
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 14)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 {
        bytes += piece[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
}
