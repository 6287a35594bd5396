import CJobServer
import Glibc
import Ground
import SystemPackage

/// This process as a client of GNU make's job server: it asks for tokens, each of which allows one more job besides the
/// one that every recipe may always run.
///
///     server.want(3)
///     // wait until server.descriptor is readable, among other things
///     server.receive()
///     // at most 1 + server.held jobs may run now
///
/// The tokens are held by a separate process, the `Guardian`, which is forked by the first `want` of more than none,
/// and gives everything back when this process ends, for whatever reason. `held` is never more than what the guardian
/// holds: a request that gives up tokens takes effect at once, and earlier reports no longer count.
///
/// A process has at most one of these, and one thread; none of its children may use it. No call waits for make or for a
/// token.
public final class JobServer {
    /// The maximum number of tokens that can be held at a time: 4096.
    public static var mostTokens: Int { TokenReport.mostTokens }

    /// The tokens in hand: the number of jobs that may run besides the one that needs no token.
    public private(set) var held = 0

    /// The total number of tokens asked for.
    public private(set) var wanted = 0

    /// Why no more tokens will come, as one line; nil as long as some may.
    public private(set) var failure: String?

    private let pipe: TokenPipe
    /// The identity of the pipe when it was first opened.
    private let status: FileStatus
    private let owner = getpid()
    private var socket: GuardianSocket?
    private var serial: UInt32 = 0
    /// Whether there was no room yet for the last request.
    private var isRequestDue = false
    private var isClosed = false
    /// All tokens that the guardian held at its last report.
    private var reported: [UInt8] = []

    /// Throws, with advice, if the pipe cannot be used.
    init(_ pipe: TokenPipe) throws(JobServerError) {
        let ends = try pipe.open(as: nil)
        ends.close()
        (self.pipe, status) = (pipe, ends.status)
    }

    deinit {
        close()
    }

    /// Readable when there is something to `receive`; nil while there is no guardian.
    ///
    /// The job server owns it: do not close it.
    public var descriptor: FileDescriptor? {
        socket?.descriptor
    }

    /// Asks for `count` tokens in all.
    ///
    /// If that is more than before, they come when make's other jobs release them. If it is fewer, the tokens held
    /// above this number are given back, so no job may use them any more, and tokens that are on their way are given
    /// back too. Without a change it does nothing. It never asks for more than `mostTokens`.
    ///
    /// Does not block.
    public func want(_ count: Int) {
        let count = min(max(count, 0), JobServer.mostTokens)
        guard count != wanted, failure == nil, !isClosed, owner == getpid() else { return }
        wanted = count
        held = min(held, count)
        if socket == nil {
            do throws(JobServerError) {
                socket = try Guardian.start(over: try pipe.open(as: status))
            } catch {
                failure = "\(error)"
                return
            }
        }
        serial &+= 1
        isRequestDue = true
        sendRequest()
    }

    /// Receives the guardian's reports, and so updates `held`.
    ///
    /// Does not block. If the guardian was killed, this process gives back all tokens, `held` is 0, and `failure` says
    /// so.
    public func receive() {
        guard owner == getpid() else { return }
        if !readReports() {
            leaveGuardian()
            failure = "the process that held make's tokens has ended; only one job runs at a time from now on"
        }
        sendRequest()
    }

    /// Gives all tokens back, and returns when make has them and the guardian has exited.
    ///
    /// No token comes afterwards. Blocks for as long as the guardian takes to write some bytes.
    public func close() {
        guard owner == getpid() else { return }
        leaveGuardian()
        wanted = 0
        isClosed = true
    }

    private func sendRequest() {
        guard isRequestDue, let socket else { return }
        isRequestDue = !socket.send(TokenRequest(serial: serial, wanted: UInt32(wanted)))
    }

    /// False when the guardian has exited.
    private func readReports() -> Bool {
        while let socket {
            switch socket.receiveReport() {
            case .nothing: return true
            case .end: return false
            case .message(let report):
                reported = report.tokens
                // The guardian had not received the last request yet: some of these tokens may have gone back to make
                // since.
                if report.serial == serial {
                    held = reported.count
                }
            }
        }
        return true
    }

    private func leaveGuardian() {
        guard let socket else { return }
        let guardianStatus = poolmap_end_guardian()
        if guardianStatus > 0 {
            // It was killed: this process must give back the tokens that it reported.
            _ = readReports()
            let ends = try? pipe.open(as: status)
            ends?.giveBack(reported)
            ends?.close()
        }
        try? socket.descriptor.close()
        self.socket = nil
        reported = []
        held = 0
    }
}
