import CMultiprocessing
import Synchronization

/// A value's bytes in the ring, and the offset after them.
struct RingRecord {
    let first: UnsafeMutableRawBufferPointer
    /// The rest, if the value wraps around to the ring's start.
    let second: UnsafeMutableRawBufferPointer
    let end: UInt64
}

extension ValueRing {
    /// Waits for a record and keeps the consumers' lock; on a timeout returns nil and holds no lock.
    ///
    /// The caller copies or decodes the record, calls `consume(_:)`, and finally `endGet()`. Blocks until other
    /// consumers are done and until a value is put.
    @inline(__always)
    func beginGet(until deadline: Deadline) throws(MultiprocessingError) -> RingRecord? {
        guard let acquisition = try lock(control.getLock, until: deadline) else { return nil }
        if acquisition == .recovered {
            endWait()
            dropClaimed()
        }
        do throws(MultiprocessingError) {
            if hasRecord || waitsForRecord(deadline), let record = try nextRecord() {
                return record
            }
        } catch {
            control.getLock.unlock()
            throw error
        }
        control.getLock.unlock()
        return nil
    }

    /// The record at the head; nil when the ring is empty.
    @inline(__always)
    func nextRecord() throws(MultiprocessingError) -> RingRecord? {
        guard hasRecord else { return nil }
        let offset = control.head.position.offset
        let available = control.seenTail.pointee &- offset
        let header = RecordHeader(UnsafeRawBufferPointer(memory(from: offset, byteCount: ValueRing.headerBytes).0))
        guard header.valueBytes <= available - ValueRing.headerBytes else {
            throw MultiprocessingError(.invalidState, "the memory of the queue was overwritten")
        }
        let (first, second) = memory(from: offset &+ ValueRing.headerBytes, byteCount: header.valueBytes)
        return RingRecord(first: first, second: second, end: offset &+ header.recordBytes)
    }

    /// Takes the record off the ring: no other consumer gets it.
    @inline(__always)
    func consume(_ record: RingRecord) {
        let offset = control.head.position.offset
        control.head.advance(bytes: record.end &- offset, values: 1)
    }

    /// Gives memory back, wakes a producer that waits for it, and releases the lock for the next consumer.
    @inline(__always)
    func endGet() {
        giveBack()
        atomicMemoryFence(ordering: .sequentiallyConsistent)
        if control.producerSleeps.isSleepAnnounced {
            giveBackPages()
            control.producerSleeps.wakeAnnounced(1)
        }
        control.getLock.unlock()
    }

    /// Records that the record is about to be decoded in place; nil that this was abandoned.
    func claim(_ record: RingRecord?) {
        control.claim.pointee.store(record?.end ?? control.head.position.offset, ordering: .releasing)
    }

    /// Drops the record that the dead holder of the lock was decoding.
    private func dropClaimed() {
        let claim = control.claim.pointee.load(ordering: .acquiring)
        if let record = try? nextRecord(), record.end == claim {
            consume(record)
        }
    }

    @inline(__always)
    private var hasRecord: Bool {
        let offset = control.head.position.offset
        if control.seenTail.pointee != offset { return true }
        control.seenTail.pointee = control.tail.offset
        return control.seenTail.pointee != offset
    }

    private func waitsForRecord(_ deadline: Deadline) -> Bool {
        if deadline.hasPassed {
            return false
        }
        control.wait.pointee.store(RingControl.Wait.lets, ordering: .releasing)
        defer { endWait() }
        for _ in 0..<ValueRing.looksBeforeSleep {
            mp_pause()
            if hasRecord { return true }
        }
        while true {
            control.consumerSleeps.announceSleep()
            if hasRecord || deadline.hasPassed { break }
            control.consumerSleeps.sleep(while: 1, until: deadline)
        }
        control.consumerSleeps.cancelSleep()
        return hasRecord
    }

    /// Takes back what a waiting consumer lets producers use.
    private func endWait() {
        while true {
            let (ended, seen) = control.wait.pointee.compareExchange(
                expected: RingControl.Wait.lets, desired: RingControl.Wait.none, ordering: .acquiring)
            if ended || seen == RingControl.Wait.none { return }
            // A producer will soon give it back. If it was killed, its lock can be taken, or the next producer has
            // corrected this. Do not wait longer for the lock, as its holder may be waiting for a consumer.
            if (try? control.putLock.lock(until: Deadline(after: .milliseconds(1)))) != nil {
                control.wait.pointee.store(RingControl.Wait.none, ordering: .relaxed)
                control.putLock.unlock()
                return
            }
        }
    }
}

// MARK: - Giving memory back

extension ValueRing {
    /// The first part of the ring, which keeps its memory while the ring is in use.
    static let keptBytes: UInt64 = 1 << 20

    /// Gives memory of taken records back, unless it is too little to be worth a system call.
    @inline(__always)
    private func giveBack() {
        let head = control.head.position.offset
        let taken = head &- control.freed.pointee.load(ordering: .relaxed)
        let place = place(of: head)
        if (place <= ValueRing.keptBytes && taken <= place) || capacity < ValueRing.leastGivenBack {
            // It is in the part that keeps its memory, so updating the offset is enough.
            control.freed.pointee.store(head, ordering: .releasing)
        } else if taken >= min(1 << 20, capacity / 4) || !hasRecord {
            giveBackPages()
        }
    }

    /// Gives the pages back before publishing it: from then on they belong to the producers.
    ///
    /// The page that contains the head is left for the next time; otherwise only partial pages would be given back.
    private func giveBackPages() {
        let head = control.head.position.offset
        let place = place(of: head)
        let end = place <= ValueRing.keptBytes ? head : head &- place % UInt64(RingMemory.pageBytes)
        let freed = control.freed.pointee.load(ordering: .relaxed)
        // Negative if `freed` is in the same page.
        guard Int64(bitPattern: end &- freed) > 0 else { return }
        let (first, second) = memory(from: freed, byteCount: end &- freed)
        giveBack(first)
        giveBack(second)
        control.freed.pointee.store(end, ordering: .releasing)
    }

    /// Turns an empty ring so that the next value is placed at its start; called by a producer that has found it empty
    /// and far from its start.
    ///
    /// The consumers' part must not be in use meanwhile: either their lock is free, or its holder waits.
    func turnToStart() {
        let (lent, _) = control.wait.pointee.compareExchange(
            expected: RingControl.Wait.lets, desired: RingControl.Wait.lent, ordering: .acquiring)
        if lent {
            turn()
            control.wait.pointee.store(RingControl.Wait.lets, ordering: .releasing)
        } else if (try? control.getLock.lock(until: Deadline(after: .zero))) != nil {
            turn()
            control.getLock.unlock()
        }
    }

    private func turn() {
        let head = control.head.position.offset
        // The rest of the last page is empty too.
        let freed = control.freed.pointee.load(ordering: .relaxed)
        let rest = (UInt64(RingMemory.pageBytes) &- place(of: head)) % UInt64(RingMemory.pageBytes)
        giveBack(memory(from: freed, byteCount: head &- freed &+ rest).0)
        control.freed.pointee.store(head, ordering: .releasing)
        control.turn.pointee.store(0 &- head, ordering: .relaxed)
    }

    /// Whether to check if the ring can be turned: once per page past the part that keeps its memory.
    @inline(__always)
    func mayTurn(before byteCount: UInt64) -> Bool {
        let place = place(of: control.tail.position.offset)
        return place > ValueRing.keptBytes && place % UInt64(RingMemory.pageBytes) < byteCount
            && capacity >= ValueRing.leastGivenBack
    }

    /// Gives a part of the ring back, except what is in the part that keeps its memory.
    private func giveBack(_ piece: UnsafeMutableRawBufferPointer) {
        guard let address = piece.baseAddress else { return }
        let kept = max(0, start + Int(ValueRing.keptBytes) - address)
        RingMemory.giveBack(UnsafeMutableRawBufferPointer(rebasing: piece.dropFirst(kept)))
    }
}
