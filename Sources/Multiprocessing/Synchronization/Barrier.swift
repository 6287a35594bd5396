import Synchronization

/// A point where a fixed number of parties wait for each other, again and again.
///
///     let barrier = try Barrier(parties: 3)
///     // in each of three processes
///     for step in 0..<10 {
///         work(on: step)
///         try barrier.wait(timeout: .seconds(60))
///     }
///
/// Parties sit in a `WaitingRoom`, each with the number of its meeting. The last to arrive checks that all are there,
/// runs the action, and wakes all who came for the same meeting. They can come for the next one at once, even if some
/// have not woken up yet.
///
/// **If a party is killed while it waits,** the others notice it within about a tenth of a second: the barrier is then
/// broken, and all who wait or arrive later get `brokenBarrier`. **If a party is killed elsewhere,** this cannot be
/// noticed, because the barrier does not know who was going to come: the others wait forever, unless they or the
/// barrier have a timeout, which breaks the barrier when it expires. `reset()` repairs a broken barrier. If there are
/// fewer parties from then on, make a new one.
///
/// The corresponding Python API is `multiprocessing.Barrier`.
public final class Barrier: Codable, @unchecked Sendable {
    /// The number of parties.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.parties`.
    public let parties: Int

    /// The timeout of a wait that has none of its own; nil waits forever.
    ///
    /// The corresponding Python API is the `timeout` of `multiprocessing.Barrier`.
    public let timeout: Duration?

    // The shared memory: the number of the meeting, whether the barrier is broken, the timeout, and the room.
    private let mapping: SharedMapping
    private static let timeoutOffset = 16
    private static let roomOffset = 32

    private let room: WaitingRoom
    /// Run by one party at a time, when all have arrived.
    private let action: (() throws -> Void)?

    /// Makes a barrier without waiting parties.
    ///
    /// - Parameters:
    ///   - parties: the number of parties.
    ///   - timeout: the timeout of a wait that has none of its own; nil waits forever.
    ///   - action: the last party to arrive runs it, in its process, before the others continue. If it throws, the
    ///     barrier is broken.
    ///
    /// Throws `invalidState` for fewer than 1 or more than a million parties, and `systemCallFailed`.
    public init(
        parties: Int, timeout: Duration? = nil, action: (() throws -> Void)? = nil
    ) throws(MultiprocessingError) {
        guard (1...1_000_000).contains(parties) else {
            throw MultiprocessingError(.invalidState, "parties must be between 1 and 1000000 (got \(parties))")
        }
        mapping = try SharedMapping.making(.barrier, byteCount: Barrier.byteCount(parties), count: parties)
        mapping.object.storeBytes(of: timeout.limitNanoseconds, toByteOffset: Barrier.timeoutOffset, as: UInt64.self)
        self.parties = parties
        self.timeout = timeout
        self.action = action
        room = try WaitingRoom(makingAt: mapping.object + Barrier.roomOffset, seats: Barrier.seatCount(parties))
    }

    /// Takes the barrier from the message being received.
    public init(from decoder: any Decoder) throws {
        mapping = try SharedMapping.received([.barrier], byteCount: Barrier.roomOffset, from: decoder)
        parties = mapping.elementCount
        guard (1...1_000_000).contains(parties) else {
            throw MultiprocessingError(
                .decodingFailed, "the message's barrier has an invalid number of parties: \(parties)")
        }
        _ = try mapping.verified([.barrier], byteCount: Barrier.byteCount(parties))
        timeout = Duration?(
            limitNanoseconds: mapping.object.load(fromByteOffset: Barrier.timeoutOffset, as: UInt64.self))
        action = nil
        room = WaitingRoom(at: mapping.object + Barrier.roomOffset, seats: Barrier.seatCount(parties))
    }

    /// Attaches the barrier to the message being sent.
    ///
    /// Throws `invalidState` if it has an action: a closure cannot be sent, and every party must be able to run it.
    public func encode(to encoder: any Encoder) throws {
        guard action == nil else {
            throw MultiprocessingError(.invalidState, "a barrier with an action cannot be sent: fork with it instead")
        }
        try mapping.encode(to: encoder)
    }

    /// Room for those who wait for a meeting and those who have not yet left the last.
    private static func seatCount(_ parties: Int) -> Int {
        max(1024, 2 * parties)
    }

    private static func byteCount(_ parties: Int) -> Int {
        roomOffset + WaitingRoom.byteCount(seats: seatCount(parties))
    }

    private var meeting: UInt64 {
        get { mapping.object.load(as: UInt64.self) }
        set { mapping.object.storeBytes(of: newValue, as: UInt64.self) }
    }

    private var brokenMark: SharedWord {
        SharedWord(at: mapping.object + 8)
    }
}

extension Barrier {
    /// Waits until all parties have arrived, for at most `timeout`; `nil` means the barrier's own `timeout`.
    ///
    /// Returns how many had arrived before: a different number for each party, from 0 to `parties` - 1.
    ///
    /// Blocks until the last has arrived and its action is done.
    ///
    /// Throws `brokenBarrier` if the barrier is broken, before or meanwhile: a party's wait timed out, its process was
    /// killed while it waited, its action threw, or `abort()` or `reset()` was called. The corresponding Python API is
    /// `multiprocessing.Barrier.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) throws(MultiprocessingError) -> Int {
        let deadline = Deadline(after: timeout ?? self.timeout)
        let (seat, index) = try room.alone { () throws(MultiprocessingError) in try arrive() }
        if index == parties - 1 {
            try meet(seat)
        } else {
            room.sleep(in: seat, until: deadline) {
                _ = try? room.alone(breakIfAPartyHasDied)
            }
        }
        let outcome = try room.alone {
            let state = seat.state
            if state == .waiting {
                breakNow()
            }
            seat.leave()
            return state
        }
        switch outcome {
        case .called:
            return index
        case .waiting:
            throw MultiprocessingError(.brokenBarrier, "timed out waiting for the barrier's other parties")
        case .sentAway, .free:
            throw Barrier.broken
        }
    }

    private static var broken: MultiprocessingError {
        MultiprocessingError(
            .brokenBarrier, "the barrier is broken: a party gave up, was killed, or called abort or reset")
    }

    private func meet(_ seat: WaitingRoom.Seat) throws(MultiprocessingError) {
        do {
            try action?()
        } catch {
            try room.alone {
                breakNow()
                seat.leave()
            }
            throw MultiprocessingError(.brokenBarrier, "the barrier's action threw: \(error)")
        }
        try room.alone {
            // The barrier may have been broken during the action.
            guard seat.state == .waiting else { return }
            // Its own seat last: if this process is killed before, the others find the seat of a dead party.
            for other in room.seats where other.state == .waiting && other.note == seat.note && other != seat {
                other.wake(.called)
            }
            seat.state = .called
        }
    }

    /// Breaks the barrier for all who wait, and for all who arrive before `reset()`.
    ///
    /// Does not wait.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.abort`.
    public func abort() throws(MultiprocessingError) {
        try room.alone(breakNow)
    }

    /// Makes the barrier usable again; those who wait get `brokenBarrier`.
    ///
    /// Does not wait.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.reset`.
    public func reset() throws(MultiprocessingError) {
        try room.alone {
            breakNow()
            brokenMark.atomic.pointee.store(0, ordering: .releasing)
        }
    }

    /// Whether the barrier is broken; it stays so until `reset()`.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.broken`.
    public var isBroken: Bool {
        brokenMark.atomic.pointee.load(ordering: .acquiring) != 0
    }

    /// How many parties are waiting at the moment.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.n_waiting`.
    public var waitingCount: Int {
        (try? room.alone { arrivedCount }) ?? 0
    }
}

// Call all of this inside `room.alone`. A seat's note is the number of the meeting that its party came for.
extension Barrier {
    private func arrive() throws(MultiprocessingError) -> (WaitingRoom.Seat, Int) {
        breakIfAPartyHasDied()
        guard !isBroken else { throw Barrier.broken }
        let index = arrivedCount
        guard let seat = try room.takeSeat(note: meeting) else {
            throw MultiprocessingError(.invalidState, "far more than \(parties) parties use this barrier")
        }
        if index == parties - 1 {
            meeting += 1
        }
        return (seat, index)
    }

    private var arrivedCount: Int {
        let meeting = meeting
        return room.seats.filter { $0.state == .waiting && $0.note == meeting }.count
    }

    private func breakNow() {
        // First, so that a kill half way leaves a broken barrier.
        brokenMark.atomic.pointee.store(1, ordering: .releasing)
        for seat in room.seats where seat.state == .waiting {
            seat.wake(.sentAway)
        }
    }

    private func breakIfAPartyHasDied() {
        // The seat stays until the barrier is broken, in case this process is killed on the way.
        if isBroken || room.seats.contains(where: { $0.state == .waiting && $0.isOfTheDead }) {
            breakNow()
        }
        for seat in room.seats where seat.state != .free && seat.isOfTheDead {
            seat.state = .free
        }
    }
}

extension Barrier: CustomStringConvertible {
    /// How many parties are waiting: `Barrier(1 of 3 waiting)`, or `Barrier(broken)`.
    ///
    /// Does not block. The corresponding Python API is `repr(barrier)`.
    public var description: String {
        isBroken ? "Barrier(broken)" : "Barrier(\(room.waitingCount) of \(parties) waiting)"
    }
}
