import CMultiprocessing
import Glibc
import Synchronization

// The memory behind queues: a ring of records in a nameless file, which every process that has the queue maps.
//
//     freed              head                           tail          freed + capacity
//       │   was taken,     │   records: each 8 bytes of   │              │
//       │   soon to be     │   length, then the value,    │     room     │
//       │   given back     │   padded to a multiple of 8  │              │
//
// Roles. One producer at a time holds `putLock`: it waits for room, copies its records behind the tail and publishes
// them by one store of the tail. One consumer at a time holds `getLock`: it waits for a record, copies it and takes it
// by one store of the head. So there is one writer and one reader at a time, which need no lock against each other. A
// value is encoded before `putLock` is taken, and decoded after `getLock` is released: the locks are held only for a
// copy of memory. There is no background thread and no pipe: when `put` returns, the value is in the queue's memory,
// and stays there when its producer ends.
//
// Why a kill does no harm. Both locks are robust: the kernel takes them from a dead holder, and the next one continues.
// If a producer is killed before its store of the tail, it has written bytes that are never read, and the next producer
// overwrites them; after the store the values are in the queue. If a consumer is killed before its store of the head,
// it has taken nothing; after it, the value was its own and is lost with it. Offset and count change in the same store,
// see `RingCursor`. The other words are hints that are always valid, if not always the newest: what one side has last
// seen of the other, and how much was given back. The claim is the exception. A very large value is decoded in place,
// with the lock held, and that runs code of the caller's. If it crashes there, the same value must not crash every
// consumer in turn: so its end is recorded beforehand, and the process that gets the lock from the dead consumer drops
// the value.
//
// Sleeping and waking. Only the holder of `getLock` sleeps until there is a record, and only the holder of `putLock`
// until there is room. All others wait for the lock and are woken one at a time. The holder announces that it will
// sleep and then checks again; the other side stores its offset and then checks for an announcement. With a full fence
// in between, on both sides, at least one of them sees the other: no wake-up is missed, and while no process sleeps
// there is no system call. If a wake-up is lost because its sender was killed, `SharedWord` makes up for it by never
// sleeping long.
//
// Memory. The ring reserves as much address space as the machine has memory, so a queue without a maximum size is
// limited only by memory; a page takes memory from its first use. Consumers give pages back to the kernel, a MiB at a
// time or when the queue becomes empty, and only then may a producer write there again (`freed`). A queue that is
// emptied as fast as it is filled stays in the first pages of its ring, which are in the processor's caches: a producer
// that finds it empty past them turns the ring, so that the current offset of both sides maps to the ring's start.
// Since the ring is empty then, this too is a single store (`turn`). No consumer may be active meanwhile: either the
// producer gets `getLock`, or the lock's holder is waiting and has declared that a producer may do this (`wait`).

/// A queue of byte strings shared by processes; `ElementRing` turns them into values.
final class ValueRing: @unchecked Sendable {
    /// The control page, and then the ring.
    let mapping: SharedMapping
    let control: RingControl
    /// The ring's size in bytes, a power of two.
    let capacity: UInt64
    /// The maximum number of values; `UInt64.max` if only memory limits it.
    let limit: UInt64

    let start: UnsafeMutableRawPointer

    /// How often a waiting process checks before it sleeps: sleeping and waking take as long as some ten puts.
    ///
    /// With a single processor nothing can change while it checks.
    static let looksBeforeSleep = processCPUCount() > 1 ? 300 : 0

    /// Makes an empty ring.
    ///
    /// - Parameters:
    ///   - maxSize: the maximum number of values; nil if only memory limits it.
    ///   - capacity: its size in bytes, rounded to a power of two; nil for a size that suits the machine.
    init(maxSize: Int?, capacity: Int? = nil) throws(MultiprocessingError) {
        guard maxSize ?? 1 > 0 else {
            throw MultiprocessingError(.invalidState, "maxSize must be at least 1 (got \(maxSize ?? 0))")
        }
        let (mapping, capacity) = try RingMemory.reserve(capacity, besides: RingControl.byteCount)
        self.mapping = mapping
        self.capacity = UInt64(capacity)
        limit = maxSize.map { UInt64($0) } ?? .max
        control = try RingControl(makingAt: mapping.base, capacity: self.capacity, limit: limit)
        start = mapping.base + RingControl.byteCount
    }

    /// Finds the ring that another process has made in this memory.
    init(in mapping: SharedMapping) throws(MultiprocessingError) {
        guard mapping.byteCount > RingControl.byteCount, let control = RingControl(findingAt: mapping.base),
            control.capacity == mapping.byteCount - RingControl.byteCount, control.capacity.nonzeroBitCount == 1
        else {
            throw MultiprocessingError(.decodingFailed, "the message's shared memory is not a queue")
        }
        RingMemory.keepOutOfCoreFiles(mapping)
        self.mapping = mapping
        self.control = control
        (capacity, limit) = (control.capacity, control.limit)
        start = mapping.base + RingControl.byteCount
    }

    /// How many values are in the ring.
    ///
    /// Does not block. The number may already have changed.
    var count: Int {
        // In this order the difference is never negative.
        let taken = control.head.count
        return Int(clamping: control.tail.count &- taken)
    }

    /// The place of an offset in the ring, for a holder of one of the locks.
    @inline(__always)
    func place(of offset: UInt64) -> UInt64 {
        (offset &+ control.turn.pointee.load(ordering: .relaxed)) & (capacity - 1)
    }

    /// The memory between two offsets: one piece, and a second if it wraps around to the ring's start.
    @inline(__always)
    func memory(
        from offset: UInt64, byteCount: UInt64
    ) -> (UnsafeMutableRawBufferPointer, UnsafeMutableRawBufferPointer) {
        let place = place(of: offset)
        let first = min(byteCount, capacity - place)
        return (
            UnsafeMutableRawBufferPointer(start: start + Int(place), count: Int(first)),
            UnsafeMutableRawBufferPointer(start: start, count: Int(byteCount - first))
        )
    }

    /// The largest record that can be put.
    ///
    /// Memory is given back in whole pages, so an empty ring may have up to a page less than its capacity.
    var largestRecord: UInt64 {
        capacity < ValueRing.leastGivenBack ? capacity : capacity - UInt64(RingMemory.pageBytes)
    }

    /// A smaller ring keeps all its memory.
    static let leastGivenBack: UInt64 = 1 << 22

    /// The size of a value's record with its length and padding.
    static func recordBytes(forValueOf byteCount: UInt64) -> UInt64 {
        (byteCount + 7) & ~7 + headerBytes
    }

    static let headerBytes: UInt64 = 8

    /// Locks one side; false on a timeout.
    ///
    /// Even with a timeout of zero it waits a little: a process in the middle of a copy will soon be done, and failing
    /// at once would call a queue with values empty, or one with room full.
    @inline(__always)
    func lock(_ lock: RobustMutex, until deadline: Deadline) throws(MultiprocessingError) -> RobustMutex.Acquisition? {
        try lock.lock(until: deadline.hasPassed ? Deadline(after: .milliseconds(20)) : deadline)
    }
}
