/// A lock with which processes wait until others have changed the protected data.
///
///     let condition = try Condition()
///
///     // One process waits …
///     try condition.withLock {
///         try condition.wait(for: { !jobs.isEmpty })
///     }
///
///     // … until another one notifies it.
///     try condition.withLock {
///         jobs.append(job)
///         try condition.notify()
///     }
///
/// **No notification is lost between the release and the sleep**: a waiter takes a seat in a `WaitingRoom` while it has
/// the lock, and only then releases it. The notifier holds the lock too, so it sees that seat. It picks those who have
/// waited longest and wakes only them.
///
/// **A killed waiter** is recognized by its seat (see `WaitingRoom`) and skipped. If a waiter is killed after it was
/// notified, but before it has the lock again, its notification would be lost: the other waiters check for that ten
/// times a second and pass it on to the longest waiting of those who were waiting when it was given. If the process
/// that passes it on is killed half way, a waiter may wake up once too often, but never once too seldom.
///
/// If a holder of the lock was killed, the next to acquire it is told so. That may be a notified waiter: `isRecovered`
/// is then true. No notification is sent in place of the dead process, so use a timeout if the only notifier may be
/// killed.
///
/// The corresponding Python API is `multiprocessing.Condition`.
public final class Condition: OwnedLock, Codable, @unchecked Sendable {
    private enum CodingKeys: CodingKey {
        case room, lock, recursiveLock
    }

    /// How many may wait at a time; seats take memory only when used.
    private static let seatCount = 4096
    /// The condition's own lock comes first.
    private static let roomOffset = LockCore.byteCount
    private static let byteCount = roomOffset + WaitingRoom.byteCount(seats: seatCount)

    /// The lock: the given one, or the condition's own `Lock`.
    public let lock: any Acquirable & Sendable

    private let mapping: SharedMapping
    private let room: WaitingRoom

    private init(lock: any Acquirable & Sendable, core: LockCore, mapping: SharedMapping, room: WaitingRoom) {
        self.lock = lock
        self.mapping = mapping
        self.room = room
        super.init(core: core)
    }

    /// Makes a condition with its own `Lock`.
    ///
    /// Throws `systemCallFailed`, for example when no descriptor is left.
    public convenience init() throws(MultiprocessingError) {
        let mapping = try SharedMapping.making(.condition, byteCount: Condition.byteCount)
        let core = try LockCore(makingIn: mapping, isRecursive: false)
        self.init(lock: Lock(core: core), core: core, mapping: mapping, room: try Condition.makeRoom(in: mapping))
    }

    /// Makes a condition with a given lock, which can also be used without it.
    ///
    /// Throws `systemCallFailed`, for example when no descriptor is left.
    public convenience init(lock: Lock) throws(MultiprocessingError) {
        let mapping = try SharedMapping.making(.condition, byteCount: Condition.byteCount)
        self.init(lock: lock, core: lock.core, mapping: mapping, room: try Condition.makeRoom(in: mapping))
    }

    /// Makes a condition with a given recursive lock, which can also be used without it.
    ///
    /// A wait releases the lock completely, however often it was acquired. Throws `systemCallFailed`, for example when
    /// no descriptor is left.
    public convenience init(lock: RLock) throws(MultiprocessingError) {
        let mapping = try SharedMapping.making(.condition, byteCount: Condition.byteCount)
        self.init(lock: lock, core: lock.core, mapping: mapping, room: try Condition.makeRoom(in: mapping))
    }

    private static func makeRoom(in mapping: SharedMapping) throws(MultiprocessingError) -> WaitingRoom {
        try WaitingRoom(makingAt: mapping.object + roomOffset, seats: seatCount)
    }

    /// Takes the condition and its lock from the message being received.
    public convenience init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let mapping = try container.decode(SharedMapping.self, forKey: .room)
            .verified([.condition], byteCount: Condition.byteCount)
        let room = WaitingRoom(at: mapping.object + Condition.roomOffset, seats: Condition.seatCount)
        if let lock = try container.decodeIfPresent(Lock.self, forKey: .lock) {
            self.init(lock: lock, core: lock.core, mapping: mapping, room: room)
        } else if let lock = try container.decodeIfPresent(RLock.self, forKey: .recursiveLock) {
            self.init(lock: lock, core: lock.core, mapping: mapping, room: room)
        } else {
            let core = LockCore(in: mapping, isRecursive: false)
            self.init(lock: Lock(core: core), core: core, mapping: mapping, room: room)
        }
    }

    /// Attaches the condition and its lock to the message being sent.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(mapping, forKey: .room)
        if let lock = lock as? RLock {
            try container.encode(lock, forKey: .recursiveLock)
        } else if let lock = lock as? Lock, core.mapping !== mapping {
            try container.encode(lock, forKey: .lock)
        }
    }

    /// Its lock, and the number of waiters: `Condition(Lock(free), 2 waiting)`.
    ///
    /// Does not block. The corresponding Python API is `repr(condition)`.
    public override var description: String {
        "Condition(\(lock), \(room.waitingCount) waiting)"
    }
}

extension Condition {
    /// Releases the lock, waits for a notification for at most `timeout`, and acquires the lock again; `nil` waits
    /// forever.
    ///
    /// Blocks until then, and until the lock is free. Returns whether it was notified. If another process was killed,
    /// there may be one notification too many, so wait in a loop, or with `wait(for:timeout:)`.
    ///
    /// Throws `invalidState` if the calling thread does not hold the lock, or if 4,096 are already waiting. The
    /// corresponding Python API is `multiprocessing.Condition.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        try core.requireHeldByCaller()
        return try wait(until: Deadline(after: timeout))
    }

    /// Waits until the predicate is true, for at most `timeout`; `nil` waits forever.
    ///
    /// Calls the predicate with the lock held, at first and after each notification. Returns its last result.
    ///
    /// Blocks until then, and until the lock is free.
    ///
    /// Throws as `wait(timeout:)` does. The corresponding Python API is `multiprocessing.Condition.wait_for`.
    @discardableResult
    public func wait(
        for predicate: () throws(MultiprocessingError) -> Bool, timeout: Duration? = nil
    ) throws(MultiprocessingError) -> Bool {
        try core.requireHeldByCaller()
        let deadline = Deadline(after: timeout)
        while try !predicate() {
            guard try wait(until: deadline) else {
                return try predicate()
            }
        }
        return true
    }

    /// Waits until the predicate is true, for at most `timeout`; `nil` waits forever.
    ///
    /// Calls the predicate with the lock held, at first and after each notification. Returns its last result.
    ///
    /// Blocks until then, and until the lock is free.
    ///
    /// Rethrows the predicate's error, with the lock held, and throws as `wait(timeout:)` does. The corresponding
    /// Python API
    /// is `multiprocessing.Condition.wait_for`.
    @discardableResult
    public func wait(for predicate: () throws -> Bool, timeout: Duration? = nil) throws -> Bool {
        try core.requireHeldByCaller()
        let deadline = Deadline(after: timeout)
        while try !predicate() {
            guard try wait(until: deadline) else {
                return try predicate()
            }
        }
        return true
    }

    private func wait(until deadline: Deadline) throws(MultiprocessingError) -> Bool {
        let seat = try room.alone { () throws(MultiprocessingError) in try takeSeat() }
        let depth = core.releaseAll()
        room.sleep(in: seat, until: deadline) {
            _ = try? room.alone(handOnFromTheDead)
        }
        // Give up the seat only after acquiring the lock: until then a kill leaves the notification for the others.
        try core.acquireAgain(depth)
        return try room.alone {
            let wasNotified = seat.state == .called
            seat.leave()
            return wasNotified
        }
    }

    private func takeSeat() throws(MultiprocessingError) -> WaitingRoom.Seat {
        if let seat = try room.takeSeat() {
            return seat
        }
        handOnFromTheDead()
        guard let seat = try room.takeSeat() else {
            throw MultiprocessingError(.invalidState, "\(Condition.seatCount) are already waiting for this condition")
        }
        return seat
    }

    /// Wakes the `count` longest waiting, or all if there are fewer.
    ///
    /// They continue once the lock is released. Does not block.
    ///
    /// Throws `invalidState` if the calling thread does not hold the lock, or the count is not positive. The
    /// corresponding Python API is `multiprocessing.Condition.notify`.
    public func notify(_ count: Int = 1) throws(MultiprocessingError) {
        try core.requireHeldByCaller()
        guard count > 0 else {
            throw MultiprocessingError(
                .invalidState, "the number of waiters to notify must be at least 1 (got \(count))")
        }
        try room.alone {
            for _ in 0..<count {
                guard let seat = longestWaiting(before: room.nextTicket) else { return }
                notify(seat, before: room.nextTicket)
            }
        }
    }

    /// Wakes all waiters.
    ///
    /// They continue, one after the other, once the lock is released. Does not block.
    ///
    /// Throws `invalidState` if the calling thread does not hold the lock. The corresponding Python API is
    /// `multiprocessing.Condition.notify_all`.
    public func notifyAll() throws(MultiprocessingError) {
        try core.requireHeldByCaller()
        try room.alone {
            for seat in room.seats where seat.state == .waiting {
                notify(seat, before: room.nextTicket)
            }
        }
    }
}

// Call all of this inside `room.alone`. A seat's note is the next ticket at the time when its waiter was notified:
// waiters with a lower ticket were waiting then, and may be notified in its place.
extension Condition {
    private func notify(_ seat: WaitingRoom.Seat, before ticket: UInt64) {
        seat.note = ticket
        seat.wake(.called)
    }

    private func longestWaiting(before ticket: UInt64) -> WaitingRoom.Seat? {
        while true {
            let waiting = room.seats.filter { $0.state == .waiting && $0.ticket < ticket }
            guard let seat = waiting.min(by: { $0.ticket < $1.ticket }) else { return nil }
            if !seat.isOfTheDead {
                return seat
            }
            seat.state = .free
        }
    }

    private func handOnFromTheDead() {
        for seat in room.seats where seat.state != .free && seat.isOfTheDead {
            // The heir first: if this process is killed in between, there is one notification too many, not one too
            // few.
            if seat.state == .called, let heir = longestWaiting(before: seat.note) {
                notify(heir, before: seat.note)
            }
            seat.state = .free
        }
    }
}
