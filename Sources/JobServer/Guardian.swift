import CJobServer
import Glibc
import Ground
import SystemPackage

/// The process that holds make's tokens for the front, so that they get back to make whatever ends the front.
///
/// A token is a byte that was read from make's pipe, and who has read it must write it back. The front cannot promise
/// that: it may be killed between the two by a signal that nobody can catch. So it reads no token at all. The guardian
/// does, and tells the front what it holds; when the front has ended, however it did, it writes back all that it still
/// has, and leaves. There is no moment at which only the front knows of a token.
///
/// What keeps the guardian itself alive: it has all signals blocked, and is in a process group of its own, out of reach
/// of a Ctrl-C and of a `kill` or `timeout` that means the group. It has nothing open but the four descriptors here, so
/// that nobody waits for an end of file because of it.
///
/// It learns that the front has ended in two ways. Its socket ends when the last copy of the front's end is closed,
/// which comes first where there is no other copy: but a pool that the front forked later has one. So it also
/// watches the front itself, by a descriptor that was opened before the fork and cannot mean another process.
struct Guardian {
    private let socket: GuardianSocket
    /// Readable once the front has ended.
    private let front: FileDescriptor
    private let pipe: TokenPipeEnds
    private var tokens: [UInt8] = []
    private var request = TokenRequest()
    /// Whether the front does not know how things stand.
    private var isReportDue = false

    /// Forks the guardian of this process, which must have one thread.
    ///
    /// Returns the front's end of the socket, and closes the front's ends of the pipe. Does not block. The C function is
    /// `fork`.
    static func start(over ends: TokenPipeEnds) throws(JobServerError) -> GuardianSocket {
        defer { ends.close() }
        return try attempt("cannot start the process that holds make's tokens") { () throws(Errno) in
            let front = FileDescriptor(rawValue: try retryingInterrupted { poolmap_open_process(getpid()) })
            defer { try? front.close() }
            let (own, its) = try GuardianSocket.pair()
            defer { try? its.descriptor.close() }
            let kept = [its.descriptor, front, ends.reader, ends.writer].map(\.rawValue).sorted()
            do throws(Errno) {
                let pid = try retryingInterrupted {
                    poolmap_fork_guardian(own.descriptor.rawValue, kept, Int32(kept.count))
                }
                if pid == 0 {
                    var guardian = Guardian(socket: its, front: front, pipe: ends)
                    guardian.run()
                }
            } catch {
                try? own.descriptor.close()
                throw error
            }
            return own
        }
    }

    private init(socket: GuardianSocket, front: FileDescriptor, pipe: TokenPipeEnds) {
        (self.socket, self.front, self.pipe) = (socket, front, pipe)
    }

    private mutating func run() -> Never {
        while serve() {}
        pipe.giveBack(tokens)
        _exit(EXIT_SUCCESS)
    }

    /// Waits for something to do and does it; false when it is time to leave.
    private mutating func serve() -> Bool {
        var entries = [
            pollfd(fd: front.rawValue, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket.descriptor.rawValue, events: Int16(isReportDue ? POLLIN | POLLOUT : POLLIN), revents: 0),
            // poll passes over a negative number.
            pollfd(fd: tokens.count < request.wanted ? pipe.reader.rawValue : -1, events: Int16(POLLIN), revents: 0),
        ]
        guard poll(&entries, nfds_t(entries.count), -1) >= 0 else { return errno == EINTR }
        guard entries[0].revents == 0 else { return false }
        // Before any token is taken: the front may want none by now.
        guard entries[1].revents == 0 || receive() else { return false }
        guard entries[2].revents == 0 || takeTokens() else { return false }
        if isReportDue {
            isReportDue = !socket.send(TokenReport(serial: request.serial, tokens: tokens))
        }
        return true
    }

    private mutating func receive() -> Bool {
        switch socket.receiveRequest() {
        case .nothing: return true
        case .end: return false
        case .message(let message):
            request = message
            let excess = max(0, tokens.count - Int(request.wanted))
            pipe.giveBack(tokens.suffix(excess))
            tokens.removeLast(excess)
            isReportDue = true
            return true
        }
    }

    private mutating func takeTokens() -> Bool {
        let missing = Int(request.wanted) - tokens.count
        guard missing > 0 else { return true }
        guard let taken = pipe.take(upTo: missing) else { return false }
        tokens += taken
        isReportDue = isReportDue || !taken.isEmpty
        return true
    }
}
