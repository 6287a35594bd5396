import CMultiprocessing
import Glibc
import SystemPackage

/// The front's end of a pool: the pool manager process, the channel to it, and the receivers of answers.
///
/// An `AsyncResult` holds the link and not the pool, whose types it need not know; the processes end when the last
/// holder of the link is released.
final class PoolLink {
    let workerCount: Int
    let managerPID: Int32

    private enum State {
        case open
        case closed
        /// The pool manager can no longer be used; it may have stopped running its last tasks.
        case failed(MultiprocessingError)
        case ended
    }

    private var manager: ProcessHandle
    private let channel: FrameChannel
    private let owner = OwnerProcess()
    private var state = State.open
    private var lastTask: UInt64 = 0
    private var receivers = TaskReceivers()
    /// The last answer about what the workers do.
    private var inspection: [PoolStatus.Worker]?
    /// How many tasks were unfinished when the pool was terminated.
    private var lostCount = 0
    /// The receivers whose callbacks must run.
    private var announcements = TaskQueue<TaskReceiver>()
    /// A value is being encoded or decoded, which may run the user's code.
    private var isCoding = false
    /// The offset of the frame of the task submitted last, in the channel's unsent bytes.
    private var lastTaskOffset = 0
    /// Whether that task is not the last one of its unit.
    private var isUnitOpen = false
    /// The descriptors of the task being submitted.
    private let taskDescriptors = TaskDescriptors()
    private var ledger = DescriptorLedger()
    /// Send when there are more unsent bytes than this.
    private var sendingThreshold = PoolLink.bytesPerSend
    private static let bytesPerSend = 1 << 14
    private var sentAt: UInt64 = 0
    private static let patienceNanoseconds: UInt64 = 100_000

    /// - Parameter start: starts the pool manager with its end of the channel, which the caller must close.
    init(
        _ plan: PoolPlan, _ start: (Int32) throws(MultiprocessingError) -> ProcessHandle
    ) throws(MultiprocessingError) {
        let (mine, its) = try makeSocketPair()
        channel = FrameChannel(owning: mine, blocking: false)
        defer { _ = Glibc.close(its) }
        manager = try start(its)
        managerPID = manager.pid
        workerCount = plan.workerCount
    }

    deinit {
        guard owner.isCurrent else { return }
        switch state {
        case .open, .closed: endManager()
        case .failed, .ended: break
        }
    }

    // MARK: Submitting

    /// The number of the task that will be submitted next.
    var nextTask: UInt64 {
        lastTask + 1
    }

    /// Submits a task without sending it yet, and returns its number.
    ///
    /// - Parameters:
    ///   - terms: the header of the task, without its number. If it does not end its unit, more tasks for the same
    ///     worker follow; `endUnit` ends them.
    ///   - descriptors: the descriptors that it uses, besides those in the input.
    ///   - receiver: gets the answer, with the position.
    @discardableResult
    func submit<Input>(
        _ terms: PoolFrame, _ input: Input, _ coder: MessageCoder<Input>, using descriptors: [SharedDescriptor] = [],
        to receiver: TaskReceiver, at position: Int = 0
    ) throws(MultiprocessingError) -> UInt64 {
        try requireUsable()
        guard case .open = state else {
            throw MultiprocessingError(.invalidState, "the pool is closed and takes no more tasks")
        }
        try requireNoCoding()
        // First, so that the pool manager has room for the new ones.
        enqueueReleases()
        var frame = terms
        frame.task = lastTask + 1
        let offset = channel.unsentBytes
        isCoding = true
        let used: [SharedDescriptor]
        do {
            defer { isCoding = false }
            used = try taskDescriptors.collecting(descriptors) { try channel.enqueue(frame, input, coder) }
        } catch {
            throw MultiprocessingError(.encodingFailed, "a \(Input.self) could not be encoded: \(error)")
        }
        lastTaskOffset = used.isEmpty ? offset : attach(used, toUnsentAt: offset)
        isUnitOpen = !frame.endsUnit
        lastTask += 1
        receivers.add(lastTask, receiver, at: position)
        return lastTask
    }

    /// Returns the new offset of the task's frame, which is after those of descriptors.
    private func attach(_ descriptors: [SharedDescriptor], toUnsentAt offset: Int) -> Int {
        let new = ledger.keep(descriptors, for: lastTask + 1)
        for descriptor in new {
            descriptor.whenGone { [weak self] key in self?.ledger.release(key) }
        }
        return channel.attach(descriptors.map(\.key), sending: new.map(\.handed), toUnsentAt: offset)
    }

    /// Adds to the unsent frames the keys of descriptors that no task will use any more; such a frame may be anywhere.
    private func enqueueReleases() {
        guard ledger.hasReleased, !isCoding else { return }
        for key in ledger.takeReleased() {
            channel.enqueue(PoolFrame(.release, task: key))
        }
    }

    /// Makes the task submitted last the end of its unit, if it is not.
    func endUnit() {
        guard isUnitOpen else { return }
        isUnitOpen = false
        channel.amendUnsent(at: lastTaskOffset) { $0.endsUnit = true }
        sendIfEnough()
    }

    /// Sends the submitted tasks, because there may be no later call to do it.
    ///
    /// What the kernel does not accept now is more than the workers can soon do.
    func send() {
        if channel.unsentBytes > sendingThreshold || sendingThreshold == PoolLink.bytesPerSend {
            flush()
        }
    }

    /// Lets many small tasks submitted by one call share a system call; the call ends with `send` or `receive`.
    func sendIfEnough() {
        sendIfNeeded()
        // Inputs may arrive slowly and results be consumed slowly; hold no task back for either.
        if channel.unsentBytes > 0, monotonicNanoseconds() - sentAt > PoolLink.patienceNanoseconds {
            flush()
        }
    }

    /// Sends the submitted tasks if workers may be idle, or if there are many unsent bytes.
    func sendIfNeeded() {
        if channel.unsentBytes > sendingThreshold || receivers.missing <= workerCount * 2 {
            flush()
        }
    }

    private func flush() {
        enqueueReleases()
        do throws(Errno) {
            try channel.flush()
        } catch {
            // First read what the pool manager sent before it died; the end of its channel then reports its death.
            if error != .brokenPipe && error != .connectionReset {
                fail(MultiprocessingError.systemCall("send", error))
            }
        }
        // The kernel may have accepted only a part; do not try again for each task.
        sendingThreshold = channel.unsentBytes + PoolLink.bytesPerSend
        sentAt = monotonicNanoseconds()
    }

    /// Records that the kernel refuses something the channel needs; waiters are told when they next receive.
    private func fail(_ error: MultiprocessingError) {
        switch state {
        case .open, .closed:
            state = .failed(error)
            endManager()
        case .failed, .ended: break
        }
    }

    /// Ends those of the tasks that have no result.
    func cancel(_ tasks: Range<UInt64>) {
        guard owner.isCurrent, !tasks.isEmpty, tasks.lowerBound > 0, tasks.upperBound <= lastTask + 1 else { return }
        switch state {
        case .open, .closed:
            withUnsafeBytes(of: UInt64(tasks.count)) {
                channel.enqueue(PoolFrame(.cancel, task: tasks.lowerBound), $0)
            }
            flush()
        case .failed, .ended: break
        }
    }

    // MARK: Status

    func status() throws(MultiprocessingError) -> PoolStatus {
        inspection = nil
        var hasAsked = false
        while inspection == nil {
            try requireUsable()
            try requireNoCoding()
            if case .ended = state { break }
            if !hasAsked {
                channel.enqueue(PoolFrame(.inspect))
                hasAsked = true
            }
            try receive(until: Deadline(after: nil))
        }
        return PoolStatus(submitted: lastTask, missing: receivers.missing, workers: inspection ?? [])
    }

    var stateName: String {
        switch state {
        case .open: "open"
        case .closed: "closed"
        case .failed: "failed"
        case .ended: "ended"
        }
    }

    // MARK: Receiving

    /// Sends, then waits for answers and passes them to their receivers; false on a timeout.
    ///
    /// Runs callbacks at the end.
    @discardableResult
    func receive(until deadline: Deadline) throws(MultiprocessingError) -> Bool {
        try requireNoFailure()
        try requireUsable()
        if case .ended = state {
            if lostCount == 0 { return false }
            throw MultiprocessingError(.invalidState, "the pool was terminated, and \(lostCount) tasks with it")
        }
        try requireNoCoding()
        if channel.unsentBytes > 0 || ledger.hasReleased {
            flush()
            try requireNoFailure()
        }
        guard try fill(until: deadline) else { return false }
        isCoding = true
        channel.takeFrames { frame, bytes in
            take(frame, UnsafeRawBufferPointer(rebasing: bytes[PoolFrame.byteCount...]))
        }
        isCoding = false
        if channel.isAtEnd {
            try managerHasEnded()
        }
        if case .failed(let error) = state {
            abandonTasks(error)
        }
        announce()
        try requireUsable()
        return true
    }

    /// Reads what has arrived, once; false on a timeout.
    private func fill(until deadline: Deadline) throws(MultiprocessingError) -> Bool {
        // With an expired deadline, as after `wait(for:)`, read at once without polling first.
        let waits = !deadline.hasPassed
        if waits {
            guard try waitForInput(until: deadline) else { return false }
        }
        do throws(Errno) {
            return try channel.fill() || waits
        } catch {
            throw MultiprocessingError.systemCall("recv", error)
        }
    }

    private func waitForInput(until deadline: Deadline) throws(MultiprocessingError) -> Bool {
        var entries = [pollfd(fd: channel.number, events: Int16(POLLIN), revents: 0)]
        if channel.unsentBytes > 0 {
            entries[0].events |= Int16(POLLOUT)
        }
        return try poll(&entries, until: deadline) > 0
    }

    private func take(_ frame: PoolFrame, _ payload: UnsafeRawBufferPointer) {
        switch frame.kind {
        case .initializerFailed:
            let text = String(decoding: payload, as: UTF8.self)
            state = .failed(
                MultiprocessingError(
                    .initializerFailed,
                    text.isEmpty ? "the pool's workers end before they are ready; the last one" : text,
                    pid: frame.worker, status: text.isEmpty ? frame.exitStatus : nil))
            endManager()
        case .poolManagerFailed:
            let text = String(decoding: payload, as: UTF8.self)
            state = .failed(
                MultiprocessingError(
                    .managerDied, "the pool manager failed: \(text)",
                    errno: frame.status == 0 ? nil : Errno(rawValue: frame.status), pid: managerPID))
            endManager()
        case .inspection:
            inspection = stride(from: 0, to: payload.count, by: MemoryLayout<PoolStatus.Worker>.stride).map {
                payload.loadUnaligned(fromByteOffset: $0, as: PoolStatus.Worker.self)
            }
        case .log: Log.take(payload)
        default:
            guard let (receiver, position) = receivers.take(frame.task) else { return }
            _ = ledger.takeOut(frame.task)
            if receiver.receive(frame, payload, at: position) {
                announcements.append(receiver)
            }
        }
    }

    /// Throws if sending has failed, after the tasks were told.
    private func requireNoFailure() throws(MultiprocessingError) {
        if owner.isCurrent, case .failed(let error) = state {
            abandonTasks(error)
            announce()
            throw error
        }
    }

    private func abandonTasks(_ error: MultiprocessingError) {
        _ = ledger.takeAll()
        for receiver in receivers.abandon(error) {
            announcements.append(receiver)
        }
    }

    /// Schedules a receiver's callbacks.
    func willAnnounce(_ receiver: TaskReceiver) {
        announcements.append(receiver)
    }

    /// Runs the callbacks of finished results.
    func announce() {
        while let receiver = announcements.next() {
            receiver.announce()
        }
    }

    // MARK: The end

    func close(cancelWaiting: Bool) {
        guard case .open = state, owner.isCurrent else { return }
        state = .closed
        if cancelWaiting {
            channel.enqueue(PoolFrame(.withdraw))
        }
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
        // A child inherits the object with the memory; the processes belong to its parent.
        guard owner.isCurrent else { return }
        if case .ended = state { return }
        if case .failed = state { return }
        state = .ended
        lostCount = receivers.missing
        endManager()
        abandonTasks(MultiprocessingError(.cancelled, "the pool was terminated before the task had a result"))
        announce()
    }

    var waitState: WaitState {
        // In another process the descriptor's number may be another file.
        guard owner.isCurrent else { return .never }
        // A waiting thread submits nothing more.
        if !isCoding, channel.unsentBytes > 0 {
            flush()
        }
        return switch state {
        case .open, .closed:
            .descriptor(FileDescriptor(rawValue: channel.number), writable: channel.unsentBytes > 0)
        case .failed: .ready
        case .ended: .never
        }
    }

    /// Closes the channel, which makes the pool manager end its workers and itself, and waits for that.
    private func endManager() {
        channel.endSending()
        channel.endReceiving()
        _ = try? manager.wait(until: Deadline(after: nil))
    }

    private func managerHasEnded() throws(MultiprocessingError) {
        let status = try manager.wait(until: Deadline(after: nil))
        if case .closed = state, receivers.missing == 0, status == .exited(0) {
            state = .ended
            return
        }
        if case .failed = state { return }
        state = .failed(
            MultiprocessingError(.managerDied, "the pool manager ended", pid: managerPID, status: status))
    }

    private func requireNoCoding() throws(MultiprocessingError) {
        guard !isCoding else {
            throw MultiprocessingError(
                .invalidState, "a pool cannot be used while its inputs or outputs are being encoded or decoded")
        }
    }

    private func requireUsable() throws(MultiprocessingError) {
        guard owner.isCurrent else {
            throw MultiprocessingError(
                .invalidState, "a pool can only be used by the process that made it (\(owner.pid))")
        }
        if case .failed(let error) = state { throw error }
    }
}

extension PoolLink: Waitable {}
