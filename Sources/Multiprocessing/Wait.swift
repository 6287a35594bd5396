import Glibc
import SystemPackage

/// Something that `wait(for:timeout:)` can wait for.
public protocol Waitable {
    /// What to wait for now.
    var waitState: WaitState { get }

    /// Whether it is ready indeed, after its descriptor was.
    ///
    /// Does not block. The default says that it is; what shares a descriptor with others looks at what has come.
    func confirmReady() -> Bool
}

extension Waitable {
    /// Says that it is.
    public func confirmReady() -> Bool { true }
}

/// What a `Waitable` is waiting for at the moment.
public enum WaitState {
    /// Ready without any waiting, as when a message was already read into a buffer.
    case ready
    /// Ready when this descriptor is.
    case descriptor(FileDescriptor, writable: Bool)
    /// Never ready, as a pool that has ended.
    case never
    /// To wait for it is a mistake, of which this is the text: it is closed, or was not started.
    case invalid(String)
}

extension FileDescriptor: Waitable {
    /// Ready when a read would not block.
    public var waitState: WaitState {
        .descriptor(self, writable: false)
    }
}

extension Connection: Waitable {
    /// Ready when a message, or the end of the channel, is there; a mistake where this end is closed.
    public var waitState: WaitState {
        guard let fileDescriptor else { return .invalid("a closed connection") }
        return hasBufferedInput ? .ready : .descriptor(fileDescriptor, writable: false)
    }
}

/// Waits until at least one of several things is ready, at most for `timeout`; `nil` waits for ever.
///
/// Returns the positions of those that are ready, in order; empty when the time is over first. A descriptor whose other
/// end is gone counts as ready.
///
/// Throws `invalidState` where one of them is a closed connection or listener, or a process that was not started, and
/// where none of them can ever be ready and there is no `timeout`.
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
            // poll passes over a negative number, so that positions stay the same.
            entries.append(pollfd(fd: -1, events: 0, revents: 0))
        case .invalid(let text):
            throw MultiprocessingError(.invalidState, "wait for \(text)")
        case .descriptor(let descriptor, let writable):
            let events = writable ? POLLIN | POLLOUT : POLLIN
            entries.append(pollfd(fd: descriptor.rawValue, events: Int16(events), revents: 0))
        }
    }
    guard deadline.remainingNanoseconds != nil || !ready.isEmpty || entries.contains(where: { $0.fd >= 0 }) else {
        throw MultiprocessingError(.invalidState, "wait for ever for what has ended")
    }
    try poll(&entries, until: ready.isEmpty ? deadline : Deadline(after: .zero))
    let polled = entries.indices.filter { entries[$0].revents != 0 && objects[$0].confirmReady() }
    return (ready + polled).sorted()
}
