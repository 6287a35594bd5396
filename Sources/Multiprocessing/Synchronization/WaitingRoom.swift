import Glibc
import Synchronization

/// The list of processes that wait for a `Condition` or a `Barrier`, each in its own seat.
///
///     0   mutex    40   next ticket    48   seats used so far    56   time of the last check    64   the seats
///
///     seat:   0   mutex      40   state      48   ticket      56   note
///
/// A waiter sleeps on its seat's state until another process wakes it. Meanwhile it holds the seat's robust mutex, so
/// the kernel itself tells whether the waiter still exists: an attempt to lock a seat's mutex fails as long as the
/// waiter lives, and succeeds once it was killed.
///
/// The room's own mutex guards everything except the sleeping. It is robust as well. Each change of a seat's state is a
/// single store, done last. So a process that gets the mutex after a kill finds seats that are free, taken by a living
/// waiter, or taken by a dead one, and nothing that needs repair first. A seat's mutex is only ever attempted with the
/// room's mutex held, and never waited for, so the two cannot deadlock.
struct WaitingRoom: @unchecked Sendable {
    enum State: UInt32 {
        case free
        case waiting
        /// The event that the waiter waits for has happened.
        case called
        /// It will not happen.
        case sentAway
    }

    private static let headBytes = 64
    private static let lookEveryNanoseconds: UInt64 = 50_000_000

    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private let mutex: RobustMutex

    static func byteCount(seats: Int) -> Int {
        headBytes + seats * Seat.byteCount
    }

    /// Makes a room in new memory.
    init(makingAt base: UnsafeMutableRawPointer, seats: Int) throws(MultiprocessingError) {
        self.base = base
        capacity = seats
        mutex = try RobustMutex(makingAt: base)
    }

    /// Finds the room that another process has made.
    init(at base: UnsafeMutableRawPointer, seats: Int) {
        self.base = base
        capacity = seats
        mutex = RobustMutex(at: base)
    }

    /// Runs the body with exclusive access to the room; everything below except `sleep` must be called from such
    /// bodies.
    func alone<Result>(
        _ body: () throws(MultiprocessingError) -> Result
    ) throws(MultiprocessingError) -> Result {
        while try mutex.lock() == nil {}
        defer { mutex.unlock() }
        return try body()
    }

    /// The ticket that the next waiter will get; waiters are in the order of their tickets.
    var nextTicket: UInt64 {
        get { base.load(fromByteOffset: RobustMutex.byteCount, as: UInt64.self) }
        nonmutating set { base.storeBytes(of: newValue, toByteOffset: RobustMutex.byteCount, as: UInt64.self) }
    }

    private var usedCount: Int {
        get { min(Int(base.load(fromByteOffset: RobustMutex.byteCount + 8, as: UInt32.self)), capacity) }
        nonmutating set {
            base.storeBytes(of: UInt32(newValue), toByteOffset: RobustMutex.byteCount + 8, as: UInt32.self)
        }
    }

    private func seatAddress(_ index: Int) -> UnsafeMutableRawPointer {
        base + WaitingRoom.headBytes + index * Seat.byteCount
    }

    /// All seats that have ever been used.
    var seats: LazyMapSequence<Range<Int>, Seat> {
        (0..<usedCount).lazy.map { Seat(at: seatAddress($0)) }
    }

    /// The current number of waiters; may be called without exclusive access.
    var waitingCount: Int {
        seats.count { $0.state == .waiting }
    }

    /// Takes a seat; nil if none is free.
    func takeSeat(note: UInt64 = 0) throws(MultiprocessingError) -> Seat? {
        guard let index = try freeSeat() else { return nil }
        let seat = Seat(at: seatAddress(index))
        try seat.take(ticket: nextTicket, note: note)
        nextTicket += 1
        return seat
    }

    private func freeSeat() throws(MultiprocessingError) -> Int? {
        let used = usedCount
        if let index = (0..<used).first(where: { Seat(at: seatAddress($0)).state == .free }) {
            return index
        }
        guard used < capacity else { return nil }
        try Seat.make(at: seatAddress(used))
        usedCount = used + 1
        return used
    }

    /// Sleeps until the seat is called or sent away, at most until the deadline.
    ///
    /// Sleepers take turns in checking for dead processes, since there may be no other process to do it.
    func sleep(in seat: Seat, until deadline: Deadline, lookingRound: () -> Void) {
        while seat.state == .waiting && !deadline.hasPassed {
            seat.word.sleep(while: State.waiting.rawValue, until: deadline)
            if seat.state == .waiting && isTimeToLookRound {
                lookingRound()
            }
        }
    }

    /// True for one caller at a time, so that many waiters cause no more work than few.
    private var isTimeToLookRound: Bool {
        let lastLook = (base + 56).assumingMemoryBound(to: Atomic<UInt64>.self)
        let (last, now) = (lastLook.pointee.load(ordering: .relaxed), monotonicNanoseconds())
        // The difference is also large if the clock of another container is ahead.
        return now &- last > WaitingRoom.lookEveryNanoseconds
            && lastLook.pointee.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    }
}

extension WaitingRoom {
    /// The place of one waiter.
    struct Seat: Equatable {
        static let byteCount = 64

        private let base: UnsafeMutableRawPointer
        private let mutex: RobustMutex

        fileprivate init(at base: UnsafeMutableRawPointer) {
            self.base = base
            mutex = RobustMutex(at: base)
        }

        /// Makes a seat in memory that has not been one yet.
        fileprivate static func make(at base: UnsafeMutableRawPointer) throws(MultiprocessingError) {
            _ = try RobustMutex(makingAt: base)
        }

        static func == (one: Seat, other: Seat) -> Bool {
            one.base == other.base
        }

        fileprivate var word: SharedWord {
            SharedWord(at: base + RobustMutex.byteCount)
        }

        var state: State {
            get { State(rawValue: word.atomic.pointee.load(ordering: .acquiring)) ?? .free }
            nonmutating set { word.atomic.pointee.store(newValue.rawValue, ordering: .releasing) }
        }

        private(set) var ticket: UInt64 {
            get { base.load(fromByteOffset: 48, as: UInt64.self) }
            nonmutating set { base.storeBytes(of: newValue, toByteOffset: 48, as: UInt64.self) }
        }

        /// For the user of the room.
        var note: UInt64 {
            get { base.load(fromByteOffset: 56, as: UInt64.self) }
            nonmutating set { base.storeBytes(of: newValue, toByteOffset: 56, as: UInt64.self) }
        }

        fileprivate func take(ticket: UInt64, note: UInt64) throws(MultiprocessingError) {
            guard try mutex.attempt() != .held else {
                throw MultiprocessingError(.invalidState, "a free seat of a waiting room is held")
            }
            self.ticket = ticket
            self.note = note
            state = .waiting
        }

        /// Frees the seat of the calling waiter.
        func leave() {
            state = .free
            mutex.unlock()
        }

        /// Wakes the waiter with a reason.
        func wake(_ state: State) {
            self.state = state
            word.wake(1)
        }

        /// Whether the process or thread that sits here has ended.
        var isOfTheDead: Bool {
            switch try? mutex.attempt() {
            case .acquired, .recovered:
                mutex.unlock()
                return true
            case .held, .heldByCaller, nil:
                return false
            }
        }
    }
}
