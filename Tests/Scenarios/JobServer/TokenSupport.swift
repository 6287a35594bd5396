@preconcurrency import Glibc
import Multiprocessing
import JobServer
import SystemPackage

/// A make as its recipes see it: a pipe with tokens, each a different byte, and the text of `MAKEFLAGS` for it.
final class TokenBank {
    enum Form: CaseIterable {
        case pipe, fifo
    }

    let form: Form
    let all: [UInt8]
    private(set) var reader: Int32 = -1
    private(set) var writer: Int32 = -1
    private let path = temporaryFolder + "/tokens"

    /// All tokens differ; the first is a byte that a careless reader takes for the end of a string.
    init(_ form: Form, tokens count: Int) {
        self.form = form
        all = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        var ends: [Int32] = [-1, -1]
        switch form {
        case .pipe:
            guard pipe(&ends) == 0 else { fatalError("no pipe") }
        case .fifo:
            guard mkfifo(path, 0o600) == 0 else { fatalError("no named pipe") }
            ends[0] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            ends[1] = open(path, O_WRONLY | O_CLOEXEC)
        }
        (reader, writer) = (ends[0], ends[1])
        put(all)
    }

    deinit {
        close(reader)
        if writer >= 0 {
            close(writer)
        }
        unlink(path)
    }

    var flags: String {
        form == .pipe ? "k -j4 --jobserver-auth=\(reader),\(writer)" : "k -j4 --jobserver-auth=fifo:\(path)"
    }

    /// The client of this make, made from the environment.
    func client() throws -> JobServer {
        setenv("MAKEFLAGS", flags, 1)
        defer { unsetenv("MAKEFLAGS") }
        guard case .server(let server) = MakeJobs.fromEnvironment() else {
            Failures.report("no job server in \(flags)", #fileID, #line)
            throw MissingValue()
        }
        return server
    }

    /// Puts tokens back like another job.
    func put(_ tokens: [UInt8]) {
        expectEqual(write(writer, tokens, tokens.count), tokens.count)
    }

    /// How many tokens are in the pipe.
    var freeCount: Int {
        var count: Int32 = 0
        return ioctl(reader, UInt(FIONREAD), &count) == 0 ? Int(count) : -1
    }

    /// Takes up to `count` tokens like another job; does not block.
    func take(_ count: Int) -> [UInt8] {
        // The descriptor that this process shares with make does block.
        let own = open("/proc/self/fd/\(reader)", O_RDONLY | O_NONBLOCK)
        defer { close(own) }
        var tokens = [UInt8](repeating: 0, count: min(count, 1 << 16))
        let taken = read(own, &tokens, tokens.count)
        return Array(tokens.prefix(max(0, taken)))
    }

    /// Expects that all are back now, with the same bytes.
    func expectAllBack(_ text: String = "", file: StaticString = #fileID, line: UInt = #line) {
        let tokens = take(all.count + 1)
        expectEqual(tokens.sorted(), all, text, file: file, line: line)
        put(tokens)
    }

    /// Expects that all come back, and that no process still has the pipe open: make's count at its end.
    func expectAllBackAtTheEnd(_ text: String = "", file: StaticString = #fileID, line: UInt = #line) {
        close(writer)
        writer = -1
        var tokens: [UInt8] = []
        while isReadable(reader, within: promptly) {
            var token: UInt8 = 0
            guard read(reader, &token, 1) == 1 else {
                expectEqual(tokens.sorted(), all, text, file: file, line: line)
                return
            }
            tokens.append(token)
        }
        Failures.report("\(text) a process still has the pipe open; returned were \(tokens)", file, line)
    }
}

extension JobServer {
    /// Receives reports until the condition holds; false if it does not in time.
    func hears(within limit: Duration = promptly, until condition: () -> Bool) -> Bool {
        let end = ContinuousClock.now + limit
        receive()
        while !condition() {
            guard let descriptor, isReadable(descriptor.rawValue, within: end - ContinuousClock.now) else {
                return condition()
            }
            receive()
        }
        return true
    }

    func expectHeld(_ count: Int, file: StaticString = #fileID, line: UInt = #line) {
        expect(hears { held == count }, "expected \(count) tokens, and \(held) are held", file: file, line: line)
    }
}

/// The guardian of a process; nil if it has none.
func tokenGuardian(of front: Int32 = getpid()) -> ProcessRecord? {
    ProcessRecord.children(of: front).first { $0.name == "token-guardian" }
}

extension ProcessRecord {
    /// Stops the process, and waits until it has stopped.
    func stop() {
        kill(pid, SIGSTOP)
        expect(eventually { ProcessRecord(pid)?.state == "T" }, "\(name) does not stop")
    }
}

/// Starts a front in its own process group, which rings after the body's work and before `pauseForever`.
func startFront(_ body: @escaping (Doorbell) throws -> Void) throws -> Process {
    let ready = Doorbell()
    let front = Process(name: "front") {
        setpgid(0, 0)
        try body(ready)
    }
    try front.start()
    expect(ready.wait(), "the front did not get so far")
    return front
}

/// Ends what a front has left on purpose, and waits for the front.
@discardableResult
func joinFront(_ front: Process, file: StaticString = #fileID, line: UInt = #line) throws -> ExitStatus? {
    let status = try front.join(timeout: .seconds(20))
    if status == nil {
        Failures.report("the front hangs", file, line)
        front.kill()
        try front.join()
    }
    return status
}
