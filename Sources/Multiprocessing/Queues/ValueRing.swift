import CMultiprocessing
import Glibc
import Synchronization

// The memory that queues are made of: a ring of records in a nameless file, which every process that has the queue maps.
//
//     freed              head                           tail          freed + capacity
//       │   was taken,     │   records: each 8 bytes of   │              │
//       │   soon to be     │   length, then the value,    │     room     │
//       │   given back     │   padded to a multiple of 8  │              │
//
// Who does what. One producer at a time holds `putLock`: it waits for room, copies its records behind the tail and
// publishes them by one store of the tail. One consumer at a time holds `getLock`: it waits for a record, copies it and
// takes it by one store of the head. So between the two locks there is one writer and one reader, who need no lock
// against each other. A value is turned into bytes before `putLock` is taken, and turned back after `getLock` was
// released: the locks are held for a copy of memory. There is no thread in the background and no pipe: when `put`
// returns, the value is in the queue's memory, and stays there when its producer ends.
//
// Why a kill does no harm. Both locks are robust: the kernel takes them from a dead holder, and the next one goes on. A
// producer that is killed before its store of the tail has written bytes that nobody looks at, and the next producer
// writes over them; after the store the values are in the queue. A consumer that is killed before its store of the head
// has taken nothing; after it the value was its own, and is gone with it. Offset and count change in the same store, see
// `RingCursor`. The other words are hints that are right at any time, if not always the newest: what one side has last
// seen of the other, how much was given back. Only the claim is more. A very large value is decoded where it lies, with
// the lock held, and that runs code of the caller's. Should it crash there, the same value must not bring down every
// consumer in turn: so its end is noted beforehand, and whoever gets the lock from the dead consumer drops the value.
//
// Who sleeps and who wakes. The holder of `getLock` alone sleeps until there is a record, the holder of `putLock` alone
// until there is room. All others wait for the lock and are woken one at a time. The holder announces that it will
// sleep and then looks again; the other side stores its offset and then looks for an announcement. With a full fence
// between the two, on both sides, one of them sees the other: no wake-up is missed, and while nobody sleeps there is no
// system call. A wake-up that dies with its sender is made up for by `SharedWord`, which never sleeps long.
//
// Where the memory goes. The ring reserves as much address space as the machine has memory, so that a queue without a
// maximum size is limited by memory alone; a page takes memory from its first use. Consumers give pages back to the
// kernel, a MiB at a time or when the queue gets empty, and only then may a producer write there again (`freed`). A queue
// that is emptied as fast as it is filled stays in the first pages of its ring, where the processor's caches have them:
// a producer that finds it empty further on turns the ring, so that the offset where both sides stand comes to lie at
// its start. As nothing is in the ring then, this too is a single store (`turn`). No consumer may be at work meanwhile:
// either the producer gets `getLock`, or its holder is waiting and has said that it lets a producer do this (`wait`).

/// A queue of byte strings which processes share; `ElementRing` makes values of them.
final class ValueRing: @unchecked Sendable {
    /// The control page, and then the ring.
    let mapping: SharedMapping
    let control: RingControl
    /// The ring's size in bytes, a power of two.
    let capacity: UInt64
    /// The most values that it may hold; `UInt64.max` for as many as there is memory for.
    let limit: UInt64

    let start: UnsafeMutableRawPointer

    /// A waiting process looks so often before it sleeps: sleeping and waking take as long as some ten puts.
    ///
    /// With a single processor nothing can change while it looks.
    static let looksBeforeSleep = processCPUCount() > 1 ? 300 : 0

    /// Makes an empty ring.
    ///
    /// - Parameters:
    ///   - maxSize: the most values that it holds; nil for as many as there is memory for.
    ///   - capacity: its size in bytes, which is made a power of two; nil for what suits the machine.
    init(maxSize: Int?, capacity: Int? = nil) throws(MultiprocessingError) {
        guard maxSize ?? 1 > 0 else {
            throw MultiprocessingError(.invalidState, "a queue of at most \(maxSize ?? 0) values is impossible")
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
            throw MultiprocessingError(.decodingFailed, "the shared memory in a message is not that of a queue")
        }
        RingMemory.keepOutOfCoreFiles(mapping)
        self.mapping = mapping
        self.control = control
        (capacity, limit) = (control.capacity, control.limit)
        start = mapping.base + RingControl.byteCount
    }

    /// How many values are in the ring.
    ///
    /// Does not block. It may be different by the time that the caller looks at it.
    var count: Int {
        // In this order the difference is never negative.
        let taken = control.head.count
        return Int(clamping: control.tail.count &- taken)
    }

    /// Where an offset lies in the ring, for a holder of one of the locks.
    @inline(__always)
    func place(of offset: UInt64) -> UInt64 {
        (offset &+ control.turn.pointee.load(ordering: .relaxed)) & (capacity - 1)
    }

    /// The memory between two offsets: one piece, and another where it goes on at the ring's start.
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
    /// Memory is given back by whole pages, so that a page less than all may be free in an empty ring.
    var largestRecord: UInt64 {
        capacity < ValueRing.leastGivenBack ? capacity : capacity - UInt64(RingMemory.pageBytes)
    }

    /// A smaller ring keeps all its memory.
    static let leastGivenBack: UInt64 = 1 << 22

    /// How much a record of a value takes with its length and padding.
    static func recordBytes(forValueOf byteCount: UInt64) -> UInt64 {
        (byteCount + 7) & ~7 + headerBytes
    }

    static let headerBytes: UInt64 = 8

    /// Locks one side; false when the time is over first.
    ///
    /// With no time at all it still waits a little: a process that is in the middle of a copy will soon be ready, and
    /// to fail for that would be to call a queue with values empty, or one with room full.
    @inline(__always)
    func lock(_ lock: RobustMutex, until deadline: Deadline) throws(MultiprocessingError) -> RobustMutex.Acquisition? {
        try lock.lock(until: deadline.hasPassed ? Deadline(after: .milliseconds(20)) : deadline)
    }
}
