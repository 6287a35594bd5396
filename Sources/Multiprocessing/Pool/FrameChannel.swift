import CMultiprocessing
import Glibc
import SystemPackage

/// A socket that carries `PoolFrame`s, with a buffer on each side so that many frames share one system call.
///
/// Front and pool manager use it without blocking: they always read before they wait, so that neither can wait for the
/// other to read. Workers, the leaves, block.
///
/// A descriptor travels with a frame of its own. The kernel hands it over with the frame's first byte, and descriptors
/// in the order in which they were sent, so that the receiver's next descriptor is that of the next such frame.
final class FrameChannel {
    /// Nil once it was closed on this side.
    private var descriptor: PrivateDescriptor?
    private let blocking: Bool
    private var incoming = ByteBuffer()
    private var outgoing = ByteBuffer()
    /// Descriptors that wait to be sent, with the places of their frames in `outgoing`.
    private var outgoingDescriptors: [(offset: Int, handed: HandedDescriptor)] = []
    /// Descriptors that have come and were not taken; -1 for one that this process had no room for.
    private var incomingDescriptors: [Int32] = []
    /// Nothing will come any more: the other end is closed.
    private(set) var isAtEnd = false

    /// Takes over a connected socket.
    init(owning socket: Int32, blocking: Bool) {
        self.descriptor = PrivateDescriptor(owning: socket)
        self.blocking = blocking
    }

    /// -1 once it was closed on this side, which `poll` passes over.
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

    /// Passes a descriptor on, which is kept open until it is sent.
    func enqueue(_ handed: HandedDescriptor) {
        outgoingDescriptors.append((outgoing.count, handed))
        outgoing.append(PoolFrame(.descriptor, task: handed.key))
    }

    /// Adds the keys of what a task uses to the last frame that waits, which begins at this offset, and puts those
    /// descriptors before it that the other end does not have yet.
    ///
    /// Returns where the frame begins then.
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
            let sent = try sendNext()
            if sent == 0 { return }
            outgoing.consume(sent)
            for index in outgoingDescriptors.indices {
                outgoingDescriptors[index].offset -= sent
            }
        }
    }

    /// Sends what goes by one system call: a descriptor's frame and what follows it, up to the next such frame.
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

    /// Sends frames from elsewhere, all of them, before those in the buffer; for a channel that blocks.
    func sendAll(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
        precondition(blocking)
        var rest = bytes
        while !rest.isEmpty {
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(try send(rest)))
        }
    }

    /// 0 where the kernel takes nothing now.
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
                // As many descriptors are on their way as this user may have open. `poll` does not wait for that.
                usleep(1000)
                return 0
            default: throw error
            }
        }
    }

    // MARK: In

    /// Reads once: what is there now, or at least one byte if the channel blocks.
    ///
    /// Notes the end. Returns false where nothing is there.
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

    /// How much of a frame is yet to come whose beginning waits in the buffer, as far as is known.
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
                // One at a time is sent.
                incomingDescriptors += isCut != 0 && count == 0 ? [-1] : Array(numbers.prefix(count))
                return received
            }
        }
    }

    /// The descriptor that came with a frame which was just taken; nil where this process had no room for it.
    func takeDescriptor() -> Int32? {
        guard !incomingDescriptors.isEmpty else { return nil }
        let number = incomingDescriptors.removeFirst()
        return number < 0 ? nil : number
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
        nextFrame != nil
    }

    /// Whether what waits in the buffer is not, and will not be, a frame.
    var isBroken: Bool {
        let bytes = incoming.readable
        return bytes.count >= PoolFrame.byteCount && !PoolFrame.isSound(bytes, at: 0)
    }

    /// The header of the complete frame that waits in the buffer.
    var nextFrame: PoolFrame? {
        PoolFrame(in: incoming.readable, at: 0)
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
        end(Int32(SHUT_WR))
    }

    /// Makes every later write of the other end fail.
    func endReceiving() {
        end(Int32(SHUT_RD))
    }

    private func end(_ direction: Int32) {
        guard number >= 0, shutdown(number, direction) != 0 else { return }
        // A sandbox refuses it. To close does the same, in both directions, where no other process has a copy; who
        // calls this waits for nothing more.
        descriptor = nil
        isAtEnd = true
        outgoing.removeAll()
    }
}
