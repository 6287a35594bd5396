import Glibc
import Synchronization
import SystemPackage

/// Results that a worker has finished and not yet sent, in memory shared with the pool manager.
///
/// Results of short tasks are sent many at a time. If they were collected in the worker's own memory, results before a
/// long task would have to wait for it, and would be lost if the worker dies. So they are collected here, where the
/// pool manager can fetch them at any time.
///
/// One word holds the number of complete bytes, and who is using them: the worker while it sends them, or the pool
/// manager while it copies them. Neither holds up the other for longer than that takes.
struct Outbox {
    private static let isSending: UInt32 = 1 << 31
    private static let isBeingFetched: UInt32 = 1 << 30

    private let state: UnsafeMutablePointer<Atomic<UInt32>>
    private let patience: UnsafeMutablePointer<Atomic<UInt32>>
    private let bytes: UnsafeMutableRawBufferPointer

    init(at base: UnsafeMutableRawPointer, byteCount: Int) {
        state = base.assumingMemoryBound(to: Atomic<UInt32>.self)
        patience = (base + 4).assumingMemoryBound(to: Atomic<UInt32>.self)
        bytes = UnsafeMutableRawBufferPointer(start: base + 8, count: byteCount - 8)
    }

    // MARK: The worker's side

    /// Whether no results are waiting.
    var isEmpty: Bool {
        state.pointee.load(ordering: .relaxed) == 0
    }

    /// Adds a result; false if there is no room for it.
    func append(_ result: UnsafeRawBufferPointer) -> Bool {
        while true {
            let old = unlocked()
            let start = Int(old)
            guard result.count <= bytes.count - start else { return false }
            UnsafeMutableRawBufferPointer(rebasing: bytes[start...]).copyMemory(from: result)
            // The pool manager may have fetched the others meanwhile: then this one goes to the beginning.
            if exchange(old, old + UInt32(result.count)) { return true }
        }
    }

    /// Sends everything over the channel, which blocks.
    func send(over channel: FrameChannel) throws(Errno) {
        while true {
            let old = unlocked()
            if old == 0 { return }
            guard exchange(old, old | Outbox.isSending) else { continue }
            // They stay here until they are all sent: if the worker dies meanwhile, the pool manager finds them.
            try channel.sendAll(UnsafeRawBufferPointer(rebasing: bytes[..<Int(old)]))
            state.pointee.store(0, ordering: .releasing)
            return
        }
    }

    /// The number of bytes, once the pool manager is not using them.
    private func unlocked() -> UInt32 {
        while true {
            let old = state.pointee.load(ordering: .acquiring)
            if old & Outbox.isBeingFetched == 0 { return old }
            sched_yield()
        }
    }

    /// How long a result may wait here while further tasks begin.
    var patienceNanoseconds: UInt64 {
        UInt64(patience.pointee.load(ordering: .relaxed))
    }

    // MARK: The pool manager's side

    /// Clears it for a new worker, before that is forked.
    func reset() {
        state.pointee.store(0, ordering: .releasing)
    }

    /// Sets how long a result may wait here, less than 4 seconds.
    func allowWaiting(nanoseconds: UInt64) {
        patience.pointee.store(UInt32(nanoseconds), ordering: .relaxed)
    }

    /// Adds the waiting results to those that have arrived over the channel.
    func fetch(into channel: FrameChannel) {
        let old = state.pointee.load(ordering: .acquiring)
        guard old != 0, old & Outbox.isSending == 0, exchange(old, old | Outbox.isBeingFetched) else { return }
        // The worker sends nothing while this is locked, so everything it has sent before is now in the channel.
        channel.drain()
        channel.take(frames: UnsafeRawBufferPointer(rebasing: bytes[..<Int(old)]))
        state.pointee.store(0, ordering: .releasing)
    }

    /// Adds what a dead worker has left to what has arrived over the channel.
    ///
    /// If it died while sending, some of the frames have already arrived.
    func fetchRemains(into channel: FrameChannel) {
        let count = Int(state.pointee.load(ordering: .acquiring) & ~(Outbox.isSending | Outbox.isBeingFetched))
        channel.take(frames: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }

    private func exchange(_ old: UInt32, _ new: UInt32) -> Bool {
        state.pointee.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing).exchanged
    }
}
