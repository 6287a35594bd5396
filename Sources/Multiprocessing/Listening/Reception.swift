import CMultiprocessing
import Glibc
import SystemPackage

/// Admits clients that connect to a listening socket and complete the `Handshake`.
///
/// It waits for no single client: the listening socket, all clients with an unfinished handshake, and a timer for slow
/// ones are in one epoll instance, whose descriptor is readable when there is something to do. So a client that stays
/// silent, or sends a byte a second, blocks no other. At most `maximumVisitors` are unfinished. One more replaces the
/// oldest, unless that came within the last `graceNanoseconds`: honest clients that come all at once wait in the
/// kernel's queue instead of replacing each other.
final class Reception {
    /// A client whose handshake is done.
    struct Arrival {
        /// The connected socket, which the taker owns.
        let socket: Int32
        let peer: Address
    }

    private final class Visitor {
        var socket: OwnedDescriptor?
        let number: Int32
        let peer: Address
        let arrivedNanoseconds = monotonicNanoseconds()
        var handshake: Handshake

        init(owning socket: consuming OwnedDescriptor, peer: Address, handshake: Handshake) {
            number = socket.number
            self.socket = consume socket
            self.peer = peer
            self.handshake = handshake
        }

        /// Ends the connection, even if a child has inherited a copy of the descriptor.
        func turnAway() {
            shutdown(number, Int32(SHUT_RDWR))
            socket = nil
        }
    }

    private static let maximumVisitors = 64
    private static let graceNanoseconds: UInt64 = 500_000_000
    /// The pause before accepting again after the kernel had no descriptor or no memory for it.
    private static let pauseNanoseconds: UInt64 = 100_000_000

    private let listening: Int32
    private let key: AuthenticationKey?
    private let patienceNanoseconds: UInt64
    private let epoll: OwnedDescriptor
    private let clock: OwnedDescriptor
    private let owner = getpid()
    /// In the order in which they connected.
    private var visitors: [Visitor] = []
    private var isAccepting = true
    /// Do not accept before this time.
    private var pausedUntil: UInt64 = 0
    private var alarm: UInt64 = 0

    /// Watches a listening socket, which the caller still owns.
    init(at listening: Int32, key: AuthenticationKey?, patience: Duration) throws(MultiprocessingError) {
        self.listening = listening
        self.key = key
        patienceNanoseconds = patience.boundedNanoseconds
        epoll = OwnedDescriptor(
            owning: try checked("epoll_create1") { mp_above_standard(epoll_create1(Int32(EPOLL_CLOEXEC))) })
        clock = OwnedDescriptor(
            owning: try checked("timerfd_create") {
                mp_above_standard(timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC) | Int32(TFD_NONBLOCK)))
            })
        try watch(clock.number)
        try watch(listening)
    }

    deinit {
        // In a child these are copies; the parent continues with its own.
        if owner == getpid() {
            for visitor in visitors {
                visitor.turnAway()
            }
        }
    }

    /// Readable when `admit()` has something to do.
    var descriptor: Int32 {
        epoll.number
    }

    /// Does everything that can be done now, and returns the clients that have been admitted.
    ///
    /// Does not block. Throws if the kernel has no descriptor left for waiting clients.
    func admit() throws(MultiprocessingError) -> [Arrival] {
        var arrivals: [Arrival] = []
        let ready = try readyDescriptors()
        if ready.contains(clock.number) {
            var count: UInt64 = 0
            _ = read(clock.number, &count, MemoryLayout<UInt64>.size)
            alarm = 0
        }
        for visitor in visitors where ready.contains(visitor.number) {
            attend(to: visitor, &arrivals)
        }
        // Only after reading all that has arrived meanwhile: the delay may be ours.
        for visitor in visitors where monotonicNanoseconds() >= visitor.arrivedNanoseconds + patienceNanoseconds {
            dismiss(visitor, because: "its handshake was not finished in time")
        }
        let failure = acceptWaiting(&arrivals)
        setAlarm()
        if let failure, arrivals.isEmpty {
            throw failure
        }
        return arrivals
    }

    /// Accepts as many clients as there is room for; returns the error if the kernel could not.
    private func acceptWaiting(_ arrivals: inout [Arrival]) -> MultiprocessingError? {
        var failure: MultiprocessingError?
        while failure == nil, monotonicNanoseconds() >= pausedUntil, makeRoom() {
            let socket: OwnedDescriptor
            let peer: SocketAddress
            do throws(Errno) {
                let (address, number) = try SocketAddress.filled { Int(mp_accept(listening, $0, $1)) }
                socket = OwnedDescriptor(owning: Int32(number))
                peer = address
            } catch {
                switch error {
                case .wouldBlock:
                    resume(true)
                    return nil
                case .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noBufferSpace, .noMemory:
                    pausedUntil = monotonicNanoseconds() + Reception.pauseNanoseconds
                    failure = MultiprocessingError.systemCall("accept", error)
                    continue
                default:
                    // A single connection failed before it was accepted.
                    Log.info("a connection failed before it was accepted: \(error)")
                    continue
                }
            }
            SocketAddress.prepareStream(socket.number, family: peer.family)
            receive(
                Visitor(owning: socket, peer: peer.address, handshake: Handshake(as: .listener, key: key)), &arrivals)
        }
        resume(false)
        return failure
    }

    private func receive(_ visitor: Visitor, _ arrivals: inout [Arrival]) {
        visitors.append(visitor)
        do {
            try visitor.handshake.begin(over: visitor.number)
            try watch(visitor.number)
        } catch {
            return dismiss(visitor, because: "\(error)")
        }
        attend(to: visitor, &arrivals)
    }

    private func attend(to visitor: Visitor, _ arrivals: inout [Arrival]) {
        do throws(MultiprocessingError) {
            guard try visitor.handshake.advance(over: visitor.number) else { return }
        } catch {
            return dismiss(visitor, because: "\(error)")
        }
        leave(visitor)
        if let socket = visitor.socket.take() {
            arrivals.append(Arrival(socket: socket.release(), peer: visitor.peer))
        }
    }

    private func dismiss(_ visitor: Visitor, because reason: String) {
        Log.info("a connection from \(visitor.peer) was refused: \(reason)")
        leave(visitor)
        visitor.turnAway()
    }

    private func leave(_ visitor: Visitor) {
        visitors.removeAll { $0 === visitor }
        // A copy of the socket in a child would keep it in the list forever.
        _ = epoll_ctl(epoll.number, EPOLL_CTL_DEL, visitor.number, nil)
    }

    /// Whether one more can be admitted, if necessary in place of the oldest.
    private func makeRoom() -> Bool {
        guard visitors.count >= Reception.maximumVisitors, let oldest = visitors.first else { return true }
        guard monotonicNanoseconds() >= oldest.arrivedNanoseconds + Reception.graceNanoseconds else { return false }
        dismiss(oldest, because: "its handshake is unfinished and others are waiting")
        return true
    }

    // MARK: Events

    private func watch(_ number: Int32) throws(MultiprocessingError) {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: number))
        _ = try checked("epoll_ctl") { epoll_ctl(epoll.number, EPOLL_CTL_ADD, number, &event) }
    }

    /// Sets whether a new connection makes the descriptor readable.
    private func resume(_ isAccepting: Bool) {
        guard isAccepting != self.isAccepting else { return }
        self.isAccepting = isAccepting
        var event = epoll_event(events: isAccepting ? EPOLLIN.rawValue : 0, data: epoll_data_t(fd: listening))
        epoll_ctl(epoll.number, EPOLL_CTL_MOD, listening, &event)
    }

    private func readyDescriptors() throws(MultiprocessingError) -> Set<Int32> {
        let capacity = Reception.maximumVisitors + 2
        var events = [epoll_event](repeating: epoll_event(), count: capacity)
        let count = try checked("epoll_wait") { epoll_wait(epoll.number, &events, Int32(capacity), 0) }
        return Set(events.prefix(Int(count)).map { $0.data.fd })
    }

    /// Sets the timer to the next time at which there is something to do even if nothing arrives.
    private func setAlarm() {
        var next = UInt64.max
        if let oldest = visitors.first {
            next = oldest.arrivedNanoseconds + patienceNanoseconds
            if !isAccepting {
                next = min(next, oldest.arrivedNanoseconds + Reception.graceNanoseconds)
            }
        }
        if !isAccepting && pausedUntil > monotonicNanoseconds() {
            next = min(next, pausedUntil)
        }
        let wanted = next == .max ? 0 : next
        guard wanted != alarm else { return }
        alarm = wanted
        let time = timespec(tv_sec: Int(wanted / 1_000_000_000), tv_nsec: Int(wanted % 1_000_000_000))
        var setting = itimerspec(it_interval: timespec(), it_value: time)
        timerfd_settime(clock.number, Int32(TFD_TIMER_ABSTIME), &setting, nil)
    }
}
