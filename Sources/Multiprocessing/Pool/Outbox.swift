import Glibc
import Synchronization
import SystemPackage

/// Results that a worker has finished and not yet sent, in memory that the pool manager sees too.
///
/// Results of short tasks are sent many at a time. Were they collected in the worker's own memory, those in front of a
/// task that turns out to be long would wait for it, and a worker that dies would take them along. So they are
/// collected here, where the pool manager can fetch them at any time.
///
/// One word says how many bytes are complete, and who is at them: the worker while it sends them, the pool manager
/// while it copies them. Neither holds up the other for longer than that takes.
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

    /// Whether nothing waits here.
    var isEmpty: Bool {
        state.pointee.load(ordering: .relaxed) == 0
    }

    /// Adds a result; false when there is no room for it.
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

    /// Sends all over the channel, which blocks.
    func send(over channel: FrameChannel) throws(Errno) {
        while true {
            let old = unlocked()
            if old == 0 { return }
            guard exchange(old, old | Outbox.isSending) else { continue }
            // They stay here until they are all sent: who dies meanwhile leaves them to the pool manager.
            try channel.sendAll(UnsafeRawBufferPointer(rebasing: bytes[..<Int(old)]))
            state.pointee.store(0, ordering: .releasing)
            return
        }
    }

    /// The count, once the pool manager is not at the bytes.
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

    /// For a worker that is yet to be forked.
    func reset() {
        state.pointee.store(0, ordering: .releasing)
    }

    /// Says how long a result may wait here, less than 4 seconds.
    func allowWaiting(nanoseconds: UInt64) {
        patience.pointee.store(UInt32(nanoseconds), ordering: .relaxed)
    }

    /// Adds what waits here to what has come over the channel.
    func fetch(into channel: FrameChannel) {
        let old = state.pointee.load(ordering: .acquiring)
        guard old != 0, old & Outbox.isSending == 0, exchange(old, old | Outbox.isBeingFetched) else { return }
        // The worker sends nothing while this is locked, so what it has sent before is all in the channel now.
        channel.drain()
        channel.take(frames: UnsafeRawBufferPointer(rebasing: bytes[..<Int(old)]))
        state.pointee.store(0, ordering: .releasing)
    }

    /// Adds what a dead worker has left to what has come over the channel.
    ///
    /// If it died while it sent, some of the frames have come already.
    func fetchRemains(into channel: FrameChannel) {
        let count = Int(state.pointee.load(ordering: .acquiring) & ~(Outbox.isSending | Outbox.isBeingFetched))
        channel.take(frames: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    }

    private func exchange(_ old: UInt32, _ new: UInt32) -> Bool {
        state.pointee.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing).exchanged
    }
}
