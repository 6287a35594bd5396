import Glibc
import Ground
import SystemPackage

/// Front to guardian: how many tokens it would like to hold in all.
struct TokenRequest: Equatable {
    /// Counts the requests.
    var serial: UInt32 = 0
    var wanted: UInt32 = 0
}

/// Guardian to front: all tokens that it holds, and the last request that it had received by then.
struct TokenReport {
    let serial: UInt32
    let tokens: [UInt8]

    /// The maximum number of tokens in a report.
    static let mostTokens = 4096
}

/// One end of the socket pair between front and guardian, which preserves message boundaries and never blocks.
///
/// Both sides send their current state, never changes. So a message that finds no room is not queued: the state at a
/// later time is sent instead.
struct GuardianSocket {
    let descriptor: FileDescriptor

    /// The result of an attempt to receive.
    enum Reception<Message> {
        case message(Message)
        /// Nothing is there now.
        case nothing
        /// The other end is closed, or has announced that it exits.
        case end
    }

    /// The front's end and the guardian's, close-on-exec.
    ///
    /// The C function is `socketpair`.
    static func pair() throws(Errno) -> (front: GuardianSocket, guardian: GuardianSocket) {
        var numbers: [Int32] = [-1, -1]
        let type = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        _ = try retryingInterrupted { socketpair(AF_UNIX, type, 0, &numbers) }
        return (GuardianSocket(descriptor: .init(rawValue: numbers[0])), .init(descriptor: .init(rawValue: numbers[1])))
    }

    /// Sends a request; false if there was no room for it, true even if the other end is closed.
    func send(_ request: TokenRequest) -> Bool {
        withUnsafeBytes(of: request) { send($0) }
    }

    /// Sends a report; false if there was no room for it, true even if the other end is closed.
    func send(_ report: TokenReport) -> Bool {
        withUnsafeBytes(of: report.serial) { Array($0) + report.tokens }.withUnsafeBytes { send($0) }
    }

    private func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let sent = try? retryingInterrupted { () -> Int in
            let count = Glibc.send(descriptor.rawValue, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            // The closed end is noticed when the next message is received.
            return count < 0 && [EPIPE, ECONNRESET].contains(errno) ? 0 : count
        }
        return sent != nil
    }

    func receiveRequest() -> Reception<TokenRequest> {
        receive(upTo: MemoryLayout<TokenRequest>.size) { bytes in
            bytes.count == MemoryLayout<TokenRequest>.size ? bytes.loadUnaligned(as: TokenRequest.self) : nil
        }
    }

    func receiveReport() -> Reception<TokenReport> {
        let header = MemoryLayout<UInt32>.size
        return receive(upTo: header + TokenReport.mostTokens) { bytes in
            guard bytes.count >= header else { return nil }
            return TokenReport(serial: bytes.loadUnaligned(as: UInt32.self), tokens: Array(bytes.dropFirst(header)))
        }
    }

    private func receive<Message>(
        upTo count: Int, _ message: (UnsafeRawBufferPointer) -> Message?
    ) -> Reception<Message> {
        withUnsafeTemporaryAllocation(byteCount: count, alignment: 8) { space in
            while true {
                let length = recv(descriptor.rawValue, space.baseAddress, count, 0)
                switch (length, errno) {
                case (1..., _):
                    return message(UnsafeRawBufferPointer(rebasing: space[..<length])).map { .message($0) } ?? .end
                // The second is reported once, if the other end left messages unread; what it sent before still
                // arrives.
                case (..<0, EINTR), (..<0, ECONNRESET): continue
                case (..<0, EAGAIN): return .nothing
                default: return .end
                }
            }
        }
    }
}
