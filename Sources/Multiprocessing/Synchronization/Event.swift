import Synchronization

/// A flag that processes share and can wait for.
///
///     let ready = try Event()
///     let child = Process { ready.wait(); print("off we go") }
///     try child.start()
///     ready.set()
///
/// All its state is one word, on which waiters sleep: the lowest bit is the flag, the next says that a waiter may be
/// asleep, and the others count how often the flag was set. So a waiter notices that the flag was set even if it was
/// cleared again before the waiter ran, where Python's may keep sleeping. If a waiting or setting process is killed,
/// the others are not affected; if it was killed before it could wake them, they see the flag within a tenth of a
/// second.
///
/// The corresponding Python API is `multiprocessing.Event`.
public final class Event: Codable, Sendable {
    private static let flag: UInt32 = 1
    private static let sleepersMark: UInt32 = 2
    private static let oneSetting: UInt32 = 4

    private let mapping: SharedMapping

    /// Makes an event that is not set.
    ///
    /// Throws `systemCallFailed`, for example when no descriptor is left.
    public init() throws(MultiprocessingError) {
        mapping = try SharedMapping.making(.event, byteCount: 8)
    }

    /// Takes the event from the message being received.
    public init(from decoder: any Decoder) throws {
        mapping = try SharedMapping.received([.event], byteCount: 8, from: decoder)
    }

    /// Attaches the event to the message being sent.
    public func encode(to encoder: any Encoder) throws {
        try mapping.encode(to: encoder)
    }

    private var word: SharedWord {
        SharedWord(at: mapping.object)
    }

    /// Sets the flag and wakes all waiters.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.Event.set`.
    public func set() {
        let atomic = word.atomic
        var seen = atomic.pointee.load(ordering: .relaxed)
        while true {
            let wasSet = seen & Event.flag != 0
            // A flag that is already set is written again, so that its waiters see this process's earlier writes.
            let new = wasSet ? seen : (seen & ~Event.sleepersMark &+ Event.oneSetting) | Event.flag
            let (exchanged, original) = atomic.pointee.compareExchange(
                expected: seen, desired: new, ordering: .acquiringAndReleasing)
            if exchanged {
                if seen & Event.sleepersMark != 0 {
                    word.wake()
                }
                return
            }
            seen = original
        }
    }

    /// Clears the flag.
    ///
    /// Does not block.
    ///
    /// Waiters from before the flag was set return nevertheless. The corresponding Python API is
    /// `multiprocessing.Event.clear`.
    public func clear() {
        word.atomic.pointee.bitwiseAnd(~Event.flag, ordering: .acquiringAndReleasing)
    }

    /// Whether the flag is set.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.Event.is_set`.
    public var isSet: Bool {
        word.atomic.pointee.load(ordering: .acquiring) & Event.flag != 0
    }

    /// Waits until the flag is set, for at most `timeout`; `nil` waits forever.
    ///
    /// Blocks until then. Returns true if the flag is set or was set meanwhile, and false on a timeout.
    ///
    /// The corresponding Python API is `multiprocessing.Event.wait`.
    @discardableResult
    public func wait(timeout: Duration? = nil) -> Bool {
        let atomic = word.atomic
        let first = atomic.pointee.load(ordering: .acquiring)
        if first & Event.flag != 0 {
            return true
        }
        let deadline = Deadline(after: timeout)
        while !deadline.hasPassed {
            // This changes only the mark, and only if the word is otherwise unchanged.
            let marked = first | Event.sleepersMark
            let seen = atomic.pointee.compareExchange(
                expected: first, desired: marked, ordering: .acquiring
            ).original
            if seen != first && seen != marked {
                return true
            }
            word.sleep(while: marked, until: deadline)
            if atomic.pointee.load(ordering: .acquiring) != marked {
                return true
            }
        }
        return false
    }
}

extension Event: CustomStringConvertible {
    /// `Event(set)` or `Event(not set)`.
    ///
    /// Does not block. The corresponding Python API is `repr(event)`.
    public var description: String {
        isSet ? "Event(set)" : "Event(not set)"
    }
}
