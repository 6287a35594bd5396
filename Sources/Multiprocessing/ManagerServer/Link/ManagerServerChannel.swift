import Glibc
import SystemPackage

/// One connection of this process to a server, for one call at a time.
final class ManagerServerChannel {
    let generation = OwnSockets.generation
    var outgoing = ByteBuffer()
    private var incoming = ByteBuffer()
    private let number: Int32

    /// Takes ownership of a socket whose handshake is done.
    init(owning socket: consuming OwnedDescriptor) {
        number = socket.release()
        OwnSockets.add(number)
    }

    deinit {
        // In a child the fork has closed it, and the number may be another file by now.
        if generation == OwnSockets.generation {
            OwnSockets.close(number)
        }
    }

    /// Writes the header of a request into the empty buffer; the arguments follow it.
    func begin(_ request: ManagerServerRequest) {
        outgoing.removeAll()
        outgoing.append(request)
    }

    /// Sends the request.
    ///
    /// Throws if the server has ended.
    func send() throws(Errno) {
        outgoing.patch(UInt32(outgoing.count - ManagerServerRequest.byteCount), at: 0)
        while outgoing.count > 0 {
            let bytes = outgoing.readable
            let sent = try retryingInterrupted {
                Glibc.send(number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            outgoing.consume(sent)
        }
        // Do not keep the memory of a large request.
        outgoing.removeAll()
    }

    /// Waits for the reply, and passes it to `body`; the bytes are valid only there.
    ///
    /// If the deadline passes first, the server is asked to answer at once. Throws if the server has ended.
    func receive<Result, Failure: Error>(
        until deadline: Deadline?, _ body: (ManagerServerStatus, ItemReader) throws(Failure) -> Result
    ) throws(Errno) -> Swift.Result<Result, Failure> {
        if let deadline, !(try isReadable(until: deadline)) {
            begin(ManagerServerRequest(.cancel, on: 0, isImpatient: false))
            try send()
        }
        try fill(to: ManagerServerReply.byteCount)
        let reply = incoming.readable.loadUnaligned(as: ManagerServerReply.self)
        guard let status = ManagerServerStatus(rawValue: reply.status), reply.resultBytes < 1 << 48 else {
            throw .badMessage
        }
        let end = ManagerServerReply.byteCount + Int(reply.resultBytes)
        try fill(to: end)
        defer {
            incoming.consume(end)
            if incoming.isEmpty {
                incoming.removeAll()
            }
        }
        let results = UnsafeRawBufferPointer(rebasing: incoming.readable[ManagerServerReply.byteCount..<end])
        do throws(Failure) {
            return .success(try body(status, ItemReader(results)))
        } catch {
            return .failure(error)
        }
    }

    /// Whether the reply, or end-of-file, arrives in time.
    func isReadable(until deadline: Deadline) throws(Errno) -> Bool {
        var entries = [pollfd(fd: number, events: Int16(POLLIN), revents: 0)]
        do {
            return try poll(&entries, until: deadline) > 0
        } catch {
            throw error.errno ?? .badFileDescriptor
        }
    }

    private func fill(to count: Int) throws(Errno) {
        while incoming.count < count {
            let space = incoming.prepareToWrite(atLeast: min(max(count - incoming.count, 4096), 1 << 20))
            var received = try receivedSoon(into: space)
            if received == nil {
                received = try retryingInterrupted { recv(number, space.baseAddress, space.count, 0) }
            }
            guard let received, received > 0 else { throw .connectionReset }
            incoming.commit(received)
        }
    }

    /// How long a caller polls for its reply before it sleeps.
    ///
    /// Falling asleep and being woken takes an idle processor longer than the server takes for most requests: a set
    /// went from 0.97 to 2.5 times CPython's rate. With a single processor the server could do nothing meanwhile.
    private static let patienceNanoseconds: UInt64 = processCPUCount() > 1 ? 60_000 : 0

    /// The bytes that arrive within a short time; nil if there are none.
    private func receivedSoon(into space: UnsafeMutableRawBufferPointer) throws(Errno) -> Int? {
        let end = monotonicNanoseconds() + ManagerServerChannel.patienceNanoseconds
        repeat {
            do throws(Errno) {
                return try retryingInterrupted { recv(number, space.baseAddress, space.count, Int32(MSG_DONTWAIT)) }
            } catch {
                guard error == .wouldBlock else { throw error }
            }
        } while monotonicNanoseconds() < end
        return nil
    }
}
