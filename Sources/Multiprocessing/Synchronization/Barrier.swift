import Synchronization

/// A point where so many parties wait for each other, and then all go on, as often as they like.
///
///     let barrier = try Barrier(parties: 3)
///     // in each of three processes
///     for step in 0..<10 {
///         work(on: step)
///         try barrier.wait(timeout: .seconds(60))
///     }
///
/// Parties sit in a `WaitingRoom`, each with the number of the meeting that it came for. The last to come counts the
/// others in, runs the action, and calls all who came for the same meeting; they can come for the next one at once, even
/// if some have not woken up yet.
///
/// **A party that is killed while it waits** is noticed by the others within about a tenth of a second: the barrier is
/// then broken, and all who wait, and all who come later, are told `brokenBarrier`. **A party that is killed elsewhere**
/// cannot be noticed, as nobody knows who was going to come: the others wait for ever, unless they or the barrier have a
/// timeout, which breaks the barrier when it is over. `reset()` repairs a broken barrier. If the parties are fewer from then on, make a
/// new one.
///
/// The corresponding Python API is `multiprocessing.Barrier`.
public final class Barrier: Codable, @unchecked Sendable {
    /// How many parties meet.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.parties`.
    public let parties: Int

    /// How long a wait may take that says nothing else; nil for ever.
    ///
    /// The corresponding Python API is the `timeout` of `multiprocessing.Barrier`.
    public let timeout: Duration?

    // The shared memory: the number of the meeting, the mark that the barrier is broken, the timeout, and the room.
    private let mapping: SharedMapping
    private static let timeoutOffset = 16
    private static let roomOffset = 32

    private let room: WaitingRoom
    /// Run by one party at a time, when all others have come.
    private let action: (() throws -> Void)?

    /// Makes a barrier at which nobody waits.
    ///
    /// - Parameters:
    ///   - parties: how many meet.
    ///   - timeout: how long a wait may take that says nothing else; nil for ever.
    ///   - action: what the last to come does, in its process, before the others go on. If it throws, the barrier is
    ///     broken.
    ///
    /// Throws `invalidState` where the parties are fewer than 1 or more than a million, and `systemCallFailed`.
    public init(
        parties: Int, timeout: Duration? = nil, action: (() throws -> Void)? = nil
    ) throws(MultiprocessingError) {
        guard (1...1_000_000).contains(parties) else {
            throw MultiprocessingError(.invalidState, "a barrier for \(parties) parties is impossible")
        }
        mapping = try SharedMapping.making(.barrier, byteCount: Barrier.byteCount(parties), count: parties)
        mapping.object.storeBytes(of: timeout.limitNanoseconds, toByteOffset: Barrier.timeoutOffset, as: UInt64.self)
        self.parties = parties
        self.timeout = timeout
        self.action = action
        room = try WaitingRoom(makingAt: mapping.object + Barrier.roomOffset, seats: Barrier.seatCount(parties))
    }

    /// Takes the barrier out of the message that is being received.
    public init(from decoder: any Decoder) throws {
        mapping = try SharedMapping.received([.barrier], byteCount: Barrier.roomOffset, from: decoder)
        parties = mapping.elementCount
        guard (1...1_000_000).contains(parties) else {
            throw MultiprocessingError(.decodingFailed, "the message's barrier is for \(parties) parties")
        }
        _ = try mapping.verified([.barrier], byteCount: Barrier.byteCount(parties))
        timeout = Duration?(
            limitNanoseconds: mapping.object.load(fromByteOffset: Barrier.timeoutOffset, as: UInt64.self))
        action = nil
        room = WaitingRoom(at: mapping.object + Barrier.roomOffset, seats: Barrier.seatCount(parties))
    }

    /// Attaches the barrier to the message that is being sent.
    ///
    /// Throws `invalidState` where it has an action: a closure cannot be sent, and every party must be able to run it.
    public func encode(to encoder: any Encoder) throws {
        guard action == nil else {
            throw MultiprocessingError(.invalidState, "a barrier with an action cannot be sent: fork with it instead")
        }
        try mapping.encode(to: encoder)
    }

    /// Those who wait for a meeting, and those who have not yet left the last.
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
    /// Waits until all parties have come, at most for `timeout`; `nil` stands for the barrier's own `timeout`.
    ///
    /// Returns how many had come before this one: a different number for each party, from 0 to `parties` - 1.
    ///
    /// Blocks until the last has come and its action is done.
    ///
    /// Throws `brokenBarrier` where the barrier is or gets broken: a party's time was over, its process was killed while
    /// it waited, its action threw, or somebody called `abort()` or `reset()`. The corresponding Python API is
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
            throw MultiprocessingError(.brokenBarrier, "the time to wait for the barrier's other parties is over")
        case .sentAway, .free:
            throw Barrier.broken
        }
    }

    private static var broken: MultiprocessingError {
        MultiprocessingError(.brokenBarrier, "the barrier is broken: a party gave up, was killed, or called for it")
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
            // Somebody may have broken the barrier during the action.
            guard seat.state == .waiting else { return }
            // Its own seat last: if this process is killed before, the others find the seat of a dead party.
            for other in room.seats where other.state == .waiting && other.note == seat.note && other != seat {
                other.wake(.called)
            }
            seat.state = .called
        }
    }

    /// Breaks the barrier for all who wait, and for all who come until `reset()`.
    ///
    /// Does not wait.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.abort`.
    public func abort() throws(MultiprocessingError) {
        try room.alone(breakNow)
    }

    /// Makes the barrier as new; those who wait get `brokenBarrier`.
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

    /// How many parties wait for the others at the moment.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.Barrier.n_waiting`.
    public var waitingCount: Int {
        (try? room.alone { arrivedCount }) ?? 0
    }
}

// All for `room.alone`. A seat's note is the meeting that its party came for.
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
        // First of all, so that a kill half way leaves a barrier that is broken.
        brokenMark.atomic.pointee.store(1, ordering: .releasing)
        for seat in room.seats where seat.state == .waiting {
            seat.wake(.sentAway)
        }
    }

    private func breakIfAPartyHasDied() {
        // The seat stays until the barrier is broken, for the case that this process is killed on the way.
        if isBroken || room.seats.contains(where: { $0.state == .waiting && $0.isOfTheDead }) {
            breakNow()
        }
        for seat in room.seats where seat.state != .free && seat.isOfTheDead {
            seat.state = .free
        }
    }
}

extension Barrier: CustomStringConvertible {
    /// How many of its parties wait, a moment ago: `Barrier(1 of 3 waiting)`, or `Barrier(broken)`.
    ///
    /// Does not block. The corresponding Python API is `repr(barrier)`.
    public var description: String {
        isBroken ? "Barrier(broken)" : "Barrier(\(room.waitingCount) of \(parties) waiting)"
    }
}
