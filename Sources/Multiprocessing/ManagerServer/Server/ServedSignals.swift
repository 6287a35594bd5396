/// A semaphore in the server.
///
/// Units have no owner: those that a process has not released when it ends stay acquired.
final class ServedSemaphore: ServedObject {
    private var value: Int
    /// The maximum value; nil for none.
    private let bound: Int?
    private var line = WaitingLine()

    init(value: Int, isBounded: Bool) {
        self.value = value
        bound = isBounded ? value : nil
        super.init(.semaphore)
    }

    override func perform(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        switch request.operation {
        case .acquire: acquire(request)
        case .release: try release(request, Int(clamping: try arguments.required(Int64.self)))
        case .count: request.client.reply(.done) { $0.append(Int64(value)) }
        default: throw .malformed
        }
    }

    private func acquire(_ request: ServedRequest) {
        if value > 0 {
            value -= 1
            request.client.handsOver([], of: self)
            request.client.reply(.done)
        } else if request.isImpatient {
            request.client.reply(.timedOut)
        } else {
            line.append(Waiter(request, at: self))
        }
    }

    private func release(_ request: ServedRequest, _ count: Int) throws(RequestFault) {
        let (sum, isTooMuch) = value.addingReportingOverflow(count)
        guard count >= 1, !isTooMuch else {
            throw .refused("invalid number of units to release: \(count)")
        }
        if let bound, sum > bound { throw .refused("the semaphore was released more often than acquired") }
        value = sum
        passOn()
        request.client.reply(.done)
    }

    private func passOn() {
        while value > 0, let waiter = line.next() {
            value -= 1
            waiter.client.handsOver([], of: self)
            waiter.answer(.done)
        }
    }

    override func takeBack(_ bytes: [UInt8]) {
        // Another process may have released the unit meanwhile.
        guard value < bound ?? .max else { return }
        value += 1
        passOn()
    }

    override func withdraw(_ waiter: Waiter, isTimedOut: Bool) {
        line.remove(waiter)
        if isTimedOut { waiter.answer(.timedOut) }
    }

    override func takeWaiters() -> [Waiter] {
        line.takeAll()
    }
}

/// An event in the server.
final class ServedEvent: ServedObject {
    private var isRaised = false
    private var line = WaitingLine()

    init() {
        super.init(.event)
    }

    override func perform(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        let client = request.client
        switch request.operation {
        case .raise:
            isRaised = true
            for waiter in line.takeAll() { waiter.answer(.done) }
            client.reply(.done)
        case .lower:
            isRaised = false
            client.reply(.done)
        case .isRaised: client.reply(isRaised ? .done : .absent)
        case .wait:
            if isRaised {
                client.reply(.done)
            } else if request.isImpatient {
                client.reply(.timedOut)
            } else {
                line.append(Waiter(request, at: self))
            }
        default: throw .malformed
        }
    }

    override func withdraw(_ waiter: Waiter, isTimedOut: Bool) {
        line.remove(waiter)
        if isTimedOut { waiter.answer(.timedOut) }
    }

    override func takeWaiters() -> [Waiter] {
        line.takeAll()
    }
}

/// A barrier in the server.
///
/// If a party gives up, or its process ends while it waits, the barrier is broken: otherwise the others would wait
/// forever.
final class ServedBarrier: ServedObject {
    private let parties: Int
    /// The default timeout in nanoseconds, which clients apply.
    private let timeout: UInt64
    private var line = WaitingLine()
    private var isBroken = false

    init(parties: Int, timeout: UInt64) {
        self.parties = parties
        self.timeout = timeout
        super.init(.barrier)
    }

    override func perform(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        let client = request.client
        switch request.operation {
        case .wait: wait(request)
        case .reset:
            dismissAll()
            isBroken = false
            client.reply(.done)
        case .abort:
            isBroken = true
            dismissAll()
            client.reply(.done)
        case .barrierState:
            client.reply(.done) {
                $0.append(Int64(line.count))
                $0.append(UInt8(isBroken ? 1 : 0))
                $0.append(Int64(parties))
                $0.append(timeout)
            }
        default: throw .malformed
        }
    }

    private func wait(_ request: ServedRequest) {
        guard !isBroken else { return request.client.reply(.broken) }
        if line.count + 1 == parties {
            for (index, waiter) in line.takeAll().enumerated() {
                waiter.answer(.done) { $0.append(Int64(index)) }
            }
            request.client.reply(.done) { $0.append(Int64(parties - 1)) }
        } else if request.isImpatient {
            isBroken = true
            dismissAll()
            request.client.reply(.broken)
        } else {
            line.append(Waiter(request, at: self))
        }
    }

    private func dismissAll() {
        for waiter in line.takeAll() { waiter.answer(.broken) }
    }

    override func withdraw(_ waiter: Waiter, isTimedOut: Bool) {
        line.remove(waiter)
        isBroken = true
        dismissAll()
        if isTimedOut { waiter.answer(.broken) }
    }

    override func takeWaiters() -> [Waiter] {
        line.takeAll()
    }
}
