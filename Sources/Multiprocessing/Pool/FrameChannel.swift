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

    var unsentBytes: Int {
        outgoing.count
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

    /// Sends what is in the buffer: all of it if the channel blocks, else what the kernel takes now.
    ///
    /// Throws when the other end is closed.
    func flush() throws(Errno) {
        while unsentBytes > 0 {
            let bytes = outgoing.readable
            do throws(Errno) {
                let flags = Int32(MSG_NOSIGNAL) | (blocking ? 0 : Int32(MSG_DONTWAIT))
                let sent = try retryingInterrupted { send(number, bytes.baseAddress, bytes.count, flags) }
                outgoing.consume(sent)
            } catch {
                if error == .wouldBlock { return }
                throw error
            }
        }
    }

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

    /// Reads all that a peer has sent before it ended.
    func drain() {
        while !isAtEnd {
            let before = incoming.count
            guard (try? fill()) != nil, incoming.count > before else { return }
        }
    }

    /// Whether a complete frame waits in the buffer.
    var hasFrame: Bool {
        nextFrame != nil
    }

    /// Hands the next complete frame to `body` and takes it off; nil when there is none.
    ///
    /// The payload is valid only there.
    func takeFrame<Result>(_ body: (PoolFrame, UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        guard let frame = nextFrame else { return nil }
        let end = PoolFrame.byteCount + Int(frame.payloadBytes)
        defer { incoming.consume(end) }
        return try body(frame, UnsafeRawBufferPointer(rebasing: incoming.readable[PoolFrame.byteCount..<end]))
    }

    private var nextFrame: PoolFrame? {
        let bytes = incoming.readable
        guard bytes.count >= PoolFrame.byteCount else { return nil }
        let frame = bytes.loadUnaligned(as: PoolFrame.self)
        return bytes.count - PoolFrame.byteCount >= Int(frame.payloadBytes) ? frame : nil
    }

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
