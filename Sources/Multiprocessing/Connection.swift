import Glibc
import SystemPackage

/// One end of a channel between two processes, for whole messages: what one `send` sends, one `receive` gets.
///
/// A message is eight bytes of length and then the value or the bytes themselves. Make both ends with `Pipe` before the
/// child is started. Each process should close the end that it does not use: as long as any process holds a copy of the
/// other end open, its reader waits instead of seeing the end.
///
/// A `Connection` owns its descriptor and closes it when it is closed or goes away. It buffers what it reads ahead, so
/// only one process may receive from one end, and it belongs to one thread.
///
/// The corresponding Python API is `multiprocessing.connection.Connection`.
public final class Connection {
    /// Whether this end can receive.
    public let readable: Bool
    /// Whether this end can send.
    public let writable: Bool

    private var descriptor: OwnedDescriptor?
    private var incoming = ByteBuffer()
    private var outgoing = ByteBuffer()

    /// Takes over an open, connected stream socket.
    init(owning socket: Int32, readable: Bool, writable: Bool) {
        self.descriptor = OwnedDescriptor(owning: socket)
        self.readable = readable
        self.writable = writable
    }

    /// Sends a `Codable` value.
    ///
    /// Blocks while the channel is full.
    ///
    /// Throws `encodingFailed` before anything is sent, `brokenPipe` when nobody can receive it any more.
    /// The corresponding Python API is `multiprocessing.connection.Connection.send`.
    public func send<Value: Encodable>(_ value: Value) throws(MultiprocessingError) {
        try send(value, MessageCoder<Value>.encodable())
    }

    /// Sends a trivially copyable value as the bytes it consists of.
    ///
    /// Blocks while the channel is full.
    ///
    /// Throws `brokenPipe` when nobody can receive it any more.
    /// The corresponding Python API is `multiprocessing.connection.Connection.send`.
    @_disfavoredOverload
    public func send<Value: BitwiseCopyable>(_ value: Value) throws(MultiprocessingError) {
        try send(value, MessageCoder<Value>.bitwise())
    }

    /// Sends bytes as they are.
    ///
    /// Blocks while the channel is full.
    ///
    /// Throws `brokenPipe` when nobody can receive them any more.
    /// The corresponding Python API is `multiprocessing.connection.Connection.send_bytes`.
    public func send(bytes: UnsafeRawBufferPointer) throws(MultiprocessingError) {
        outgoing.append(UInt64(bytes.count))
        try write(then: bytes)
    }

    /// Receives a `Codable` value.
    ///
    /// Blocks until it is there.
    ///
    /// Throws `endOfFile` when the other end is closed and nothing is left, `decodingFailed` when the message is not a
    /// value of this type. The corresponding Python API is `multiprocessing.connection.Connection.recv`.
    public func receive<Value: Decodable>(_ type: Value.Type = Value.self) throws(MultiprocessingError) -> Value {
        try receive(MessageCoder<Value>.decodable())
    }

    /// Receives a trivially copyable value.
    ///
    /// Blocks until it is there.
    ///
    /// Throws as for `Codable` values. The corresponding Python API is `multiprocessing.connection.Connection.recv`.
    @_disfavoredOverload
    public func receive<Value: BitwiseCopyable>(_ type: Value.Type = Value.self) throws(MultiprocessingError) -> Value {
        try receive(MessageCoder<Value>.bitwise())
    }

    /// Receives one message as bytes.
    ///
    /// Blocks until it is there.
    ///
    /// Throws `endOfFile` when the other end is closed and nothing is left.
    /// The corresponding Python API is `multiprocessing.connection.Connection.recv_bytes`.
    public func receiveBytes() throws(MultiprocessingError) -> [UInt8] {
        let count = try readMessage()
        defer { incoming.consume(count) }
        return Array(incoming.readable.prefix(count))
    }

    /// Whether a message, or the end of the channel, is there within `timeout`; `nil` waits for ever.
    ///
    /// The corresponding Python API is `multiprocessing.connection.Connection.poll`.
    public func poll(timeout: Duration? = .zero) throws(MultiprocessingError) -> Bool {
        guard readable else {
            throw MultiprocessingError(.invalidState, "poll on the sending end of a one-way pipe")
        }
        if hasBufferedInput {
            return true
        }
        var entries = [pollfd(fd: try open(for: "poll"), events: Int16(POLLIN), revents: 0)]
        return try Multiprocessing.poll(&entries, until: Deadline(after: timeout)) > 0
    }

    /// Closes this process's copy of the end.
    ///
    /// Does nothing when it is closed already.
    ///
    /// The corresponding Python API is `multiprocessing.connection.Connection.close`.
    public func close() {
        descriptor = nil
    }

    /// The descriptor, which stays the connection's own; nil once it is closed.
    ///
    /// The corresponding Python API is `multiprocessing.connection.Connection.fileno`.
    public var fileDescriptor: FileDescriptor? {
        (descriptor?.number).map { FileDescriptor(rawValue: $0) }
    }

    var hasBufferedInput: Bool {
        !incoming.isEmpty
    }
}

extension Connection {
    private func open(for purpose: String) throws(MultiprocessingError) -> Int32 {
        guard let number = descriptor?.number else {
            throw MultiprocessingError(.invalidState, "\(purpose) on a closed connection")
        }
        return number
    }

    private func send<Value>(_ value: Value, _ coder: MessageCoder<Value>) throws(MultiprocessingError) {
        outgoing.append(UInt64(0))
        do {
            try coder.encode(value, into: &outgoing)
        } catch {
            outgoing.removeAll()
            throw MultiprocessingError(.encodingFailed, "a \(Value.self) could not be encoded: \(error)")
        }
        outgoing.patch(UInt64(outgoing.count - 8), at: 0)
        try write(then: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private func receive<Value>(_ coder: MessageCoder<Value>) throws(MultiprocessingError) -> Value {
        let count = try readMessage()
        defer { incoming.consume(count) }
        do {
            return try coder.decode(UnsafeRawBufferPointer(rebasing: incoming.readable.prefix(count)))
        } catch {
            throw MultiprocessingError(.decodingFailed, "a message is not a \(Value.self): \(error)")
        }
    }

    /// Writes what is in the buffer and then the bytes, in as few calls as the kernel allows.
    private func write(then bytes: UnsafeRawBufferPointer) throws(MultiprocessingError) {
        defer { outgoing.removeAll() }
        guard writable else {
            throw MultiprocessingError(.invalidState, "send on the receiving end of a one-way pipe")
        }
        let socket = try open(for: "send")
        var rest = bytes
        while outgoing.count + rest.count > 0 {
            let sent = try sendPieces(socket, outgoing.readable, rest)
            let fromBuffer = min(sent, outgoing.count)
            outgoing.consume(fromBuffer)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(sent - fromBuffer))
        }
    }

    private func sendPieces(
        _ socket: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) throws(MultiprocessingError) -> Int {
        var pieces = [
            iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count),
            iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count),
        ]
        let result: Result<Int, Errno> = pieces.withUnsafeMutableBufferPointer { pieces in
            var message = msghdr()
            message.msg_iov = pieces.baseAddress
            message.msg_iovlen = pieces.count
            do throws(Errno) {
                // A closed reader is an error of this call, not a signal that ends the process.
                return .success(try retryingInterrupted { sendmsg(socket, &message, Int32(MSG_NOSIGNAL)) })
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let count): return count
        case .failure(.brokenPipe), .failure(.connectionReset):
            throw MultiprocessingError(.brokenPipe, "the other end of the connection is closed")
        case .failure(let error): throw MultiprocessingError.systemCall("sendmsg", error)
        }
    }

    /// Reads until a whole message stands at the front of the buffer, takes its length off and returns it.
    ///
    /// The buffer grows with the bytes that come, never by the length that a message announces.
    private func readMessage() throws(MultiprocessingError) -> Int {
        guard readable else {
            throw MultiprocessingError(.invalidState, "receive on the sending end of a one-way pipe")
        }
        try fill(to: 8)
        let announced = incoming.readable.loadUnaligned(as: UInt64.self)
        guard let count = Int(exactly: announced), count <= Int.max - 8 else {
            throw MultiprocessingError(.decodingFailed, "a message announces \(announced) bytes")
        }
        try fill(to: 8 + count)
        incoming.consume(8)
        return count
    }

    private static func receive(
        from socket: Int32, into space: UnsafeMutableRawBufferPointer
    ) throws(MultiprocessingError) -> Int {
        do {
            return try retryingInterrupted { recv(socket, space.baseAddress, space.count, 0) }
        } catch .connectionReset {
            // The other end was closed before it had read all that was sent to it: closed all the same.
            return 0
        } catch {
            throw MultiprocessingError.systemCall("recv", error)
        }
    }

    private func fill(to count: Int) throws(MultiprocessingError) {
        while incoming.count < count {
            let socket = try open(for: "receive")
            let wanted = min(max(count - incoming.count, 4096), 1 << 20)
            let space = incoming.prepareToWrite(atLeast: wanted)
            let received = try Connection.receive(from: socket, into: space)
            guard received > 0 else {
                let isBetweenMessages = incoming.count == 0
                throw MultiprocessingError(
                    .endOfFile,
                    isBetweenMessages
                        ? "the other end of the connection is closed"
                        : "the other end of the connection was closed in the middle of a message")
            }
            incoming.commit(received)
        }
    }
}
