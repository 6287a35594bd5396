import CMultiprocessing
import Synchronization

extension ValueRing {
    /// Puts records into the ring, as many at a time as there is room for.
    ///
    /// Returns how many it has put before the deadline. A deadline is only used with a single record, so otherwise it puts all. No record may be larger than the ring.
    /// Blocks until other producers are done and until there is room.
    func put(
        _ records: UnsafeRawBufferPointer, count: Int, until deadline: Deadline
    ) throws(MultiprocessingError) -> Int {
        guard let acquisition = try lock(control.putLock, until: deadline) else { return 0 }
        defer { control.putLock.unlock() }
        if acquisition == .recovered {
            // Anything else that a killed producer may have left unfinished has no effect.
            _ = control.wait.pointee.compareExchange(
                expected: RingControl.Wait.lent, desired: RingControl.Wait.lets, ordering: .relaxed)
        }
        if mayTurn(before: UInt64(records.count)), control.head.offset == control.tail.position.offset {
            turnToStart()
        }
        var (rest, left) = (records, count)
        while left > 0 {
            guard waitForRoom(RecordHeader(rest).recordBytes, until: deadline) else { break }
            let (byteCount, values) = fitting(rest, left)
            try write(UnsafeRawBufferPointer(rebasing: rest.prefix(byteCount)))
            control.tail.advance(bytes: UInt64(byteCount), values: UInt64(values))
            wakeConsumer()
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(byteCount))
            left -= values
        }
        return count - left
    }

    /// Whether the ring holds as many values as it may.
    var isFull: Bool {
        limit != .max && count >= limit
    }

    @inline(__always)
    private func wakeConsumer() {
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if control.consumerSleeps.isSleepAnnounced {
            control.consumerSleeps.wakeAnnounced(1)
        }
    }

    /// Waits until there is room for a record; false on a timeout.
    @inline(__always)
    private func waitForRoom(_ byteCount: UInt64, until deadline: Deadline) -> Bool {
        hasSeenRoom(byteCount) || looksForRoom(byteCount) || sleepsUntilRoom(byteCount, deadline)
    }

    /// Whether there was already room when the other side was last seen; it can only have made more since.
    @inline(__always)
    private func hasSeenRoom(_ byteCount: UInt64) -> Bool {
        let (offset, count) = control.tail.position
        return offset &+ byteCount &- control.seenFreed.pointee <= capacity
            && count &- control.seenTaken.pointee < limit
    }

    private func looksForRoom(_ byteCount: UInt64) -> Bool {
        control.seenFreed.pointee = control.freed.pointee.load(ordering: .acquiring)
        control.seenTaken.pointee = control.head.count
        return hasSeenRoom(byteCount)
    }

    private func sleepsUntilRoom(_ byteCount: UInt64, _ deadline: Deadline) -> Bool {
        if deadline.hasPassed {
            return false
        }
        for _ in 0..<ValueRing.looksBeforeSleep {
            mp_pause()
            if looksForRoom(byteCount) { return true }
        }
        while true {
            control.producerSleeps.announceSleep()
            if looksForRoom(byteCount) || deadline.hasPassed { break }
            control.producerSleeps.sleep(while: 1, until: deadline)
        }
        control.producerSleeps.cancelSleep()
        return looksForRoom(byteCount)
    }

    /// How many of the records fit into the room that was last seen, at least one, and their size in bytes.
    private func fitting(_ records: UnsafeRawBufferPointer, _ count: Int) -> (byteCount: Int, values: Int) {
        let (offset, taken) = control.tail.position
        let room = Int(capacity - (offset &- control.seenFreed.pointee))
        let values = min(UInt64(count), limit - (taken &- control.seenTaken.pointee))
        if records.count <= room && values == count {
            return (records.count, count)
        }
        var (byteCount, fitting) = (0, 0)
        while fitting < values {
            let header = RecordHeader(UnsafeRawBufferPointer(rebasing: records.dropFirst(byteCount)))
            guard byteCount + Int(header.recordBytes) <= room else { break }
            byteCount += Int(header.recordBytes)
            fitting += 1
        }
        return (byteCount, fitting)
    }

    /// Copies records behind the tail, where no process reads them yet.
    private func write(_ records: UnsafeRawBufferPointer) throws(MultiprocessingError) {
        let (first, second) = memory(from: control.tail.position.offset, byteCount: UInt64(records.count))
        if records.count >= ValueRing.populatedBytes, isBeyondKept(first) {
            try RingMemory.populate(first)
            try RingMemory.populate(second)
        }
        first.copyMemory(from: UnsafeRawBufferPointer(rebasing: records.prefix(first.count)))
        if !second.isEmpty {
            second.copyMemory(from: UnsafeRawBufferPointer(rebasing: records.dropFirst(first.count)))
        }
    }

    private func isBeyondKept(_ memory: UnsafeMutableRawBufferPointer) -> Bool {
        memory.baseAddress.map { $0 + memory.count > start + Int(ValueRing.keptBytes) } ?? false
    }

    /// From this size on, allocating all pages at once pays off.
    private static let populatedBytes = 1 << 15
}

/// The eight bytes before a value.
struct RecordHeader {
    /// The size of the encoded value in bytes.
    let valueBytes: UInt64

    init(_ bytes: UnsafeRawBufferPointer) {
        valueBytes = bytes.loadUnaligned(as: UInt64.self)
    }

    /// The size of the whole record, a multiple of eight.
    var recordBytes: UInt64 {
        ValueRing.recordBytes(forValueOf: valueBytes)
    }
}
