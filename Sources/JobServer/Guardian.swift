import CJobServer
import Glibc
import Ground
import SystemPackage

/// The process that holds make's tokens for the front, so that make gets them back however the front ends.
///
/// A token is a byte that was read from make's pipe, and the reader must write it back. The front cannot guarantee
/// that: it may be killed in between by a signal that cannot be caught. So it does not read tokens itself. The guardian
/// does, and reports to the front what it holds; when the front has ended, for whatever reason, the guardian writes
/// back all that it still has, and exits. At no moment does only the front know of a token.
///
/// The guardian itself is hard to end by accident: it has all signals blocked, and has its own process group, out of
/// reach of a Ctrl-C and of a `kill` or `timeout` that signals the group. It has only the four descriptors here open,
/// so that no process waits for an end-of-file because of it.
///
/// It learns that the front has ended in two ways. Its socket reports end-of-file when the last copy of the front's end
/// is closed, which comes first if there is no other copy; but a pool that the front forked later has one. So it also
/// watches the front itself, by a descriptor that was opened before the fork and cannot refer to another process.
struct Guardian {
    private let socket: GuardianSocket
    /// Readable once the front has ended.
    private let front: FileDescriptor
    private let pipe: TokenPipeEnds
    private var tokens: [UInt8] = []
    private var request = TokenRequest()
    /// Whether the front must be sent a report.
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

    /// Waits for something to do and does it; false when it is time to exit.
    private mutating func serve() -> Bool {
        var entries = [
            pollfd(fd: front.rawValue, events: Int16(POLLIN), revents: 0),
            pollfd(fd: socket.descriptor.rawValue, events: Int16(isReportDue ? POLLIN | POLLOUT : POLLIN), revents: 0),
            // poll ignores a negative number.
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
