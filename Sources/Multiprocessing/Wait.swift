import Glibc
import SystemPackage

/// An object that `wait(for:timeout:)` can wait for.
public protocol Waitable {
    /// What to wait for now.
    var waitState: WaitState { get }

    /// Whether it is really ready, called after its descriptor was ready.
    ///
    /// Does not block. The default returns true; an object that shares a descriptor with others checks what has
    /// arrived.
    func confirmReady() -> Bool
}

extension Waitable {
    /// Returns true.
    public func confirmReady() -> Bool { true }
}

/// What a `Waitable` is waiting for at the moment.
public enum WaitState {
    /// Ready without waiting, for example when a message has already been read into a buffer.
    case ready
    /// Ready when this descriptor is ready.
    case descriptor(FileDescriptor, writable: Bool)
    /// Never ready, for example a pool that has ended.
    case never
    /// Cannot be waited for: it is closed, or was not started. The text describes it.
    case invalid(String)
}

extension FileDescriptor: Waitable {
    /// Ready when a read would not block.
    public var waitState: WaitState {
        .descriptor(self, writable: false)
    }
}

extension Connection: Waitable {
    /// Ready when a message or end-of-file has arrived; invalid if this end is closed.
    public var waitState: WaitState {
        guard let fileDescriptor else { return .invalid("a closed connection") }
        return hasBufferedInput ? .ready : .descriptor(fileDescriptor, writable: false)
    }
}

/// Waits until at least one of several objects is ready, for at most `timeout`; `nil` waits forever.
///
/// Returns the positions of those that are ready, in order; empty on a timeout. A descriptor whose other end is closed
/// counts as ready.
///
/// Throws `invalidState` if one of them is a closed connection or listener, or a process that was not started, and if
/// none of them can ever be ready and there is no `timeout`.
///
/// The corresponding Python API is `multiprocessing.connection.wait`.
public func wait(for objects: [any Waitable], timeout: Duration? = nil) throws(MultiprocessingError) -> [Int] {
    try wait(for: objects, until: Deadline(after: timeout))
}

func wait(for objects: [any Waitable], until deadline: Deadline) throws(MultiprocessingError) -> [Int] {
    while true {
        let ready = try waitOnce(for: objects, until: deadline)
        if !ready.isEmpty || deadline.hasPassed { return ready }
    }
}

private func waitOnce(
    for objects: [any Waitable], until deadline: Deadline
) throws(MultiprocessingError) -> [Int] {
    var ready: [Int] = []
    var entries: [pollfd] = []
    for (position, object) in objects.enumerated() {
        switch object.waitState {
        case .ready:
            ready.append(position)
            entries.append(pollfd(fd: -1, events: 0, revents: 0))
        case .never:
            // poll ignores a negative number, so positions stay the same.
            entries.append(pollfd(fd: -1, events: 0, revents: 0))
        case .invalid(let text):
            throw MultiprocessingError(.invalidState, "cannot wait for \(text)")
        case .descriptor(let descriptor, let writable):
            let events = writable ? POLLIN | POLLOUT : POLLIN
            entries.append(pollfd(fd: descriptor.rawValue, events: Int16(events), revents: 0))
        }
    }
    guard deadline.remainingNanoseconds != nil || !ready.isEmpty || entries.contains(where: { $0.fd >= 0 }) else {
        throw MultiprocessingError(.invalidState, "nothing to wait for: none of the objects can become ready")
    }
    try poll(&entries, until: ready.isEmpty ? deadline : Deadline(after: .zero))
    let polled = entries.indices.filter { entries[$0].revents != 0 && objects[$0].confirmReady() }
    return (ready + polled).sorted()
}
