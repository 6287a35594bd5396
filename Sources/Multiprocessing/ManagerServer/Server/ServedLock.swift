/// A lock in the server, recursive or not, which survives the process that holds it.
///
/// A plain lock belongs to a process, and any of its threads may release it; a recursive one belongs to a thread. If
/// the process has ended, or has closed all its connections, the lock goes to the next waiter or caller, which is told
/// so.
final class ServedLock: ServedObject {
    private let isRecursive: Bool
    private var holder: (session: ServedSession, thread: UInt64)?
    private var depth = 0
    /// The last holder has ended while holding it, and no one has been told yet.
    private var isAbandoned = false
    private var line = WaitingLine()

    init(isRecursive: Bool) {
        self.isRecursive = isRecursive
        super.init(isRecursive ? .recursiveLock : .lock)
    }

    override func perform(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        switch request.operation {
        case .acquire: try acquire(request)
        case .release: try release(request)
        case .isHeld: request.client.reply(holder == nil ? .absent : .done)
        default: throw .malformed
        }
    }

    func acquire(_ request: ServedRequest) throws(RequestFault) {
        guard let holder else {
            let waiter = Waiter(request, at: self)
            return grant(to: waiter)
        }
        if holder.session === request.session && holder.thread == request.thread {
            guard isRecursive else { throw .refused("the calling thread already holds this lock") }
            depth += 1
            request.client.reply(.done)
        } else if request.isImpatient {
            request.client.reply(.timedOut)
        } else {
            line.append(Waiter(request, at: self))
        }
    }

    func release(_ request: ServedRequest) throws(RequestFault) {
        try requireHolder(request, to: "release it")
        depth -= 1
        if depth == 0 { passOn() }
        request.client.reply(.done)
    }

    func requireHolder(_ request: ServedRequest, to purpose: String) throws(RequestFault) {
        guard let holder, holder.session === request.session, !isRecursive || holder.thread == request.thread else {
            throw .refused("only the \(isRecursive ? "thread" : "process") that holds the lock can \(purpose)")
        }
    }

    // MARK: Conditions

    /// Releases the lock, however many times it is held, and returns that number.
    func releaseWholly() -> Int {
        defer { passOn() }
        return depth
    }

    /// Puts a former holder in line for the lock again.
    func enqueue(_ waiter: Waiter) {
        waiter.object = self
        if holder == nil {
            grant(to: waiter)
        } else {
            line.append(waiter)
        }
    }

    // MARK: Passing on

    private func passOn() {
        holder?.session.letGo(of: self)
        holder = nil
        depth = 0
        if let next = line.next() { grant(to: next) }
    }

    private func grant(to waiter: Waiter) {
        holder = (waiter.session, waiter.thread)
        depth = waiter.depth
        waiter.session.hold(self)
        if let outcome = waiter.outcome {
            // The request was for more than the lock; this is its answer.
            waiter.answer(outcome)
        } else {
            waiter.answer(isAbandoned ? .recovered : .done)
            isAbandoned = false
        }
    }

    /// Takes the lock from a process that has ended.
    override func recover() {
        isAbandoned = true
        passOn()
    }

    override func withdraw(_ waiter: Waiter, isTimedOut: Bool) {
        // A request that a condition has woken comes back with the lock, even after its time is up.
        if isTimedOut && waiter.outcome != nil { return }
        line.remove(waiter)
        if isTimedOut { waiter.answer(.timedOut) }
    }

    override func takeWaiters() -> [Waiter] {
        line.takeAll()
    }
}

/// A condition in the server, with its own lock or another object's.
final class ServedCondition: ServedObject {
    private let lock: ServedLock
    private let ownsLock: Bool
    private var line = WaitingLine()

    /// - Parameter lock: a lock that is an object of its own; nil makes a recursive one for this condition.
    init(_ lock: ServedLock?) {
        self.lock = lock ?? ServedLock(isRecursive: true)
        ownsLock = lock == nil
        super.init(.condition)
    }

    override func perform(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        switch request.operation {
        case .acquire: try lock.acquire(request)
        case .release: try lock.release(request)
        case .isHeld: try lock.perform(request, &arguments)
        case .wait: try wait(request)
        case .notify: try notify(request, Int(clamping: try arguments.required(Int64.self)))
        default: throw .malformed
        }
    }

    private func wait(_ request: ServedRequest) throws(RequestFault) {
        try lock.requireHolder(request, to: "wait")
        guard !request.isImpatient else { return request.client.reply(.timedOut) }
        let waiter = Waiter(request, at: self)
        waiter.depth = lock.releaseWholly()
        line.append(waiter)
    }

    private func notify(_ request: ServedRequest, _ count: Int) throws(RequestFault) {
        try lock.requireHolder(request, to: "notify")
        for _ in 0..<max(0, min(count, line.count)) {
            guard let waiter = line.next() else { break }
            waiter.outcome = .done
            lock.enqueue(waiter)
        }
        request.client.reply(.done)
    }

    override func withdraw(_ waiter: Waiter, isTimedOut: Bool) {
        line.remove(waiter)
        if isTimedOut {
            waiter.outcome = .timedOut
            lock.enqueue(waiter)
        }
    }

    override func takeWaiters() -> [Waiter] {
        line.takeAll() + (ownsLock ? lock.takeWaiters() : [])
    }
}
