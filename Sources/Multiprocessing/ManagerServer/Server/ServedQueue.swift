/// A queue in the server.
final class ServedQueue: ServedObject {
    /// 0 for no limit.
    private let limit: Int
    private var items = TaskQueue<[UInt8]>()
    private var count = 0
    /// Items that were put and not yet reported as done.
    private var unfinished = 0
    private var takers = WaitingLine()
    private var putters = WaitingLine()
    private var joiners = WaitingLine()

    init(limit: Int) {
        self.limit = limit
        super.init(.queue)
    }

    override func perform(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        switch request.operation {
        case .put: put(try arguments.requiredBytes(), request)
        case .take: take(request)
        case .taskDone: try finishOne(request.client)
        case .join: join(request)
        case .state:
            request.client.reply(.done) {
                $0.append(Int64(count))
                $0.append(Int64(limit))
            }
        default: throw .malformed
        }
    }

    private func put(_ bytes: [UInt8], _ request: ServedRequest) {
        if limit == 0 || count < limit {
            add(bytes)
            request.client.reply(.done)
        } else if request.isImpatient {
            request.client.reply(.timedOut)
        } else {
            let waiter = Waiter(request, at: self)
            waiter.bytes = bytes
            putters.append(waiter)
        }
    }

    private func add(_ bytes: [UInt8]) {
        unfinished += 1
        if let taker = takers.next() {
            hand(bytes, to: taker)
        } else {
            items.append(bytes)
            count += 1
        }
    }

    private func hand(_ bytes: [UInt8], to taker: Waiter) {
        taker.client.handsOver(bytes, of: self)
        taker.answer(.done) { $0.append(item: bytes) }
    }

    override func takeBack(_ bytes: [UInt8]) {
        if let taker = takers.next() {
            hand(bytes, to: taker)
        } else {
            items.putBack(bytes)
            count += 1
        }
    }

    private func take(_ request: ServedRequest) {
        if let bytes = items.next() {
            count -= 1
            request.client.handsOver(bytes, of: self)
            request.client.reply(.done) { $0.append(item: bytes) }
            if let putter = putters.next() {
                add(putter.bytes)
                putter.answer(.done)
            }
        } else if request.isImpatient {
            request.client.reply(.timedOut)
        } else {
            takers.append(Waiter(request, at: self))
        }
    }

    private func finishOne(_ client: ServedClient) throws(RequestFault) {
        guard unfinished > 0 else { throw .refused("more items were reported as done than were put") }
        unfinished -= 1
        client.reply(.done)
        if unfinished == 0 {
            for joiner in joiners.takeAll() { joiner.answer(.done) }
        }
    }

    private func join(_ request: ServedRequest) {
        if unfinished == 0 {
            request.client.reply(.done)
        } else if request.isImpatient {
            request.client.reply(.timedOut)
        } else {
            joiners.append(Waiter(request, at: self))
        }
    }

    override func withdraw(_ waiter: Waiter, isTimedOut: Bool) {
        takers.remove(waiter)
        putters.remove(waiter)
        joiners.remove(waiter)
        if isTimedOut { waiter.answer(.timedOut) }
    }

    override func takeWaiters() -> [Waiter] {
        takers.takeAll() + putters.takeAll() + joiners.takeAll()
    }
}
