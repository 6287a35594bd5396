import CMultiprocessing
import Glibc

/// A client process, with all of its connections.
final class ServedSession {
    let number: UInt64
    var connectionCount = 0
    /// The locks that go to other clients when the process ends.
    private(set) var heldLocks: [ObjectIdentifier: ServedObject] = [:]

    init(_ number: UInt64) {
        self.number = number
    }

    func hold(_ lock: ServedObject) {
        heldLocks[ObjectIdentifier(lock)] = lock
    }

    func letGo(of lock: ServedObject) {
        heldLocks[ObjectIdentifier(lock)] = nil
    }
}

/// The part of the server that clients use.
protocol ClientKeeper: AnyObject {
    /// Lists a client with unsent replies.
    func list(_ client: ServedClient)

    /// A number that no other change of any object has.
    func nextStamp() -> UInt64
}

/// One connection of a client, as seen by the server.
final class ServedClient {
    /// No more requests are read from a client with this many unread reply bytes.
    static let maximumUnsentBytes = 1 << 20

    let number: Int32
    let server: any ClientKeeper
    var incoming = ByteBuffer()
    private(set) var outgoing = ByteBuffer()
    /// Nil until the client has introduced itself.
    var session: ServedSession?
    /// The request whose answer is held back.
    var waiter: Waiter?
    /// An item that the last reply hands over, until the client is known to have read it.
    private var handover: (object: ServedObject, bytes: [UInt8])?
    /// Whether it is in the server's list of clients with unsent replies.
    var isListed = false
    /// The events for which it is currently watched.
    var events = EventQueue.readable
    private let socket: PrivateDescriptor

    init(owning socket: Int32, of server: any ClientKeeper) {
        number = socket
        self.socket = PrivateDescriptor(owning: socket)
        self.server = server
    }

    var isSlow: Bool {
        outgoing.count > ServedClient.maximumUnsentBytes
    }

    // MARK: Replies

    @inline(__always)
    func reply(_ status: ManagerServerStatus) {
        outgoing.append(ManagerServerReply(status))
        server.list(self)
    }

    /// Replies with results, which the closure appends.
    @inline(__always)
    func reply(_ status: ManagerServerStatus, _ write: (inout ByteBuffer) -> Void) {
        let start = outgoing.count
        outgoing.append(ManagerServerReply(status))
        write(&outgoing)
        // The length is the first of the header's members.
        outgoing.patch(UInt64(outgoing.count - start - ManagerServerReply.byteCount), at: start)
        server.list(self)
    }

    func refuse(_ text: String) {
        reply(.refused) { $0.append(item: text) }
    }

    // MARK: Handing over

    /// Records that the reply hands over an item that must not be lost if the client never reads it.
    func handsOver(_ bytes: [UInt8], of object: ServedObject) {
        handover = (object, bytes)
    }

    /// The client has read the last reply, since it sends a new request.
    @inline(__always)
    func hasRead() {
        if handover != nil { handover = nil }
    }

    /// The client has ended without reading its last reply: the item goes back to its object.
    func takeBack() {
        guard let (object, bytes) = handover else { return }
        handover = nil
        object.takeBack(bytes)
    }

    /// Sends what the kernel accepts now; false if the other end is closed.
    func flush() -> Bool {
        while outgoing.count > 0 {
            let bytes = outgoing.readable
            let sent = send(number, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            if sent < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN
            }
            outgoing.consume(sent)
        }
        outgoing.removeAll()
        return true
    }
}

/// A request that cannot be answered yet.
///
/// It is in the line of one object, and may move to that of another: from a condition to its lock.
final class Waiter {
    let client: ServedClient
    let session: ServedSession
    let thread: UInt64
    var object: ServedObject
    /// The item to put into a queue.
    var bytes: [UInt8] = []
    /// How many times the lock must be held again.
    var depth = 1
    /// The status of the request once it has the lock; nil if it only asks for the lock.
    var outcome: ManagerServerStatus?

    init(_ request: ServedRequest, at object: ServedObject) {
        client = request.client
        session = request.session
        thread = request.thread
        self.object = object
        client.waiter = self
    }

    func answer(_ status: ManagerServerStatus) {
        client.waiter = nil
        client.reply(status)
    }

    func answer(_ status: ManagerServerStatus, _ write: (inout ByteBuffer) -> Void) {
        client.waiter = nil
        client.reply(status, write)
    }

    func refuse(_ text: String) {
        client.waiter = nil
        client.refuse(text)
    }
}

/// Waiters for the same object, in order of arrival.
struct WaitingLine {
    private var waiters: [Waiter] = []

    var count: Int { waiters.count }
    var isEmpty: Bool { waiters.isEmpty }

    mutating func append(_ waiter: Waiter) {
        waiters.append(waiter)
    }

    mutating func next() -> Waiter? {
        waiters.isEmpty ? nil : waiters.removeFirst()
    }

    mutating func remove(_ waiter: Waiter) {
        waiters.removeAll { $0 === waiter }
    }

    /// Removes and returns all waiters.
    mutating func takeAll() -> [Waiter] {
        defer { waiters = [] }
        return waiters
    }
}
