import Glibc
import SystemPackage

/// A socket that carries `PoolFrame`s, with a buffer on each side so that many frames share one system call.
///
/// Front and manager use it without blocking: they always read before they wait, so that neither can wait for the other
/// to read. Workers, the leaves, block.
final class FrameChannel {
    private let descriptor: PrivateDescriptor
    private let blocking: Bool
    private var incoming = ByteBuffer()
    private var outgoing = ByteBuffer()
    /// Nothing will come any more: the other end is closed.
    private(set) var isAtEnd = false

    /// Takes over a connected socket.
    init(owning socket: Int32, blocking: Bool) {
        self.descriptor = PrivateDescriptor(owning: socket)
        self.blocking = blocking
    }

    var number: Int32 {
        descriptor.number
    }

    // MARK: Out

    var unsentBytes: Int {
        outgoing.count
    }

    /// What waits to be sent, valid until the channel is next used.
    var unsent: UnsafeRawBufferPointer {
        outgoing.readable
    }

    func enqueue(_ frame: PoolFrame) {
        precondition(frame.payloadBytes == 0)
        outgoing.append(frame)
    }

    func enqueue(_ frame: PoolFrame, _ payload: UnsafeRawBufferPointer) {
        var frame = frame
        frame.payloadBytes = UInt64(payload.count)
        outgoing.append(frame)
        outgoing.append(bytes: payload)
    }

    /// Writes a frame whose payload is encoded straight into the buffer; nothing of it stays when that throws.
    func enqueue<Value>(_ frame: PoolFrame, _ value: Value, _ coder: MessageCoder<Value>) throws {
        let start = outgoing.count
        outgoing.append(frame)
        do {
            try coder.encode(value, into: &outgoing)
        } catch {
            outgoing.remove(start..<outgoing.count)
            throw error
        }
        var complete = frame
        complete.payloadBytes = UInt64(outgoing.count - start - PoolFrame.byteCount)
        outgoing.patch(complete, at: start)
    }

    /// Passes on whole frames as they are.
    func enqueue(frames bytes: UnsafeRawBufferPointer) {
        outgoing.append(bytes: bytes)
    }

    /// Changes the frame that begins at this offset into what waits to be sent.
    func amendUnsent(at offset: Int, _ change: (inout PoolFrame) -> Void) {
        guard var frame = PoolFrame(in: outgoing.readable, at: offset) else { return }
        change(&frame)
        outgoing.patch(frame, at: offset)
    }

    /// Takes back what waits to be sent: it has gone another way.
    func dropUnsent() {
        outgoing.removeAll()
    }

    /// Sends what is in the buffer: all of it if the channel blocks, else what the kernel takes now.
    ///
    /// Throws when the other end is closed.
    func flush() throws(Errno) {
        while unsentBytes > 0 {
            let sent = try send(outgoing.readable)
            if sent == 0 { return }
            outgoing.consume(sent)
        }
    }

    /// Sends frames from elsewhere, all of them, before those in the buffer; for a channel that blocks.
    func sendAll(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        precondition(blocking)
        var rest = bytes
        while !rest.isEmpty {
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(try send(rest)))
        }
    }

    /// 0 where the kernel takes nothing now.
    private func send(_ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        do throws(Errno) {
            let flags = Int32(MSG_NOSIGNAL) | (blocking ? 0 : Int32(MSG_DONTWAIT))
            return try retryingInterrupted { Glibc.send(number, bytes.baseAddress, bytes.count, flags) }
        } catch {
            if error == .wouldBlock { return 0 }
            throw error
        }
    }

    // MARK: In

    /// Reads once: what is there now, or at least one byte if the channel blocks.
    ///
    /// Notes the end.
    func fill() throws(Errno) {
        let space = incoming.prepareToWrite(atLeast: 1 << 16)
        do throws(Errno) {
            let flags = blocking ? 0 : Int32(MSG_DONTWAIT)
            let count = try retryingInterrupted { recv(number, space.baseAddress, space.count, flags) }
            incoming.commit(count)
            isAtEnd = isAtEnd || count == 0
        } catch {
            switch error {
            case .wouldBlock: return
            case .connectionReset: isAtEnd = true
            default: throw error
            }
        }
    }

    /// Reads all that a peer has sent until now.
    func drain() {
        while !isAtEnd {
            let before = incoming.count
            guard (try? fill()) != nil, incoming.count > before else { return }
        }
    }

    /// Whether a complete frame waits in the buffer.
    var hasFrame: Bool {
        PoolFrame(in: incoming.readable, at: 0) != nil
    }

    /// Hands the next complete frame with its payload to `body` and takes it off; nil when there is none.
    ///
    /// The payload is valid only there.
    func takeFrame<Result>(_ body: (PoolFrame, UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        let bytes = incoming.readable
        guard let frame = PoolFrame(in: bytes, at: 0) else { return nil }
        defer { incoming.consume(frame.totalBytes) }
        return try body(frame, UnsafeRawBufferPointer(rebasing: bytes[PoolFrame.byteCount..<frame.totalBytes]))
    }

    /// Hands all complete frames to `body`, each with the bytes of header and payload, and takes them off.
    ///
    /// The bytes are valid only there, and `body` must not use the channel's incoming side.
    func takeFrames(_ body: (PoolFrame, UnsafeRawBufferPointer) -> Void) {
        let bytes = incoming.readable
        var offset = 0
        while let frame = PoolFrame(in: bytes, at: offset) {
            let end = offset + frame.totalBytes
            body(frame, UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
            offset = end
        }
        incoming.consume(offset)
    }

    /// Adds frames that have come another way, behind all that has been read.
    func take(frames bytes: UnsafeRawBufferPointer) {
        incoming.append(bytes: bytes)
    }

    /// Drops a frame of which only a part has come, as nobody will send the rest.
    func dropPartialFrame() {
        guard !hasFrame else { return }
        incoming.removeAll()
    }

    // MARK: The end

    /// Tells the other end that nothing more will be sent.
    ///
    /// Copies of the socket in other processes do not matter.
    func endSending() {
        shutdown(number, Int32(SHUT_WR))
    }

    /// Makes every later write of the other end fail.
    func endReceiving() {
        shutdown(number, Int32(SHUT_RD))
    }
}
