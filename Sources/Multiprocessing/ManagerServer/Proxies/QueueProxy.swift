/// A first-in, first-out queue in a manager server, for any number of producers and consumers.
///
/// Each method is one atomic request; a waiting request holds up no other. If a consumer dies before it has read an
/// item sent to it, the item goes to the next one; an item that it has read is lost with it. All methods throw as
/// `ManagerProxy` describes. The corresponding Python API is `multiprocessing.Manager().Queue()`, a `queue.Queue`.
public class QueueProxy<Element: Codable>: ManagerProxy, @unchecked Sendable {
    override final class var kind: ManagerServerObjectKind { .queue }

    private let coder = MessageCoder<Element>.codable()

    /// Puts an item at the end, waiting for room for at most `timeout`; `nil` waits forever.
    ///
    /// Blocks while the queue is full. Returns whether there was room in time. The corresponding Python API is
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

    /// Takes the first item, waiting for at most `timeout`; `nil` waits forever.
    ///
    /// Returns nil on a timeout. The corresponding Python API is `queue.Queue.get`.
    public final func get(timeout: Duration?) throws(MultiprocessingError) -> Element? {
        try link.wait(.take, on: object, timeout) { status, results throws(MultiprocessingError) in
            status == .timedOut ? nil : try results.value(coder)
        }
    }

    /// The number of items.
    ///
    /// The corresponding Python API is `queue.Queue.qsize`.
    public final var count: Int {
        get throws(MultiprocessingError) { try state().count }
    }

    /// Whether the queue is empty.
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

/// A queue in a manager server that knows when all items have been processed.
///
/// The corresponding Python API is `multiprocessing.Manager().JoinableQueue()`.
public final class JoinableQueueProxy<Element: Codable>: QueueProxy<Element>, @unchecked Sendable {
    /// Reports that an item that was taken has been processed.
    ///
    /// Throws `requestFailed` if it is called more often than items were put. The corresponding Python API is
    /// `queue.Queue.task_done`.
    public func taskDone() throws(MultiprocessingError) {
        try perform(.taskDone)
    }

    /// Waits until every item has been processed, for at most `timeout`; `nil` waits forever.
    ///
    /// Returns whether that was so in time. If a process dies with an item, that item stays unfinished. The
    /// corresponding Python API is `queue.Queue.join`.
    @discardableResult
    public func join(timeout: Duration? = nil) throws(MultiprocessingError) -> Bool {
        try wait(.join, timeout)
    }
}
