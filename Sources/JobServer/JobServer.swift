import CJobServer
import Glibc
import Ground
import SystemPackage

/// This process as a client of GNU make's job server: it asks for tokens, each of which lets one more job run beside
/// the one that every recipe has anyway.
///
///     server.want(3)
///     // wait until server.descriptor is readable, among other things
///     server.receive()
///     // at most 1 + server.held jobs may run now
///
/// The tokens are with a process of their own, the `Guardian`, which is forked by the first `want` of more than none,
/// and gives back all when this process ends, whatever ends it. What is told here is never more than what the guardian
/// holds: a request that gives up tokens counts at once, and reports from before it do not count any more.
///
/// A process has one of these at most, and one thread; none of its children uses it. No call waits for make or for a
/// token.
public final class JobServer {
    /// The most tokens that can be held at a time: 4096.
    public static var mostTokens: Int { TokenReport.mostTokens }

    /// The tokens in hand, beside the job that needs none: so many more may run.
    public private(set) var held = 0

    /// How many tokens were asked for in all.
    public private(set) var wanted = 0

    /// Why no token will come any more, as one line; nil as long as some may.
    public private(set) var failure: String?

    private let pipe: TokenPipe
    /// What the pipe was at first.
    private let status: FileStatus
    private let owner = getpid()
    private var socket: GuardianSocket?
    private var serial: UInt32 = 0
    /// Whether there was no room yet for the last request.
    private var isRequestDue = false
    private var isClosed = false
    /// All that the guardian held when it last said so.
    private var reported: [UInt8] = []

    /// Throws, with what to do, where the pipe cannot be used.
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
    /// It stays the job server's own: do not close it.
    public var descriptor: FileDescriptor? {
        socket?.descriptor
    }

    /// Asks for so many tokens in all.
    ///
    /// More than before: they come when make's other jobs leave them. Fewer: those that are held above this number go
    /// back, of which no job may make use any more, and tokens that are on their way do so too. Without a change it does
    /// nothing. More than `mostTokens` are not asked for.
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

    /// Takes in what the guardian has said, and so brings `held` up to date.
    ///
    /// Does not block. If the guardian was killed, all tokens go back from here, `held` is 0, and `failure` says so.
    public func receive() {
        guard owner == getpid() else { return }
        if !readReports() {
            leaveGuardian()
            failure = "the process that held make's tokens has ended; only one job runs at a time from now on"
        }
        sendRequest()
    }

    /// Gives all tokens back, and returns when they are with make and the guardian is gone.
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

    /// False when the guardian has left.
    private func readReports() -> Bool {
        while let socket {
            switch socket.receiveReport() {
            case .nothing: return true
            case .end: return false
            case .message(let report):
                reported = report.tokens
                // The guardian has not known of the last request: of these some may be back with make.
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
            // Killed: the tokens that it told of are this process's to give back.
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
