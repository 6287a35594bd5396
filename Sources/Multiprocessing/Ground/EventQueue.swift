import CMultiprocessing
import Glibc
import SystemPackage

/// Descriptors that one process waits for together: to wait costs what those cost that are ready, however many there are.
///
/// Each has a tag, by which its events are told. One that is about to be closed is removed before: a copy in another
/// process would keep it here.
///
/// The C functions are `epoll_create1`, `epoll_ctl` and `epoll_wait`.
struct EventQueue: ~Copyable {
    static let readable = EPOLLIN.rawValue
    static let writable = EPOLLOUT.rawValue
    /// Told of every descriptor, also where it was not asked for.
    static let ended = EPOLLHUP.rawValue | EPOLLERR.rawValue

    private let descriptor: PrivateDescriptor
    private var events: [epoll_event]

    /// - Parameter batch: the most events that one wait takes in.
    init(batch: Int) throws(MultiprocessingError) {
        descriptor = PrivateDescriptor(
            owning: try checked("epoll_create1") { mp_above_standard(epoll_create1(Int32(EPOLL_CLOEXEC))) })
        events = Array(repeating: epoll_event(), count: batch)
    }

    /// Has a descriptor watched, for these events and for its end.
    func add(_ number: Int32, _ events: UInt32, tag: UInt64) throws(MultiprocessingError) {
        try control(EPOLL_CTL_ADD, number, events, tag)
    }

    /// Has a watched descriptor watched for other events.
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

    /// Waits until a descriptor is ready or the time is over, and returns what is ready; nothing when the time is over.
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
