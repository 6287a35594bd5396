import Synchronization

/// A flag that processes share and can wait for.
///
///     let ready = try Event()
///     let child = Process { ready.wait(); print("off we go") }
///     try child.start()
///     ready.set()
///
/// All of it is one word, on which waiters sleep: the lowest bit is the flag, the next says that somebody may be asleep,
/// the others count how often the flag was set. So a waiter notices that it was set even if it was cleared again before
/// the waiter ran, where Python's may sleep on. A process that is killed, waiting or setting, changes nothing for the
/// others; if it was killed before it could wake them, they see the flag within a tenth of a second.
///
/// The corresponding Python API is `multiprocessing.Event`.
public final class Event: Codable, Sendable {
    private static let flag: UInt32 = 1
    private static let sleepersMark: UInt32 = 2
    private static let oneSetting: UInt32 = 4

    private let mapping: SharedMapping

    /// Makes an event that is not set.
    ///
    /// Throws `systemCallFailed`, as when no descriptor is left.
    public init() throws(MultiprocessingError) {
        mapping = try SharedMapping.making(.event, byteCount: 8)
    }

    /// Takes the event out of the message that is being received.
    public init(from decoder: any Decoder) throws {
        mapping = try SharedMapping.received([.event], byteCount: 8, from: decoder)
    }

    /// Attaches the event to the message that is being sent.
    public func encode(to encoder: any Encoder) throws {
        try mapping.encode(to: encoder)
    }

    private var word: SharedWord {
        SharedWord(at: mapping.object)
    }

    /// Sets the flag and wakes all who wait for it.
    ///
    /// Does not block.
    ///
    /// The corresponding Python API is `multiprocessing.Event.set`.
    public func set() {
        let atomic = word.atomic
        var seen = atomic.pointee.load(ordering: .relaxed)
        while true {
            let wasSet = seen & Event.flag != 0
            // A flag that is set already is written again, so that its waiters see what this process has done before.
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
    /// Who was waiting when it was set returns nevertheless. The corresponding Python API is
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

    /// Waits until the flag is set, at most for `timeout`; `nil` waits for ever.
    ///
    /// Blocks until then. Returns true when the flag is set or was set meanwhile, false when the time was over first.
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
            // This changes nothing but the mark, and only of a word that is otherwise as it was.
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
    /// `Event(set)` or `Event(not set)`, a moment ago.
    ///
    /// Does not block. The corresponding Python API is `repr(event)`.
    public var description: String {
        isSet ? "Event(set)" : "Event(not set)"
    }
}
