import CMultiprocessing
import Glibc
import SystemPackage

/// A socket that carries `PoolFrame`s, with a buffer on each side so that many frames share one system call.
///
/// The front and the pool manager use it without blocking: they always read before they wait, so neither can wait for
/// the other to read. Workers, the leaves, block.
///
/// A descriptor has a frame of its own. The kernel delivers it with the frame's first byte, and descriptors in the
/// order in which they were sent, so the receiver's next descriptor belongs to the next such frame.
final class FrameChannel {
    /// Nil once it was closed on this side.
    private var descriptor: PrivateDescriptor?
    private let blocking: Bool
    private var incoming = ByteBuffer()
    private var outgoing = ByteBuffer()
    /// Descriptors to be sent, with the positions of their frames in `outgoing`.
    private var outgoingDescriptors: [(offset: Int, handed: HandedDescriptor)] = []
    /// Descriptors that have arrived and were not taken; -1 for one that this process had no room for.
    private var incomingDescriptors: [Int32] = []
    /// Nothing more will arrive: the other end is closed.
    private(set) var isAtEnd = false

    /// Takes ownership of a connected socket.
    init(owning socket: Int32, blocking: Bool) {
        self.descriptor = PrivateDescriptor(owning: socket)
        self.blocking = blocking
    }

    /// -1 once it was closed on this side, which `poll` ignores.
    var number: Int32 {
        switch descriptor {
        case .some(let descriptor): descriptor.number
        case nil: -1
        }
    }

    // MARK: Out

    var unsentBytes: Int {
        outgoing.count
    }

    /// The unsent bytes, valid until the channel is next used.
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

    /// Appends a frame whose payload is encoded straight into the buffer; leaves the buffer unchanged if that throws.
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

    /// Sends a descriptor, which is kept open until then.
    func enqueue(_ handed: HandedDescriptor) {
        outgoingDescriptors.append((outgoing.count, handed))
        outgoing.append(PoolFrame(.descriptor, task: handed.key))
    }

    /// Adds a task's descriptor keys to the last unsent frame, which starts at this offset, and inserts before it the
    /// descriptors that the other end does not have yet.
    ///
    /// Returns the new offset of the frame.
    func attach(_ keys: [UInt64], sending new: [HandedDescriptor], toUnsentAt offset: Int) -> Int {
        let frame = Array(outgoing.readable[offset...])
        outgoing.remove(offset..<outgoing.count)
        for handed in new {
            enqueue(handed)
        }
        let place = outgoing.count
        frame.withUnsafeBytes { outgoing.append(bytes: $0) }
        for key in keys {
            outgoing.append(key)
        }
        amendUnsent(at: place) { frame in
            frame.descriptorCount = UInt16(keys.count)
            frame.payloadBytes += UInt64(keys.count * MemoryLayout<UInt64>.size)
        }
        return place
    }

    /// Appends whole frames unchanged.
    func enqueue(frames bytes: UnsafeRawBufferPointer) {
        outgoing.append(bytes: bytes)
    }

    /// Changes the unsent frame that starts at this offset.
    func amendUnsent(at offset: Int, _ change: (inout PoolFrame) -> Void) {
        guard var frame = PoolFrame(in: outgoing.readable, at: offset) else { return }
        change(&frame)
        outgoing.patch(frame, at: offset)
    }

    /// Drops the unsent bytes: they were sent in another way.
    func dropUnsent() {
        outgoing.removeAll()
    }

    /// Sends what is in the buffer: everything if the channel blocks, else what the kernel accepts now.
    ///
    /// Throws if the other end is closed.
    func flush() throws(Errno) {
        while unsentBytes > 0 {
            let sent = try sendNext()
            if sent == 0 { return }
            outgoing.consume(sent)
            for index in outgoingDescriptors.indices {
                outgoingDescriptors[index].offset -= sent
            }
        }
    }

    /// Sends with one system call a descriptor's frame and what follows it, up to the next such frame.
    private func sendNext() throws(Errno) -> Int {
        let bytes = outgoing.readable
        guard let first = outgoingDescriptors.first else { return try send(bytes) }
        guard first.offset == 0 else { return try send(UnsafeRawBufferPointer(rebasing: bytes[..<first.offset])) }
        let end = outgoingDescriptors.count > 1 ? outgoingDescriptors[1].offset : bytes.count
        let sent = try send(UnsafeRawBufferPointer(rebasing: bytes[..<end]), with: first.handed.number)
        if sent > 0 {
            outgoingDescriptors.removeFirst()
        }
        return sent
    }

    /// Sends frames from elsewhere, completely, before those in the buffer; for a channel that blocks.
    func sendAll(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        precondition(blocking)
        var rest = bytes
        while !rest.isEmpty {
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(try send(rest)))
        }
    }

    /// 0 if the kernel accepts nothing now.
    private func send(_ bytes: UnsafeRawBufferPointer, with descriptor: Int32? = nil) throws(Errno) -> Int {
        let flags = Int32(MSG_NOSIGNAL) | (blocking ? 0 : Int32(MSG_DONTWAIT))
        do throws(Errno) {
            return try retryingInterrupted {
                guard var descriptor else { return Glibc.send(number, bytes.baseAddress, bytes.count, flags) }
                var piece = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
                return mp_send_descriptors(number, &piece, 1, &descriptor, 1, flags)
            }
        } catch {
            switch error {
            case .wouldBlock: return 0
            case .tooManyReferences:
                // The number of descriptors in flight has reached this user's limit. `poll` does not wait for that.
                usleep(1000)
                return 0
            default: throw error
            }
        }
    }

    // MARK: In

    /// Reads once: what is there now, or at least one byte if the channel blocks.
    ///
    /// Notices end-of-file. Returns false if nothing is there.
    @discardableResult
    func fill() throws(Errno) -> Bool {
        let space = incoming.prepareToWrite(atLeast: max(1 << 16, min(missingBytes, 1 << 24)))
        do throws(Errno) {
            let flags = blocking ? 0 : Int32(MSG_DONTWAIT)
            let count = try receive(into: space, flags)
            incoming.commit(count)
            isAtEnd = isAtEnd || count == 0
        } catch {
            switch error {
            case .wouldBlock: return false
            case .connectionReset: isAtEnd = true
            default: throw error
            }
        }
        return true
    }

    /// How many bytes of an incomplete frame in the buffer are still missing, as far as is known.
    private var missingBytes: Int {
        let bytes = incoming.readable
        guard bytes.count >= PoolFrame.byteCount, PoolFrame.isSound(bytes, at: 0) else { return 0 }
        return bytes.loadUnaligned(as: PoolFrame.self).totalBytes - bytes.count
    }

    private func receive(into space: UnsafeMutableRawBufferPointer, _ flags: Int32) throws(Errno) -> Int {
        try retryingInterrupted {
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: Int(MP_MAX_DESCRIPTORS)) { numbers in
                var count = 0
                var isCut: Int32 = 0
                let received = mp_receive_descriptors(
                    number, space.baseAddress, space.count, numbers.baseAddress, &count, &isCut, flags)
                // Only one at a time is sent.
                incomingDescriptors += isCut != 0 && count == 0 ? [-1] : Array(numbers.prefix(count))
                return received
            }
        }
    }

    /// The descriptor that came with the frame just taken; nil if this process had no room for it.
    func takeDescriptor() -> Int32? {
        guard !incomingDescriptors.isEmpty else { return nil }
        let number = incomingDescriptors.removeFirst()
        return number < 0 ? nil : number
    }

    /// Reads everything that the peer has sent so far.
    func drain() {
        while !isAtEnd {
            let before = incoming.count
            guard (try? fill()) != nil, incoming.count > before else { return }
        }
    }

    /// Whether a complete frame is in the buffer.
    var hasFrame: Bool {
        nextFrame != nil
    }

    /// Whether the content of the buffer is not, and will not become, a frame.
    var isBroken: Bool {
        let bytes = incoming.readable
        return bytes.count >= PoolFrame.byteCount && !PoolFrame.isSound(bytes, at: 0)
    }

    /// The header of the complete frame in the buffer.
    var nextFrame: PoolFrame? {
        PoolFrame(in: incoming.readable, at: 0)
    }

    /// Passes the next complete frame with its payload to `body` and removes it; nil if there is none.
    ///
    /// The payload is valid only there.
    func takeFrame<Result>(_ body: (PoolFrame, UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        let bytes = incoming.readable
        guard let frame = PoolFrame(in: bytes, at: 0) else { return nil }
        defer { incoming.consume(frame.totalBytes) }
        return try body(frame, UnsafeRawBufferPointer(rebasing: bytes[PoolFrame.byteCount..<frame.totalBytes]))
    }

    /// Passes all complete frames to `body`, each with the bytes of header and payload, and removes them.
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

    /// Appends frames that arrived in another way, after everything that has been read.
    func take(frames bytes: UnsafeRawBufferPointer) {
        incoming.append(bytes: bytes)
    }

    /// Drops an incomplete frame, since the rest will never arrive.
    func dropPartialFrame() {
        guard !hasFrame else { return }
        incoming.removeAll()
    }

    // MARK: The end

    /// Tells the other end that nothing more will be sent.
    ///
    /// Copies of the socket in other processes do not matter.
    func endSending() {
        end(Int32(SHUT_WR))
    }

    /// Makes every later write of the other end fail.
    func endReceiving() {
        end(Int32(SHUT_RD))
    }

    private func end(_ direction: Int32) {
        guard number >= 0, shutdown(number, direction) != 0 else { return }
        // A sandbox refuses it. Closing has the same effect, in both directions, if no other process has a copy; the
        // caller waits for nothing more.
        descriptor = nil
        isAtEnd = true
        outgoing.removeAll()
    }
}
