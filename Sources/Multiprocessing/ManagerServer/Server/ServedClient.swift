import CMultiprocessing
import Glibc

/// A process that is connected to the server, with all of its connections.
final class ServedSession {
    let number: UInt64
    var connectionCount = 0
    /// What others get when the process ends.
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

/// What a client needs of its server.
protocol ClientKeeper: AnyObject {
    /// Takes note of a client that has something to be sent.
    func list(_ client: ServedClient)

    /// Unlike that of any other change of any object.
    func nextStamp() -> UInt64
}

/// One connection of a client, as the server has it.
final class ServedClient {
    /// No more is read from a client that leaves so much unread.
    static let maximumUnsentBytes = 1 << 20

    let number: Int32
    let server: any ClientKeeper
    var incoming = ByteBuffer()
    private(set) var outgoing = ByteBuffer()
    /// Nil until the client has said who it is.
    var session: ServedSession?
    /// The request that is held back.
    var waiter: Waiter?
    /// What the last reply hands over, as long as it is not known whether the client has read it.
    private var handover: (object: ServedObject, bytes: [UInt8])?
    /// It waits in the server's list of those who have something to be sent.
    var isListed = false
    /// What the server was last asked to be told.
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

    /// Takes note that the reply hands over something which must not get lost with a client that never reads it.
    func handsOver(_ bytes: [UInt8], of object: ServedObject) {
        handover = (object, bytes)
    }

    /// The client has read the last reply: it asks for something new.
    @inline(__always)
    func hasRead() {
        if handover != nil { handover = nil }
    }

    /// The client has ended without reading its last reply: what that hands over goes back to where it was.
    func takeBack() {
        guard let (object, bytes) = handover else { return }
        handover = nil
        object.takeBack(bytes)
    }

    /// Sends what the kernel takes now; false when nobody can read it any more.
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
/// It lies in the line of one object, and may move on to that of another: from a condition to its lock.
final class Waiter {
    let client: ServedClient
    let session: ServedSession
    let thread: UInt64
    var object: ServedObject
    /// What a queue is to be given.
    var bytes: [UInt8] = []
    /// How many times over the lock was held that is to be held again.
    var depth = 1
    /// How the request ends once the lock is there; nil where it asks for nothing but the lock.
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

/// Those who wait for the same thing; the first gets it first.
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

    /// All of them, who then wait no longer.
    mutating func takeAll() -> [Waiter] {
        defer { waiters = [] }
        return waiters
    }
}
