/// A queue in a manager server: what is put first is taken first, whoever puts and takes.
///
/// Each method is one request and atomic; those that wait may do so for as long as they like without holding anyone up.
/// An item whose taker dies before it has read it goes to the next; one that it has read is gone with it. All methods
/// throw as `ManagerProxy` says. The corresponding Python API is `multiprocessing.Manager().Queue()`, a `queue.Queue`.
public class QueueProxy<Element: Codable>: ManagerProxy, @unchecked Sendable {
    override final class var kind: ManagerServerObjectKind { .queue }

    private let coder = MessageCoder<Element>.codable()

    /// Puts an item at the end, at most for `timeout` waiting for room; `nil` waits for ever.
    ///
    /// Blocks while the queue is full. Whether there was room in time. The corresponding Python API is
    /// `queue.Queue.put`.
    @discardableResult
    public final func put(_ item: Element, timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        try link.wait(.put, on: object, timeout) { (arguments) throws(MultiprocessingError) in
            try arguments.append(item, coder)
        } _: { status, _ throws(MultiprocessingError) in
            status == .done
        }
    }

    /// Takes the first item.
    ///
    /// Blocks while the queue is empty.
    ///
    /// The corresponding Python API is `queue.Queue.get`.
    public final func get() throws(MultiprocessingError) -> Element {
        while true {
            if let item = try get(timeout: nil) {
                return item
            }
        }
    }

    /// Takes the first item, at most for `timeout` waiting for one; `nil` waits for ever.
    ///
    /// Returns nil when the time was over first. The corresponding Python API is `queue.Queue.get`.
    public final func get(timeout: Duration?) throws(MultiprocessingError) -> Element? {
        try link.wait(.take, on: object, timeout) { status, results throws(MultiprocessingError) in
            status == .timedOut ? nil : try results.value(coder)
        }
    }

    /// How many items there are.
    ///
    /// The corresponding Python API is `queue.Queue.qsize`.
    public final var count: Int {
        get throws(MultiprocessingError) { try state().count }
    }

    /// Whether there is no item.
    ///
    /// The corresponding Python API is `queue.Queue.empty`.
    public final var isEmpty: Bool {
        get throws(MultiprocessingError) { try state().count == 0 }
    }

    /// Whether there is no room for another item.
    ///
    /// The corresponding Python API is `queue.Queue.full`.
    public final var isFull: Bool {
        get throws(MultiprocessingError) {
            let (count, limit) = try state()
            return limit > 0 && count >= limit
        }
    }

    private func state() throws(MultiprocessingError) -> (count: Int, limit: Int) {
        try link.call(.state, on: object) { _, results throws(MultiprocessingError) in
            (Int(try results.result(Int64.self)), Int(try results.result(Int64.self)))
        }
    }
}

/// A queue in a manager server that knows when all that was put has been dealt with.
///
/// The corresponding Python API is `multiprocessing.Manager().JoinableQueue()`.
public final class JoinableQueueProxy<Element: Codable>: QueueProxy<Element>, @unchecked Sendable {
    /// Says that an item which was taken has been dealt with.
    ///
    /// Throws `requestFailed` when it is said more often than items were put. The corresponding Python API is
    /// `queue.Queue.task_done`.
    public func taskDone() throws(MultiprocessingError) {
        try perform(.taskDone)
    }

    /// Waits until every item that was put has been dealt with, at most for `timeout`; `nil` waits for ever.
    ///
    /// Whether that was so in time. A process that dies with an item never says that it is done. The corresponding
    /// Python API is `queue.Queue.join`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        try wait(.join, timeout)
    }
}
