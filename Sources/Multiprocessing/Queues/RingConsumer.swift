import CMultiprocessing
import Synchronization

/// A value's bytes where they lie in the ring, and the offset behind them.
struct RingRecord {
    let first: UnsafeMutableRawBufferPointer
    /// The rest, if the value goes on at the ring's start.
    let second: UnsafeMutableRawBufferPointer
    let end: UInt64
}

extension ValueRing {
    /// Waits for a record and keeps the consumers' lock; nil, without the lock, when the time is over first.
    ///
    /// The caller copies or decodes the record, calls `consume(_:)`, and at last `endGet()`. Blocks until other
    /// consumers are ready and until a value is put.
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
            throw MultiprocessingError(.invalidState, "something has written over the memory of the queue")
        }
        let (first, second) = memory(from: offset &+ ValueRing.headerBytes, byteCount: header.valueBytes)
        return RingRecord(first: first, second: second, end: offset &+ header.recordBytes)
    }

    /// Takes the record off the ring: from now on nobody else gets it.
    @inline(__always)
    func consume(_ record: RingRecord) {
        let offset = control.head.position.offset
        control.head.advance(bytes: record.end &- offset, values: 1)
    }

    /// Gives memory back, wakes a producer that waits for it, and lets the next consumer in.
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

    /// Notes that the record is going to be decoded where it lies; nil that this has come to nothing.
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
            // A producer will soon give it back, or was killed; then its lock can be had, or the next one's producer has
            // put this right. It is not waited for any longer, as that one may wait for a consumer.
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
    /// Of a ring that is in use, this much from its start keeps its memory.
    static let keptBytes: UInt64 = 1 << 20

    /// Gives back what was taken, unless it is too little to be worth a system call.
    @inline(__always)
    private func giveBack() {
        let head = control.head.position.offset
        let taken = head &- control.freed.pointee.load(ordering: .relaxed)
        let place = place(of: head)
        if (place <= ValueRing.keptBytes && taken <= place) || capacity < ValueRing.leastGivenBack {
            // It lies where the memory is kept, so there is nothing to do but to say so.
            control.freed.pointee.store(head, ordering: .releasing)
        } else if taken >= min(1 << 20, capacity / 4) || !hasRecord {
            giveBackPages()
        }
    }

    /// Gives the pages back before it says so: from then on they are the producers'.
    ///
    /// The page that the head is in waits for the next time, or it would never be a whole one.
    private func giveBackPages() {
        let head = control.head.position.offset
        let place = place(of: head)
        let end = place <= ValueRing.keptBytes ? head : head &- place % UInt64(RingMemory.pageBytes)
        let freed = control.freed.pointee.load(ordering: .relaxed)
        // Less than nothing if freed lies in the same page.
        guard Int64(bitPattern: end &- freed) > 0 else { return }
        let (first, second) = memory(from: freed, byteCount: end &- freed)
        giveBack(first)
        giveBack(second)
        control.freed.pointee.store(end, ordering: .releasing)
    }

    /// Turns an empty ring so that the next value comes to lie at its start; for a producer that has found it so far
    /// on, and empty.
    ///
    /// What is the consumers' must not be in use for that: either nobody has their lock, or its holder waits.
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
        // Nothing lies in the rest of the last page either.
        let freed = control.freed.pointee.load(ordering: .relaxed)
        let rest = (UInt64(RingMemory.pageBytes) &- place(of: head)) % UInt64(RingMemory.pageBytes)
        giveBack(memory(from: freed, byteCount: head &- freed &+ rest).0)
        control.freed.pointee.store(head, ordering: .releasing)
        control.turn.pointee.store(0 &- head, ordering: .relaxed)
    }

    /// Whether it is time to see if the ring can be turned: now and then beyond the part that keeps its memory.
    @inline(__always)
    func mayTurn(before byteCount: UInt64) -> Bool {
        let place = place(of: control.tail.position.offset)
        return place > ValueRing.keptBytes && place % UInt64(RingMemory.pageBytes) < byteCount
            && capacity >= ValueRing.leastGivenBack
    }

    /// Gives a part of the ring back, but for what lies in the kept part.
    private func giveBack(_ piece: UnsafeMutableRawBufferPointer) {
        guard let address = piece.baseAddress else { return }
        let kept = max(0, start + Int(ValueRing.keptBytes) - address)
        RingMemory.giveBack(UnsafeMutableRawBufferPointer(rebasing: piece.dropFirst(kept)))
    }
}
