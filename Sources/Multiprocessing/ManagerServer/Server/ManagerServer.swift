import CMultiprocessing
import Glibc
import SystemPackage

/// The server process that holds a `Manager`'s objects: one thread, which waits only in one `epoll_wait`.
///
///     client ──request──> server ──> object
///     client <───reply─── server
///
/// A request that cannot be answered yet is kept as a `Waiter` in the line of its object, and answered when another
/// request makes that possible. Timeouts are kept by the client, which asks for an answer when its time is up
/// (`cancel`). A client's requests are read only while it reads its replies. If a client sends something that no client
/// of this library would send, its connection is closed; nothing else is affected.
///
/// When a client dies, its connections close: its waiting requests are withdrawn, and with the last connection its
/// locks go to the next waiters. The server itself can be killed at any time: its objects are lost, all connections
/// close, and every proxy reports it. The server ends when its creator does, which it notices in two ways: the
/// creator's end of `control` closes, and the kernel sends it SIGTERM, which also interrupts a method that does not
/// return.
final class ManagerServer: ClientKeeper {
    private static let listeningTag: UInt64 = 1 << 32
    private static let controlTag: UInt64 = 2 << 32

    let identity: UInt64 = .random(in: 1 ... .max)
    private let control: Int32
    private var waiting: EventQueue
    private let listening: PrivateDescriptor
    private let reception: Reception
    private let types: [String: any ServedType]
    private var objects: [UInt64: ServedObject] = [:]
    private var names: [String: UInt64] = [:]
    private var sessions: [UInt64: ServedSession] = [:]
    /// Indexed by the number of the socket.
    private var clients: [ServedClient?] = []
    /// Clients with unsent replies.
    private var listed: [ServedClient] = []
    private var lastObject: UInt64 = 0
    private var lastStamp: UInt64 = 0
    /// The buffer for reading: few requests need more room, and a silent client needs no buffer.
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    init(
        _ bound: BoundSocket, control: Int32, key: AuthenticationKey, types: [any ServedType]
    ) throws(MultiprocessingError) {
        self.control = control
        self.types = Dictionary(uniqueKeysWithValues: types.map { ($0.name, $0) })
        waiting = try EventQueue(batch: 64)
        listening = PrivateDescriptor(owning: bound.number)
        reception = try Reception(at: bound.number, key: key, patience: .seconds(10))
        try waiting.add(reception.descriptor, EventQueue.readable, tag: ManagerServer.listeningTag)
        try waiting.add(control, EventQueue.readable, tag: ManagerServer.controlTag)
    }

    deinit {
        scratch.deallocate()
    }

    /// Serves until the creator closes the control socket.
    func run() throws(MultiprocessingError) {
        while try attend(until: Deadline(after: nil)) {}
    }

    /// Handles one round of events, waiting until the deadline; false when the creator has closed the control socket.
    func attend(until deadline: Deadline) throws(MultiprocessingError) -> Bool {
        var hasVisitors = false
        for event in try waiting.wait(until: deadline) {
            switch event.data.u64 {
            case ManagerServer.controlTag: return false
            case ManagerServer.listeningTag: hasVisitors = true
            case let number: attend(toClient: Int(number), event.events)
            }
        }
        // Last, so that a new connection cannot reuse the number of one that ended in this round.
        if hasVisitors {
            admit()
        }
        return true
    }

    /// A number that no other change has had.
    func nextStamp() -> UInt64 {
        lastStamp += 1
        return lastStamp
    }

    // MARK: Clients

    private func admit() {
        do throws(MultiprocessingError) {
            // Wrapped at once, so that all are closed if one of them cannot be watched.
            for client in try reception.admit().map({ ServedClient(owning: $0.socket, of: self) }) {
                while clients.count <= Int(client.number) { clients.append(nil) }
                try waiting.add(client.number, client.events, tag: UInt64(client.number))
                clients[Int(client.number)] = client
            }
        } catch {
            // The reception tries again soon.
            Log.warning("the manager cannot accept connections: \(error)")
        }
    }

    private func attend(toClient number: Int, _ events: UInt32) {
        guard let client = clients[number] else { return }
        if events & EventQueue.writable != 0 {
            list(client)
        }
        if events & EventQueue.readable != 0 {
            receive(from: client)
        } else if events & EventQueue.ended != 0 {
            end(client, hasRead: client.outgoing.isEmpty)
        }
        flushListed()
    }

    private func receive(from client: ServedClient) {
        let isFresh = client.incoming.isEmpty
        let space = isFresh ? UnsafeMutableRawBufferPointer(rebasing: scratch[...]) : roomForMore(of: client)
        let count = recv(client.number, space.baseAddress, space.count, Int32(MSG_DONTWAIT))
        guard count > 0 else {
            // The kernel distinguishes a normal close from one with unread data.
            if count == 0 || (errno != EAGAIN && errno != EINTR) { end(client, hasRead: count == 0) }
            return
        }
        if isFresh {
            let bytes = UnsafeRawBufferPointer(rebasing: space.prefix(count))
            guard let used = carryOutRequests(in: bytes, of: client) else { return end(client) }
            client.incoming.append(bytes: UnsafeRawBufferPointer(rebasing: bytes.dropFirst(used)))
        } else {
            client.incoming.commit(count)
            goOn(with: client)
        }
    }

    /// The buffer grows with the bytes received, never by the announced length.
    private func roomForMore(of client: ServedClient) -> UnsafeMutableRawBufferPointer {
        client.incoming.prepareToWrite(atLeast: min(max(client.incoming.count, 1 << 16), 1 << 20))
    }

    /// Carries out the requests in the client's buffer.
    private func goOn(with client: ServedClient) {
        guard let used = carryOutRequests(in: client.incoming.readable, of: client) else { return end(client) }
        client.incoming.consume(used)
        if client.incoming.isEmpty {
            client.incoming.removeAll()
        }
    }

    /// Carries out all complete requests, and returns their size in bytes; nil if the connection must be closed.
    private func carryOutRequests(in bytes: UnsafeRawBufferPointer, of client: ServedClient) -> Int? {
        var offset = 0
        while bytes.count - offset >= ManagerServerRequest.byteCount, !client.isSlow {
            let request = bytes.loadUnaligned(fromByteOffset: offset, as: ManagerServerRequest.self)
            let length = Int(request.argumentBytes)
            guard length <= ManagerServerRequest.maximumArgumentBytes else { return nil }
            let start = offset + ManagerServerRequest.byteCount
            guard bytes.count - start >= length else { break }
            guard carryOut(request, UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]), of: client) else {
                return nil
            }
            offset = start + length
        }
        return offset
    }

    /// - Parameter hasRead: whether the client has read everything that was sent to it.
    private func end(_ client: ServedClient, hasRead: Bool = true) {
        guard clients[Int(client.number)] === client else { return }
        clients[Int(client.number)] = nil
        waiting.remove(client.number)
        // A child of ours, started by a method, could have a copy of the socket; the client must still notice.
        shutdown(client.number, Int32(SHUT_RDWR))
        if let waiter = client.waiter {
            client.waiter = nil
            waiter.object.withdraw(waiter, isTimedOut: false)
        }
        if !(hasRead && client.outgoing.isEmpty) {
            client.takeBack()
        }
        guard let session = client.session else { return }
        session.connectionCount -= 1
        if session.connectionCount == 0 {
            sessions[session.number] = nil
            for lock in session.heldLocks.values { lock.recover() }
        }
    }

    // MARK: Replies

    /// Lists a client with unsent replies.
    @inline(__always)
    func list(_ client: ServedClient) {
        if !client.isListed {
            client.isListed = true
            listed.append(client)
        }
    }

    private func flushListed() {
        // Ending a client can give its lock to another, which must then get its reply.
        while let client = listed.popLast() {
            client.isListed = false
            flush(client)
        }
    }

    private func flush(_ client: ServedClient) {
        guard clients[Int(client.number)] === client else { return }
        let wasSlow = client.isSlow
        guard client.flush() else { return end(client, hasRead: false) }
        var events = client.isSlow ? 0 : EventQueue.readable
        if !client.outgoing.isEmpty {
            events |= EventQueue.writable
        }
        if events != client.events {
            client.events = events
            try? waiting.change(client.number, events, tag: UInt64(client.number))
        }
        if wasSlow && !client.isSlow {
            goOn(with: client)
        }
    }
}

// MARK: - Requests

extension ManagerServer {
    /// Carries out one request; false if a client of this library could not have sent it now.
    private func carryOut(_ header: ManagerServerRequest, _ bytes: UnsafeRawBufferPointer, of client: ServedClient)
        -> Bool
    {
        guard let operation = ManagerServerOperation(rawValue: header.operation) else { return false }
        var arguments = ItemReader(bytes)
        if operation != .cancel { client.hasRead() }
        guard let session = client.session else {
            return operation == .hello && greet(client, &arguments)
        }
        if operation == .cancel {
            // If nothing waits, the answer and the cancellation have crossed.
            if let waiter = client.waiter { waiter.object.withdraw(waiter, isTimedOut: true) }
            return true
        }
        guard client.waiter == nil else { return false }
        let request = ServedRequest(
            operation: operation, isImpatient: header.flags & ManagerServerRequest.impatient != 0,
            thread: header.thread,
            client: client, session: session)
        do throws(RequestFault) {
            if header.object == 0 {
                try perform(request, &arguments)
            } else if let object = objects[header.object] {
                try object.perform(request, &arguments)
            } else {
                throw .refused("the manager has no object \(header.object); it was removed")
            }
        } catch {
            switch error {
            case .malformed: return false
            case .refused(let text): client.refuse(text)
            }
        }
        return true
    }

    private func greet(_ client: ServedClient, _ arguments: inout ItemReader) -> Bool {
        guard let server = arguments.number(UInt64.self), let number = arguments.number(UInt64.self) else {
            return false
        }
        guard server == 0 || server == identity else {
            client.reply(.absent)
            return true
        }
        let session = sessions[number] ?? ServedSession(number)
        sessions[number] = session
        session.connectionCount += 1
        client.session = session
        client.reply(.done) {
            $0.append(identity)
            $0.append(Int64(getpid()))
        }
        return true
    }

    /// Requests to the server itself.
    private func perform(_ request: ServedRequest, _ arguments: inout ItemReader) throws(RequestFault) {
        let client = request.client
        switch request.operation {
        case .make:
            let number = add(try makeObject(try kind(&arguments), &arguments))
            client.reply(.done) { $0.append(number) }
        case .remove:
            let number = try arguments.required(UInt64.self)
            guard let object = objects.removeValue(forKey: number) else { return client.reply(.absent) }
            for (name, _) in names.filter({ $0.value == number }) { names[name] = nil }
            for waiter in object.takeWaiters() { waiter.refuse("the object was removed from the manager") }
            client.reply(.done)
        case .publish:
            let number = try arguments.required(UInt64.self)
            guard objects[number] != nil else { throw .refused("the manager has no object \(number)") }
            names[try arguments.requiredText()] = number
            client.reply(.done)
        case .find:
            let kind = try kind(&arguments)
            let name = try arguments.requiredText()
            guard let number = names[name], let object = objects[number] else { return client.reply(.absent) }
            guard object.isOf(kind) else { throw .refused("\(name) has the kind \(object.kind), not \(kind)") }
            client.reply(.done) { $0.append(number) }
        case .objectCount: client.reply(.done) { $0.append(Int64(objects.count)) }
        default: throw .malformed
        }
    }

    private func add(_ object: ServedObject) -> UInt64 {
        lastObject += 1
        objects[lastObject] = object
        return lastObject
    }

    private func kind(_ arguments: inout ItemReader) throws(RequestFault) -> ManagerServerObjectKind {
        guard let kind = ManagerServerObjectKind(rawValue: try arguments.required(UInt8.self)) else { throw .malformed }
        return kind
    }

    private func makeObject(
        _ kind: ManagerServerObjectKind, _ arguments: inout ItemReader
    ) throws(RequestFault) -> ServedObject {
        switch kind {
        case .dictionary, .namespace: ServedDictionary(kind)
        case .list, .array, .value: try ServedList(kind, &arguments, of: self)
        case .queue: ServedQueue(limit: max(0, Int(try arguments.required(Int64.self))))
        case .lock: ServedLock(isRecursive: false)
        case .recursiveLock: ServedLock(isRecursive: true)
        case .semaphore:
            ServedSemaphore(
                value: max(0, Int(try arguments.required(Int64.self))),
                isBounded: try arguments.required(UInt8.self) != 0)
        case .event: ServedEvent()
        case .condition: try makeCondition(try arguments.required(UInt64.self))
        case .barrier:
            ServedBarrier(
                parties: max(1, Int(try arguments.required(Int64.self))),
                timeout: try arguments.required(UInt64.self))
        case .instance: try makeInstance(try arguments.requiredText(), try arguments.requiredItem())
        }
    }

    private func makeCondition(_ lock: UInt64) throws(RequestFault) -> ServedObject {
        guard lock != 0 else { return ServedCondition(nil) }
        guard let lock = objects[lock] as? ServedLock else { throw .refused("the condition's lock was removed") }
        return ServedCondition(lock)
    }

    private func makeInstance(
        _ name: String, _ argument: UnsafeRawBufferPointer
    ) throws(RequestFault) -> ServedObject {
        guard let type = types[name] else { throw .refused("no type \(name) is registered with the manager") }
        do {
            return try type.makeInstance(argument)
        } catch {
            throw .refused("\(name): \(error)")
        }
    }
}
