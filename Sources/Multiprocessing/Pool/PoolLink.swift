import CMultiprocessing
import Glibc
import SystemPackage

/// The front's end of a pool: the manager process and the channel to it.
final class PoolLink {
    let workerCount: Int
    let managerPID: Int32

    private enum State {
        case open
        case closed
        /// Nothing more can be asked of the manager; it may be running its last tasks no more.
        case failed(MultiprocessingError)
        case ended
    }

    private var manager: ChildProcess
    private let channel: FrameChannel
    private let owner = getpid()
    private var state = State.open
    private var lastTask: UInt64 = 0
    private var unfinishedCount = 0

    init(workerCount: Int, maxTasksPerWorker: Int?, program: WorkerProgram) throws(MultiprocessingError) {
        guard workerCount > 0, maxTasksPerWorker ?? 1 > 0 else {
            throw MultiprocessingError(.invalidState, "a pool needs at least 1 worker, and each at least 1 task")
        }
        try Fork.requireSingleThread(for: "Pool")
        let (mine, its) = try makeSocketPair()
        channel = FrameChannel(owning: mine, blocking: false)
        defer { _ = Glibc.close(its) }
        manager = try Fork.child(deathSignal: SIGKILL) {
            PoolLink.becomeManager(its, workerCount, maxTasksPerWorker, program)
        }
        managerPID = manager.pid
        self.workerCount = workerCount
    }

    private static func becomeManager(
        _ socket: Int32, _ workerCount: Int, _ maxTasksPerWorker: Int?, _ program: WorkerProgram
    ) -> Never {
        _ = mp_set_process_name("pool-manager")
        // The front's handlers would act for the front: clean up its files, say. What a terminal sends to all
        // processes of a job is for the front to answer; the others end when it does.
        mp_reset_signal_handlers()
        for number in [SIGINT, SIGQUIT, SIGHUP] {
            signal(number, SIG_IGN)
        }
        let front = FrameChannel(owning: socket, blocking: false)
        do {
            try PoolManager(
                front: front, workerCount: workerCount, maxTasksPerWorker: maxTasksPerWorker, program: program
            ).run()
        } catch {
            PoolManager.leave(after: error, telling: front)
        }
    }

    deinit {
        terminate()
    }

    func submit<Input>(_ input: Input, _ coder: MessageCoder<Input>) throws(MultiprocessingError) -> UInt64 {
        try requireUsable()
        guard case .open = state else {
            throw MultiprocessingError(.invalidState, "the pool is closed and takes no more tasks")
        }
        do {
            try channel.enqueue(PoolFrame(.task, task: lastTask + 1), input, coder)
        } catch {
            throw MultiprocessingError(.encodingFailed, "a \(Input.self) could not be encoded: \(error)")
        }
        lastTask += 1
        unfinishedCount += 1
        // Small tasks share a system call; `receive` sends what is left, before it waits.
        if channel.unsentBytes > 1 << 14 || unfinishedCount <= workerCount * 2 {
            flush()
        }
        return lastTask
    }

    /// Sends, then waits for results and hands them to `body`; false when the time was over first.
    func receive(
        until deadline: Deadline, _ body: (PoolFrame, UnsafeRawBufferPointer) -> Void
    ) throws(MultiprocessingError) -> Bool {
        try requireUsable()
        if case .ended = state {
            if unfinishedCount == 0 { return false }
            throw MultiprocessingError(.invalidState, "the pool was terminated, and \(unfinishedCount) tasks with it")
        }
        flush()
        var entries = [pollfd(fd: channel.number, events: Int16(POLLIN), revents: 0)]
        if channel.unsentBytes > 0 {
            entries[0].events |= Int16(POLLOUT)
        }
        guard try poll(&entries, until: deadline) > 0 else { return false }
        do {
            try channel.fill()
        } catch {
            throw MultiprocessingError.systemCall("recv", error)
        }
        var isMore = true
        while isMore {
            isMore = channel.takeFrame { take($0, $1, body) } != nil
        }
        if channel.isAtEnd {
            try managerHasEnded()
        }
        try requireUsable()
        return true
    }

    private func take(
        _ frame: PoolFrame, _ payload: UnsafeRawBufferPointer, _ body: (PoolFrame, UnsafeRawBufferPointer) -> Void
    ) {
        switch frame.kind {
        case .initializerFailed:
            let text = String(decoding: payload, as: UTF8.self)
            state = .failed(
                MultiprocessingError(
                    .initializerFailed,
                    text.isEmpty ? "the pool's workers end before they are ready, the last one" : text,
                    pid: frame.worker, status: text.isEmpty ? frame.exitStatus : nil))
            endManager()
        case .managerFailed:
            let text = String(decoding: payload, as: UTF8.self)
            state = .failed(
                MultiprocessingError(.managerDied, "the pool's manager cannot go on: \(text)", pid: managerPID))
            endManager()
        default:
            unfinishedCount -= 1
            body(frame, payload)
        }
    }

    private func flush() {
        // What the manager sent before it died is read first; the end of its channel then tells the rest.
        try? channel.flush()
    }

    func close() {
        guard case .open = state, owner == getpid() else { return }
        state = .closed
        channel.enqueue(PoolFrame(.close))
        flush()
    }

    func requireClosed() throws(MultiprocessingError) {
        if case .open = state {
            throw MultiprocessingError(.invalidState, "join of a pool that was not closed")
        }
    }

    var hasEnded: Bool {
        get throws(MultiprocessingError) {
            try requireUsable()
            if case .ended = state { return true }
            return false
        }
    }

    func terminate() {
        // A child inherits the object with the memory; the processes are its parent's.
        guard owner == getpid() else { return }
        if case .ended = state { return }
        if case .failed = state { return }
        state = .ended
        endManager()
    }

    var waitState: WaitState {
        // In another process the descriptor's number means another file.
        guard owner == getpid() else { return .never }
        return switch state {
        case .open, .closed:
            .descriptor(FileDescriptor(rawValue: channel.number), writable: channel.unsentBytes > 0)
        case .failed: .ready
        case .ended: .never
        }
    }

    /// Closes the channel, whereupon the manager ends its workers and itself, and waits for that.
    private func endManager() {
        channel.endSending()
        channel.endReceiving()
        _ = try? manager.wait(until: Deadline(after: nil))
    }

    private func managerHasEnded() throws(MultiprocessingError) {
        let status = try manager.wait(until: Deadline(after: nil))
        if case .closed = state, unfinishedCount == 0, status == .exited(0) {
            state = .ended
            return
        }
        if case .failed = state { return }
        state = .failed(
            MultiprocessingError(.managerDied, "the pool's manager ended", pid: managerPID, status: status))
    }

    private func requireUsable() throws(MultiprocessingError) {
        guard owner == getpid() else {
            throw MultiprocessingError(.invalidState, "a pool belongs to the process that made it, \(owner)")
        }
        if case .failed(let error) = state { throw error }
    }
}
