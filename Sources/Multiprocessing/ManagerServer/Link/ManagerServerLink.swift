import Glibc
import SystemPackage

/// This process's connections to one server, shared by all proxies of that server's objects.
///
/// A call takes an idle connection, or opens one if all are in use, and puts it back when it has its answer; so any
/// number of threads may call at a time. A request is sent once and never again, because there is no way to know
/// whether the server has carried out a request that it did not answer.
final class ManagerServerLink: @unchecked Sendable {
    let address: Address
    let key: AuthenticationKey
    /// Unique among all servers.
    let server: UInt64
    let serverPID: Int32

    // Protected by `OwnSockets.lock`.
    private var idle: [ManagerServerChannel]
    private var generation = OwnSockets.generation
    /// Tells the server which connections belong to one process.
    private var session: UInt64
    private final class Reference {
        private(set) weak var link: ManagerServerLink?
        let identity: ObjectIdentifier

        init(_ link: ManagerServerLink) {
            self.link = link
            identity = ObjectIdentifier(link)
        }
    }
    nonisolated(unsafe) private static var known: [UInt64: Reference] = [:]

    private init(
        _ address: Address, _ key: AuthenticationKey, server: UInt64, pid: Int32, session: UInt64,
        idle: [ManagerServerChannel]
    ) {
        self.address = address
        self.key = key
        self.server = server
        self.serverPID = pid
        self.session = session
        self.idle = idle
    }

    deinit {
        OwnSockets.lock.withLock {
            // Another link may have replaced this one, which could not be found any more.
            if let reference = ManagerServerLink.known[server], reference.identity == ObjectIdentifier(self) {
                ManagerServerLink.known[server] = nil
            }
        }
    }

    /// The link to a server whose address, key and identity are known; it connects on first use.
    static func to(_ address: Address, _ key: AuthenticationKey, server: UInt64, pid: Int32) -> ManagerServerLink {
        OwnSockets.lock.withLock {
            if let reference = known[server], let link = reference.link {
                return link
            }
            let link = ManagerServerLink(
                address, key, server: server, pid: pid, session: .random(in: .min ... .max), idle: [])
            known[server] = Reference(link)
            return link
        }
    }

    /// Connects to a server of which only the address and the key are known.
    static func connect(
        to address: Address, _ key: AuthenticationKey, until deadline: Deadline
    ) throws(MultiprocessingError) -> ManagerServerLink {
        let session = UInt64.random(in: .min ... .max)
        let channel = ManagerServerChannel(owning: try connectedSocket(to: address, key: key, until: deadline))
        let (server, pid) = try introduce(channel, to: 0, session, until: deadline)
        return OwnSockets.lock.withLock {
            if let reference = known[server], let link = reference.link {
                return link
            }
            let link = ManagerServerLink(address, key, server: server, pid: pid, session: session, idle: [channel])
            known[server] = Reference(link)
            return link
        }
    }

    // MARK: Calls

    /// Sends a request that the server answers at once.
    @inline(__always)
    func call<Output>(
        _ operation: ManagerServerOperation, on object: UInt64,
        _ write: (inout ByteBuffer) throws(MultiprocessingError) -> Void = { (_) throws(MultiprocessingError) in },
        _ read: (ManagerServerStatus, inout ItemReader) throws(MultiprocessingError) -> Output
    ) throws(MultiprocessingError) -> Output {
        try call(ManagerServerRequest(operation, on: object, isImpatient: false), until: nil, write, read)
    }

    /// Sends a request for which the server may have to wait, for at most `timeout`; nil waits forever.
    @inline(__always)
    func wait<Output>(
        _ operation: ManagerServerOperation, on object: UInt64, _ timeout: Duration?,
        _ write: (inout ByteBuffer) throws(MultiprocessingError) -> Void = { (_) throws(MultiprocessingError) in },
        _ read: (ManagerServerStatus, inout ItemReader) throws(MultiprocessingError) -> Output
    ) throws(MultiprocessingError) -> Output {
        let isImpatient = timeout.map { $0 <= .zero } ?? false
        let deadline = isImpatient || timeout == nil ? nil : Deadline(after: timeout)
        return try call(
            ManagerServerRequest(operation, on: object, isImpatient: isImpatient), until: deadline, write, read)
    }

    private func call<Output>(
        _ request: ManagerServerRequest, until deadline: Deadline?,
        _ write: (inout ByteBuffer) throws(MultiprocessingError) -> Void,
        _ read: (ManagerServerStatus, inout ItemReader) throws(MultiprocessingError) -> Output
    ) throws(MultiprocessingError) -> Output {
        let channel = try takeChannel()
        channel.begin(request)
        do throws(MultiprocessingError) {
            try write(&channel.outgoing)
            guard channel.outgoing.count - ManagerServerRequest.byteCount <= ManagerServerRequest.maximumArgumentBytes
            else {
                throw MultiprocessingError(.encodingFailed, "a request of more than 1 GiB is too large for a manager")
            }
        } catch {
            putBack(channel)
            throw error
        }
        return try exchange(over: channel, until: deadline, read)
    }

    private func exchange<Output>(
        over channel: ManagerServerChannel, until deadline: Deadline?,
        _ read: (ManagerServerStatus, inout ItemReader) throws(MultiprocessingError) -> Output
    ) throws(MultiprocessingError) -> Output {
        let result: Result<Output, MultiprocessingError>
        do throws(Errno) {
            try channel.send()
            result = try channel.receive(until: deadline) { status, results throws(MultiprocessingError) in
                var results = results
                return try ManagerServerLink.accept(status, &results, read)
            }
        } catch {
            // A late reply on this connection would be taken for the answer to another request.
            throw hasEnded
        }
        putBack(channel)
        return try result.get()
    }

    @inline(__always)
    private static func accept<Output>(
        _ status: ManagerServerStatus, _ results: inout ItemReader,
        _ read: (ManagerServerStatus, inout ItemReader) throws(MultiprocessingError) -> Output
    ) throws(MultiprocessingError) -> Output {
        if status == .refused {
            throw MultiprocessingError(.requestFailed, results.text() ?? "the manager refused the request")
        }
        return try read(status, &results)
    }

    /// The error of a call that the server has not answered.
    private var hasEnded: MultiprocessingError {
        MultiprocessingError(
            .managerDied, "the server of the manager at \(address), process \(serverPID), has ended", pid: serverPID)
    }

    // MARK: Connections

    private func takeChannel() throws(MultiprocessingError) -> ManagerServerChannel {
        let (channel, session): (ManagerServerChannel?, UInt64) = OwnSockets.lock.withLock {
            if generation != OwnSockets.generation {
                // This is a child. The fork has closed its copies of the parent's connections.
                generation = OwnSockets.generation
                self.session = .random(in: .min ... .max)
                idle = []
            }
            return (idle.popLast(), self.session)
        }
        if let channel { return channel }
        return try makeChannel(of: session)
    }

    private func putBack(_ channel: ManagerServerChannel) {
        OwnSockets.lock.withLock {
            if channel.generation == generation {
                idle.append(channel)
            }
        }
    }

    private func makeChannel(of session: UInt64) throws(MultiprocessingError) -> ManagerServerChannel {
        var attempts = 0
        while true {
            attempts += 1
            do throws(MultiprocessingError) {
                // Wait for a server that is busy with a method, as in any other call.
                let socket = try connectedSocket(to: address, key: key, until: Deadline(after: nil))
                let channel = ManagerServerChannel(owning: socket)
                _ = try ManagerServerLink.introduce(channel, to: server, session, until: Deadline(after: nil))
                return channel
            } catch {
                switch (error.code, error.errno) {
                case (.endOfFile, _) where attempts < 3:
                    // The server has died, which the next attempt will report, or too many unknown clients are
                    // connecting.
                    continue
                case (.endOfFile, _), (.managerDied, _), (_, .connectionRefused?), (_, .noSuchFileOrDirectory?),
                    (_, .connectionReset?):
                    throw hasEnded
                default:
                    throw error
                }
            }
        }
    }

    /// Introduces this process to the server, and returns the server's identity.
    private static func introduce(
        _ channel: ManagerServerChannel, to server: UInt64, _ session: UInt64, until deadline: Deadline
    ) throws(MultiprocessingError) -> (server: UInt64, pid: Int32) {
        channel.begin(ManagerServerRequest(.hello, on: 0, isImpatient: false))
        channel.outgoing.append(server)
        channel.outgoing.append(session)
        let result: Result<(server: UInt64, pid: Int32), MultiprocessingError>
        do throws(Errno) {
            try channel.send()
            guard try channel.isReadable(until: deadline) else { throw .timedOut }
            result = try channel.receive(until: nil) { status, results throws(MultiprocessingError) in
                var results = results
                guard status == .done else {
                    throw MultiprocessingError(.managerDied, "another manager has taken its address")
                }
                return (try results.result(UInt64.self), Int32(truncatingIfNeeded: try results.result(Int64.self)))
            }
        } catch {
            throw error == .timedOut
                ? MultiprocessingError(.timedOut, "the manager did not answer in time")
                : MultiprocessingError(.endOfFile, "the other end is not a manager, or has closed the connection")
        }
        return try result.get()
    }
}

extension MultiprocessingError {
    static var badReply: MultiprocessingError {
        MultiprocessingError(.decodingFailed, "the manager's reply is too short")
    }

    /// A reply that is invalid for the request.
    static func unexpected(_ status: ManagerServerStatus) -> MultiprocessingError {
        MultiprocessingError(.decodingFailed, "unexpected status in the manager's reply: \(status)")
    }
}

extension ItemReader {
    /// The next item as a value.
    mutating func value<Value>(_ coder: MessageCoder<Value>) throws(MultiprocessingError) -> Value {
        guard let bytes = item() else { throw MultiprocessingError.badReply }
        do {
            return try coder.decode(bytes)
        } catch {
            throw MultiprocessingError(.decodingFailed, "the manager's value is not a \(Value.self): \(error)")
        }
    }

    /// All remaining items, as values.
    mutating func values<Value>(_ coder: MessageCoder<Value>) throws(MultiprocessingError) -> [Value] {
        var values: [Value] = []
        while !isAtEnd {
            values.append(try value(coder))
        }
        return values
    }

    /// The next number, which the reply must contain.
    mutating func result<Number: FixedWidthInteger & BitwiseCopyable>(
        _ type: Number.Type
    ) throws(MultiprocessingError) -> Number {
        guard let number = number(type) else { throw MultiprocessingError.badReply }
        return number
    }
}
