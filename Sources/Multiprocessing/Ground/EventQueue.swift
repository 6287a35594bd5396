import CMultiprocessing
import Glibc
import SystemPackage

/// Descriptors that one process waits for together; a wait costs time only for the ready ones, however many there are.
///
/// Events carry the tag of their descriptor. Remove a descriptor before closing it: a copy in another process would
/// keep it in the queue.
///
/// The C functions are `epoll_create1`, `epoll_ctl` and `epoll_wait`.
struct EventQueue: ~Copyable {
    static let readable = EPOLLIN.rawValue
    static let writable = EPOLLOUT.rawValue
    /// Reported for every descriptor, even if not requested.
    static let ended = EPOLLHUP.rawValue | EPOLLERR.rawValue

    private let descriptor: PrivateDescriptor
    private var events: [epoll_event]

    /// - Parameter batch: the maximum number of events per wait.
    init(batch: Int) throws(MultiprocessingError) {
        descriptor = PrivateDescriptor(
            owning: try checked("epoll_create1") { mp_above_standard(epoll_create1(Int32(EPOLL_CLOEXEC))) })
        events = Array(repeating: epoll_event(), count: batch)
    }

    /// Watches a descriptor for these events and for its end.
    func add(_ number: Int32, _ events: UInt32, tag: UInt64) throws(MultiprocessingError) {
        try control(EPOLL_CTL_ADD, number, events, tag)
    }

    /// Changes the events for which a descriptor is watched.
    func change(_ number: Int32, _ events: UInt32, tag: UInt64) throws(MultiprocessingError) {
        try control(EPOLL_CTL_MOD, number, events, tag)
    }

    func remove(_ number: Int32) {
        _ = epoll_ctl(descriptor.number, EPOLL_CTL_DEL, number, nil)
    }

    private func control(
        _ operation: Int32, _ number: Int32, _ events: UInt32, _ tag: UInt64
    ) throws(MultiprocessingError) {
        var event = epoll_event(events: events, data: epoll_data_t(u64: tag))
        _ = try checked("epoll_ctl") { epoll_ctl(descriptor.number, operation, number, &event) }
    }

    /// Waits until a descriptor is ready, and returns the events; empty on a timeout.
    mutating func wait(until deadline: Deadline) throws(MultiprocessingError) -> ArraySlice<epoll_event> {
        while true {
            let count = epoll_wait(descriptor.number, &events, Int32(events.count), deadline.pollMilliseconds)
            if count > 0 || (count == 0 && deadline.hasPassed) {
                return events.prefix(Int(count))
            }
            if count < 0 && errno != EINTR {
                throw MultiprocessingError.systemCall("epoll_wait", Errno(rawValue: errno))
            }
        }
    }
}
