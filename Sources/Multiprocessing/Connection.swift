import CMultiprocessing
import Glibc
import SystemPackage

/// One end of a channel between two processes for whole messages: each `receive` returns what one `send` sent.
///
/// Make both ends with `Pipe` before the child is started, or send one end to another process over another connection.
/// Each process should close the end that it does not use: as long as any process holds a copy of the other end open,
/// the reader waits instead of seeing end-of-file.
///
/// A value may contain objects that have descriptors: a `Connection`, a `DuplicatedDescriptor`, a `Queue`, a `Lock`,
/// shared memory. The receiver gets its own descriptors; the sender keeps its own. This requires a Unix socket, which
/// `Pipe` and a `Listener` at a path make; over TCP it is an error.
///
/// Incoming data is checked. Bytes that no sender of this library would send are an error of the call that reads them,
/// memory grows with the bytes received and not with the announced length, and descriptors that no message has
/// announced are closed. After an error in the middle of a message the connection can only be closed.
///
/// A message is an eight-byte header followed by the value or the bytes. The lower six bytes of the header are the
/// length, the upper two the number of descriptors that travel with the message.
///
/// A `Connection` owns its descriptor and closes it when it is closed or deallocated; `defer { connection.close() }`
/// closes it at the end of a scope, like Python's `with`. It reads ahead into a buffer, so only one process may receive
/// from an end, and it belongs to one thread.
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
    /// Descriptors that have been read, those of the first message first.
    private var arrived: [Int32] = []
    private var senders = LastCoder()
    private var receivers = LastCoder()

    /// Takes ownership of an open, connected stream socket.
    init(owning socket: Int32, readable: Bool, writable: Bool) {
        self.descriptor = OwnedDescriptor(owning: socket)
        self.readable = readable
        self.writable = writable
    }

    deinit {
        closeArrived()
    }

    /// Sends a `Codable` value.
    ///
    /// Blocks while the channel is full.
    ///
    /// Throws `encodingFailed` before anything is sent, and `brokenPipe` if the other end is closed.
    /// The corresponding Python API is `multiprocessing.connection.Connection.send`.
    public func send<Value: Encodable>(_ value: Value) throws(MultiprocessingError) {
        try send(value, senders.coder { MessageCoder<Value>.encodable() })
    }

    /// Sends a trivially copyable value as its bytes in memory.
    ///
    /// Blocks while the channel is full.
    ///
    /// Throws `brokenPipe` if the other end is closed.
    /// The corresponding Python API is `multiprocessing.connection.Connection.send`.
    @_disfavoredOverload
    public func send<Value: BitwiseCopyable>(_ value: Value) throws(MultiprocessingError) {
        try send(value, senders.coder { MessageCoder<Value>.bitwise() })
    }

    /// Sends bytes as they are.
    ///
    /// Blocks while the channel is full.
    ///
    /// Throws `brokenPipe` if the other end is closed.
    /// The corresponding Python API is `multiprocessing.connection.Connection.send_bytes`.
    public func send(bytes: UnsafeRawBufferPointer) throws(MultiprocessingError) {
        outgoing.append(UInt64(bytes.count))
        try write(then: bytes, [])
    }

    /// Receives a `Codable` value.
    ///
    /// Blocks until it arrives.
    ///
    /// Throws `endOfFile` when the other end is closed and no message is left, and `decodingFailed` when the message is
    /// not a value of this type. The corresponding Python API is `multiprocessing.connection.Connection.recv`.
    public func receive<Value: Decodable>(_ type: Value.Type = Value.self) throws(MultiprocessingError) -> Value {
        try receive(receivers.coder { MessageCoder<Value>.decodable() })
    }

    /// Receives a trivially copyable value.
    ///
    /// Blocks until it arrives.
    ///
    /// Throws as for `Codable` values. The corresponding Python API is `multiprocessing.connection.Connection.recv`.
    @_disfavoredOverload
    public func receive<Value: BitwiseCopyable>(_ type: Value.Type = Value.self) throws(MultiprocessingError) -> Value {
        try receive(receivers.coder { MessageCoder<Value>.bitwise() })
    }

    /// Receives one message as bytes.
    ///
    /// Blocks until it arrives.
    ///
    /// Throws `endOfFile` when the other end is closed and no message is left.
    /// The corresponding Python API is `multiprocessing.connection.Connection.recv_bytes`.
    public func receiveBytes() throws(MultiprocessingError) -> [UInt8] {
        let message = try readMessage()
        defer { consume(message) }
        return Array(incoming.readable.prefix(message.byteCount))
    }

    /// Receives one message into the caller's memory, and returns its number of bytes.
    ///
    /// Blocks until it arrives.
    ///
    /// Throws `endOfFile` when the other end is closed and no message is left, and `invalidState` when the message is
    /// larger than the memory; it can then still be received. The corresponding Python API is
    /// `multiprocessing.connection.Connection.recv_bytes_into`.
    public func receive(into bytes: UnsafeMutableRawBufferPointer) throws(MultiprocessingError) -> Int {
        let message = try peekMessage()
        guard message.byteCount <= bytes.count else {
            throw MultiprocessingError(
                .invalidState, "a message of \(message.byteCount) bytes does not fit into \(bytes.count)")
        }
        incoming.consume(Message.headerBytes)
        bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: incoming.readable.prefix(message.byteCount)))
        consume(message)
        return message.byteCount
    }

    /// Whether a message or end-of-file arrives within `timeout`; `nil` waits forever.
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
    /// Does nothing if it is already closed.
    ///
    /// The corresponding Python API is `multiprocessing.connection.Connection.close`.
    public func close() {
        descriptor = nil
    }

    /// The descriptor, which the connection still owns; nil once the connection is closed.
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
        let descriptors: [Int32]
        do {
            descriptors = try DescriptorTransfer.collecting { try coder.encode(value, into: &outgoing) }
        } catch {
            outgoing.removeAll()
            throw MultiprocessingError.encoding(a: Value.self, error)
        }
        guard descriptors.isEmpty || carriesDescriptors else {
            outgoing.removeAll()
            throw MultiprocessingError(
                .encodingFailed,
                "a \(Value.self) has descriptors, which can be sent only between processes of one machine")
        }
        let message = Message(byteCount: outgoing.count - Message.headerBytes, descriptorCount: descriptors.count)
        outgoing.patch(message.header, at: 0)
        try write(then: UnsafeRawBufferPointer(start: nil, count: 0), descriptors)
        // Until here the value has kept them open.
        withExtendedLifetime(value) {}
    }

    /// Whether it is a Unix socket.
    private var carriesDescriptors: Bool {
        var (domain, size) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
        guard let number = descriptor?.number, getsockopt(number, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 else {
            // A closed connection has an error of its own, which is thrown later.
            return true
        }
        return domain == AF_UNIX
    }

    private func receive<Value>(_ coder: MessageCoder<Value>) throws(MultiprocessingError) -> Value {
        let message = try readMessage()
        let descriptors = Array(arrived.prefix(message.descriptorCount))
        arrived.removeFirst(descriptors.count)
        defer { incoming.consume(message.byteCount) }
        do {
            return try DescriptorTransfer.handing(descriptors) {
                try coder.decode(UnsafeRawBufferPointer(rebasing: incoming.readable.prefix(message.byteCount)))
            }
        } catch {
            throw MultiprocessingError(.decodingFailed, "a message is not a \(Value.self): \(error)")
        }
    }

    /// Writes the buffer and then the bytes, in as few calls as the kernel allows.
    ///
    /// The descriptors are sent with the first byte.
    private func write(
        then bytes: UnsafeRawBufferPointer, _ descriptors: [Int32]
    ) throws(MultiprocessingError) {
        defer { outgoing.removeAll() }
        guard writable else {
            throw MultiprocessingError(.invalidState, "send on the receiving end of a one-way pipe")
        }
        let socket = try open(for: "send")
        var (rest, descriptors) = (bytes, descriptors)
        while outgoing.count + rest.count > 0 {
            let sent = try sendPieces(socket, outgoing.readable, rest, descriptors)
            descriptors = []
            let fromBuffer = min(sent, outgoing.count)
            outgoing.consume(fromBuffer)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(sent - fromBuffer))
        }
    }

    private func sendPieces(
        _ socket: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ descriptors: [Int32]
    ) throws(MultiprocessingError) -> Int {
        do throws(Errno) {
            // A closed reader is an error of this call, not a signal that ends the process.
            if second.isEmpty && descriptors.isEmpty {
                return try retryingInterrupted {
                    Glibc.send(socket, first.baseAddress, first.count, Int32(MSG_NOSIGNAL))
                }
            }
            return try retryingInterrupted {
                withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { pieces in
                    for (index, piece) in [first, second].enumerated() {
                        let start = UnsafeMutableRawPointer(mutating: piece.baseAddress)
                        pieces.initializeElement(at: index, to: iovec(iov_base: start, iov_len: piece.count))
                    }
                    return mp_send_descriptors(
                        socket, pieces.baseAddress, 2, descriptors, descriptors.count, Int32(MSG_NOSIGNAL))
                }
            }
        } catch {
            if error == .brokenPipe || error == .connectionReset {
                throw MultiprocessingError(.brokenPipe, "the other end of the connection is closed")
            }
            throw MultiprocessingError.systemCall("sendmsg", error)
        }
    }

    /// What a message's header says.
    private struct Message {
        let byteCount: Int
        let descriptorCount: Int

        static let headerBytes = 8

        init(byteCount: Int, descriptorCount: Int) {
            self.byteCount = byteCount
            self.descriptorCount = descriptorCount
        }

        /// Nil if no sender of this library writes such a header.
        init?(header: UInt64) {
            byteCount = Int(header & (1 << 48 - 1))
            descriptorCount = Int(header >> 48)
            guard descriptorCount <= MP_MAX_DESCRIPTORS else { return nil }
        }

        var header: UInt64 {
            UInt64(byteCount) | UInt64(descriptorCount) << 48
        }
    }

    /// Reads until the buffer holds a whole message after its header.
    ///
    /// The buffer grows with the bytes received, never by the length that a message announces.
    private func peekMessage() throws(MultiprocessingError) -> Message {
        guard readable else {
            throw MultiprocessingError(.invalidState, "receive on the sending end of a one-way pipe")
        }
        try fill(to: Message.headerBytes)
        let header = incoming.readable.loadUnaligned(as: UInt64.self)
        guard let message = Message(header: header) else {
            throw MultiprocessingError(.decodingFailed, "invalid message header \(String(header, radix: 16))")
        }
        try fill(to: Message.headerBytes + message.byteCount)
        guard message.descriptorCount <= arrived.count else {
            throw MultiprocessingError(
                .decodingFailed,
                "a message announces \(message.descriptorCount) descriptors, but \(arrived.count) arrived: "
                    + "this process may have too many files open")
        }
        return message
    }

    /// The same, and removes the header from the buffer.
    private func readMessage() throws(MultiprocessingError) -> Message {
        let message = try peekMessage()
        incoming.consume(Message.headerBytes)
        guard arrived.count == message.descriptorCount || incoming.count > message.byteCount else {
            // Descriptors of the next message would have come with its first byte, so these belong to no message.
            incoming.consume(message.byteCount)
            closeArrived()
            throw MultiprocessingError(.decodingFailed, "a message came with more descriptors than it announces")
        }
        return message
    }

    /// Removes a message that was received as bytes, and closes its descriptors, if any.
    private func consume(_ message: Message) {
        incoming.consume(message.byteCount)
        for number in arrived.prefix(message.descriptorCount) {
            _ = Glibc.close(number)
        }
        arrived.removeFirst(message.descriptorCount)
    }

    private func closeArrived() {
        for number in arrived {
            _ = Glibc.close(number)
        }
        arrived = []
    }

    private func fill(to count: Int) throws(MultiprocessingError) {
        while incoming.count < count {
            let socket = try open(for: "receive")
            let wanted = min(max(count - incoming.count, 4096), 1 << 20)
            let received = try read(socket, into: incoming.prepareToWrite(atLeast: wanted))
            // Those of this message and of the next one: reading ahead goes no further.
            guard arrived.count <= 2 * Int(MP_MAX_DESCRIPTORS) else {
                closeArrived()
                throw MultiprocessingError(.decodingFailed, "descriptors came that no message announces")
            }
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

    /// Reads at least one byte, and the descriptors that came with it; returns 0 at the end.
    private func read(
        _ socket: Int32, into space: UnsafeMutableRawBufferPointer
    ) throws(MultiprocessingError) -> Int {
        do throws(Errno) {
            return try retryingInterrupted {
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: Int(MP_MAX_DESCRIPTORS)) { numbers in
                    var count = 0
                    let received = mp_receive_descriptors(
                        socket, space.baseAddress, space.count, numbers.baseAddress, &count, nil, 0)
                    if count > 0 {
                        arrived += numbers.prefix(count)
                    }
                    return received
                }
            }
        } catch {
            // The other end was closed with unread data in its buffer: to us it is closed all the same.
            if error == .connectionReset { return 0 }
            throw MultiprocessingError.systemCall("recvmsg", error)
        }
    }
}
