import Glibc

/// The pool manager's view of one worker: its process, its channel, and the tasks that it holds.
///
/// A worker *holds* the tasks that were sent to it and have no result yet. Their frames are kept, as the worker may die
/// or have them taken back.
final class ManagedWorker {
    /// Why the pool manager has killed a worker: to end this task.
    struct Sentence {
        let task: UInt64
        /// What is reported to the front.
        let verdict: PoolFrame.Kind
    }

    let position: Int
    var process: ProcessHandle
    let channel: FrameChannel
    let claims: TaskClaims
    let outbox: Outbox
    /// Its initializer is done.
    var isReady = false
    /// It is to be replaced, and gets no more tasks.
    var isSpent = false
    var sentence: Sentence?
    /// When it last showed progress: took its first task, or sent a result.
    var lastSign: UInt64 = 0
    /// When the pool manager should check what it does; `UInt64.max` to wait for progress.
    var lookAt = UInt64.max
    /// The events for which its channel is watched; nil if it is not.
    var watched: UInt32?
    /// Whether it is in the list of workers with unsent frames.
    var isListed = false
    /// The number of tasks given to it over its lifetime, without those taken back.
    private(set) var handedCount = 0

    /// The frames of the tasks that it holds, in the order of sending, which is also the order of results.
    private var held = ByteBuffer()
    private(set) var heldCount = 0
    /// How many units end among them.
    private(set) var heldUnits = 0
    /// The sequence number of the first of them; see `TaskClaims`.
    private(set) var firstHeld = TaskClaims.firstSequence
    /// The sequence number after the last task sent.
    private var sentEnd = TaskClaims.firstSequence
    /// The sequence number after the last task that it may begin.
    private var allowedEnd = TaskClaims.firstSequence
    /// The keys of the descriptors that it has.
    private var descriptors: Set<UInt64> = []
    /// Some of the last tasks sent were taken back.
    ///
    /// Nothing more is sent until the worker has answered the earlier ones.
    private var hasGap = false

    init(at position: Int, process: consuming ProcessHandle, channel: FrameChannel, claims: TaskClaims, outbox: Outbox)
    {
        self.position = position
        self.process = process
        self.channel = channel
        self.claims = claims
        self.outbox = outbox
    }

    /// Whether it can be given a task, with these limits on held tasks and on tasks in its lifetime.
    func canTake(holding limit: Int, lifetime maximum: Int) -> Bool {
        isReady && !isSpent && sentence == nil && heldCount < limit && handedCount < maximum
            && (heldCount == 0 || !hasGap)
    }

    // MARK: Giving

    /// Gives it a task, which it may begin after `allowGiven`, preceded by the descriptors that it does not have yet.
    func give(_ frame: UnsafeRawBufferPointer, _ available: [UInt64: HandedDescriptor]) {
        if hasGap {
            // It has answered everything before the gap, so the sequence continues after it.
            claims.allow(from: sentEnd, upTo: sentEnd)
            (firstHeld, allowedEnd, hasGap) = (sentEnd, sentEnd, false)
        }
        let header = PoolFrame(in: frame, at: 0)
        if let header, header.descriptorCount > 0 {
            hand(header.split(UnsafeRawBufferPointer(rebasing: frame[PoolFrame.byteCount...])).keys, available)
        }
        held.append(bytes: frame)
        channel.enqueue(frames: frame)
        heldUnits += header?.endsUnit == true ? 1 : 0
        heldCount += 1
        handedCount += 1
        sentEnd &+= 1
    }

    private func hand(_ keys: UnsafeRawBufferPointer, _ available: [UInt64: HandedDescriptor]) {
        for offset in stride(from: 0, to: keys.count, by: MemoryLayout<UInt64>.size) {
            let key = keys.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            // A descriptor that could not be received is missing; the task then fails when its input is decoded.
            guard !descriptors.contains(key), let handed = available[key] else { continue }
            descriptors.insert(key)
            channel.enqueue(handed)
        }
    }

    /// Tells it to close a descriptor after all tasks given so far.
    func release(_ key: UInt64) {
        if descriptors.remove(key) != nil {
            channel.enqueue(PoolFrame(.release, task: key))
        }
    }

    /// Whether it has tasks that it may not begin yet.
    var hasNewTasks: Bool {
        !hasGap && allowedEnd != sentEnd
    }

    /// Allows it to begin the given tasks; must be called before the frames are sent.
    func allowGiven() {
        guard hasNewTasks else { return }
        claims.allow(from: allowedEnd, upTo: sentEnd)
        allowedEnd = sentEnd
    }

    // MARK: What it holds

    /// The frame of the task that it will answer next; nil if it holds none.
    var nextToAnswer: PoolFrame? {
        PoolFrame(in: held.readable, at: 0)
    }

    /// Removes the first task, which has its result.
    func dropFirst(_ frame: PoolFrame) {
        held.consume(frame.totalBytes)
        heldUnits -= frame.endsUnit ? 1 : 0
        heldCount -= 1
        firstHeld &+= 1
    }

    /// Passes the frames of all tasks that it holds to `body`, each with its sequence number, until that returns false.
    func forEachHeld(_ body: (UInt32, PoolFrame, UnsafeRawBufferPointer) -> Bool) {
        let bytes = held.readable
        var (offset, sequence) = (0, firstHeld)
        while let frame = PoolFrame(in: bytes, at: offset) {
            let end = offset + frame.totalBytes
            guard body(sequence, frame, UnsafeRawBufferPointer(rebasing: bytes[offset..<end])) else { return }
            offset = end
            sequence &+= 1
        }
    }

    /// The frame of one task; nil if it does not hold that task.
    func frame(of sequence: UInt32) -> PoolFrame? {
        var found: PoolFrame?
        forEachHeld { number, frame, _ in
            if number == sequence { found = frame }
            return found == nil
        }
        return found
    }

    /// The sequence number after a task's unit.
    func endOfUnit(of sequence: UInt32) -> UInt32 {
        var end = firstHeld
        forEachHeld { number, frame, _ in
            end = number &+ 1
            return Int32(bitPattern: number &- sequence) < 0 || !frame.endsUnit
        }
        return end
    }

    // MARK: Taking back

    /// Takes back the tasks from `sequence` on that it has not begun, and returns their frames.
    func takeBack(from sequence: UInt32) -> [UInt8] {
        let first = claims.takeBack(from: sequence)
        guard first != allowedEnd else { return [] }
        var (offset, units) = (0, 0)
        forEachHeld { number, frame, _ in
            guard number != first else { return false }
            offset += frame.totalBytes
            units += frame.endsUnit ? 1 : 0
            return true
        }
        let frames = Array(held.readable[offset...])
        held.remove(offset..<held.count)
        let count = Int(allowedEnd &- first)
        heldUnits = units
        heldCount -= count
        handedCount -= count
        allowedEnd = first
        hasGap = true
        return frames
    }
}
