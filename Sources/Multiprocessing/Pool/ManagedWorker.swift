import Glibc

/// What the pool manager knows of one worker: its process, its channel, and the tasks that it holds.
///
/// A worker *holds* the tasks that were sent to it and have no result yet. Their frames are kept, as the worker may die
/// or be relieved of them.
final class ManagedWorker {
    /// Why the pool manager has killed a worker: this task was to end.
    struct Sentence {
        let task: UInt64
        /// What the front is told.
        let verdict: PoolFrame.Kind
    }

    let position: Int
    var process: ProcessHandle
    let channel: FrameChannel
    let claims: TaskClaims
    let outbox: Outbox
    /// Its initializer is done.
    var isReady = false
    /// It is to be replaced, and is given nothing any more.
    var isSpent = false
    var sentence: Sentence?
    /// When it last gave a sign: took its first task, or sent a result.
    var lastSign: UInt64 = 0
    /// When the pool manager should look at what it does; `UInt64.max` for when it gives a sign.
    var lookAt = UInt64.max
    /// The events that its channel is watched for; nil where it is not.
    var watched: UInt32?
    /// It is among those that have something to be sent.
    var isListed = false
    /// How many tasks it was given in its life and not relieved of.
    private(set) var handedCount = 0

    /// The frames of the tasks that it holds, in the order in which they were sent, which is that of the results.
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
    /// Some of the tasks sent last were taken back.
    ///
    /// Nothing more is sent until the worker has answered those before them.
    private var hasGap = false

    init(at position: Int, process: consuming ProcessHandle, channel: FrameChannel, claims: TaskClaims, outbox: Outbox)
    {
        self.position = position
        self.process = process
        self.channel = channel
        self.claims = claims
        self.outbox = outbox
    }

    /// Whether it can be given a task when it may hold this many, and do as many in all its life.
    func canTake(holding limit: Int, lifetime maximum: Int) -> Bool {
        isReady && !isSpent && sentence == nil && heldCount < limit && handedCount < maximum
            && (heldCount == 0 || !hasGap)
    }

    // MARK: Giving

    /// Gives it a task, which it may begin after `allowGiven`, behind those descriptors that it has not been handed
    /// yet.
    func give(_ frame: UnsafeRawBufferPointer, _ available: [UInt64: HandedDescriptor]) {
        if hasGap {
            // It has answered all before the gap, so the sequence goes on behind it.
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
            // One that could not be received is missing; the task then fails when its input is decoded.
            guard !descriptors.contains(key), let handed = available[key] else { continue }
            descriptors.insert(key)
            channel.enqueue(handed)
        }
    }

    /// Has it close a descriptor behind all tasks that it was given.
    func release(_ key: UInt64) {
        if descriptors.remove(key) != nil {
            channel.enqueue(PoolFrame(.release, task: key))
        }
    }

    /// Whether it was given tasks that it may not begin yet.
    var hasNewTasks: Bool {
        !hasGap && allowedEnd != sentEnd
    }

    /// Lets it begin what was given; comes before the frames are sent.
    func allowGiven() {
        guard hasNewTasks else { return }
        claims.allow(from: allowedEnd, upTo: sentEnd)
        allowedEnd = sentEnd
    }

    // MARK: What it holds

    /// The task that it will answer next, as its frame has it; nil when it holds none.
    var nextToAnswer: PoolFrame? {
        PoolFrame(in: held.readable, at: 0)
    }

    /// Notes that the first task has its result.
    func dropFirst(_ frame: PoolFrame) {
        held.consume(frame.totalBytes)
        heldUnits -= frame.endsUnit ? 1 : 0
        heldCount -= 1
        firstHeld &+= 1
    }

    /// Hands the frames of all tasks that it holds to `body`, each with its sequence number, until that returns false.
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

    /// The frame of one task; nil when it does not hold that.
    func frame(of sequence: UInt32) -> PoolFrame? {
        var found: PoolFrame?
        forEachHeld { number, frame, _ in
            if number == sequence { found = frame }
            return found == nil
        }
        return found
    }

    /// The sequence number after the unit that a task belongs to.
    func endOfUnit(of sequence: UInt32) -> UInt32 {
        var end = firstHeld
        forEachHeld { number, frame, _ in
            end = number &+ 1
            return Int32(bitPattern: number &- sequence) < 0 || !frame.endsUnit
        }
        return end
    }

    // MARK: Taking back

    /// Relieves it of the tasks from `sequence` on that it has not begun, and returns their frames.
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
