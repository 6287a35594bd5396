import Glibc
import Synchronization

/// Where the processes are listed that wait for a `Condition` or a `Barrier`, each in a seat of its own.
///
///     0   mutex    40   next ticket    48   seats used so far    56   when somebody looked round    64   the seats
///
///     seat:   0   mutex      40   state      48   ticket      56   note
///
/// A waiter sleeps on its seat's state until another calls it. It holds the seat's robust mutex all that time, so that
/// the kernel itself tells whether it is still there: an attempt at the mutex of a seat fails as long as the waiter
/// lives, and succeeds once it was killed.
///
/// The room's own mutex guards everything but the sleeping. It too is robust. Each change of a seat's state is a single
/// store, done last, so whoever gets the mutex after a kill finds seats that are free, taken by the living, or taken by
/// the dead, and nothing that would have to be mended first. A seat's mutex is only ever attempted with the room's
/// mutex held, and nobody waits for one, so the two cannot block each other.
struct WaitingRoom: @unchecked Sendable {
    enum State: UInt32 {
        case free
        case waiting
        /// What the waiter waits for has come.
        case called
        /// It will not come.
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

    /// Runs the body with the room to itself; everything below but `sleep` is for such bodies.
    func alone<Result>(
        _ body: () throws(MultiprocessingError) -> Result
    ) throws(MultiprocessingError) -> Result {
        while try mutex.lock() == nil {}
        defer { mutex.unlock() }
        return try body()
    }

    /// The number that the next waiter will get; waiters are in the order of their numbers.
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

    /// All seats that were ever used.
    var seats: LazyMapSequence<Range<Int>, Seat> {
        (0..<usedCount).lazy.map { Seat(at: seatAddress($0)) }
    }

    /// How many wait at this moment; also without the room to oneself.
    var waitingCount: Int {
        seats.count { $0.state == .waiting }
    }

    /// Takes a seat; nil when none is free.
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
    /// Now and then one of those who sleep looks round, as nobody else may be there to see that a process has died.
    func sleep(in seat: Seat, until deadline: Deadline, lookingRound: () -> Void) {
        while seat.state == .waiting && !deadline.hasPassed {
            seat.word.sleep(while: State.waiting.rawValue, until: deadline)
            if seat.state == .waiting && isTimeToLookRound {
                lookingRound()
            }
        }
    }

    /// True for one caller at a time, so that many waiters are no more work than few.
    private var isTimeToLookRound: Bool {
        let lastLook = (base + 56).assumingMemoryBound(to: Atomic<UInt64>.self)
        let (last, now) = (lastLook.pointee.load(ordering: .relaxed), monotonicNanoseconds())
        // The difference is also large where the clock of another container is ahead.
        return now &- last > WaitingRoom.lookEveryNanoseconds
            && lastLook.pointee.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    }
}

extension WaitingRoom {
    /// One waiter's place.
    struct Seat: Equatable {
        static let byteCount = 64

        private let base: UnsafeMutableRawPointer
        private let mutex: RobustMutex

        fileprivate init(at base: UnsafeMutableRawPointer) {
            self.base = base
            mutex = RobustMutex(at: base)
        }

        /// Makes a seat in memory that was never one.
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

        /// Lets the seat's waiter, which is the caller, go.
        func leave() {
            state = .free
            mutex.unlock()
        }

        /// Wakes the waiter and says why.
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
