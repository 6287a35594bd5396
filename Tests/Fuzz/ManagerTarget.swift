import Glibc

@testable import Multiprocessing

extension FuzzTarget {
    /// The server of a manager, with a client that knows the key and sends anything.
    ///
    /// The server must survive it, and serve the next one.
    static let manager = FuzzTarget(
        name: "manager", mostBytes: 1024, leastEdges: 800,
        seeds: {
            func request(_ operation: ManagerServerOperation, on object: UInt8, _ arguments: [UInt8] = []) -> [UInt8] {
                let raw = operation.rawValue
                return [UInt8(raw & 255), UInt8(raw >> 8), 1, object, UInt8(arguments.count)] + arguments
            }
            let (one, item) = ([1, 0, 0, 0, 0, 0, 0, 0] as [UInt8], [2, 0, 0, 0, 7, 7] as [UInt8])
            func make(_ kind: ManagerServerObjectKind, _ arguments: [UInt8] = []) -> [UInt8] {
                request(.make, on: 0, [kind.rawValue] + arguments)
            }
            return [
                make(.dictionary) + request(.set, on: 1, item + item) + request(.get, on: 1, item)
                    + request(.update, on: 1, item + item) + request(.items, on: 1) + request(.popLast, on: 1)
                    + request(.getStamped, on: 1, item) + request(.setDefault, on: 1, item + item),
                make(.list, item + item) + request(.append, on: 1, item) + request(.insert, on: 1, one + item)
                    + request(.slice, on: 1, [UInt8](repeating: 0, count: 8) + one) + request(.pop, on: 1)
                    + request(.exchange, on: 1, one + one + item) + request(.reverse, on: 1) + request(.values, on: 1),
                make(.queue, one) + request(.put, on: 1, item) + request(.put, on: 1, item) + request(.take, on: 1)
                    + request(.taskDone, on: 1) + request(.join, on: 1) + request(.state, on: 1),
                make(.semaphore, one + [1]) + request(.acquire, on: 1) + request(.release, on: 1, one),
                make(.lock) + make(.condition, one) + request(.acquire, on: 1) + request(.wait, on: 2)
                    + request(.cancel, on: 0) + request(.notify, on: 2, one) + request(.release, on: 1),
                make(.barrier, one) + request(.wait, on: 1) + request(.abort, on: 1) + request(.barrierState, on: 1),
                make(.event) + request(.raise, on: 1) + request(.wait, on: 1) + request(.lower, on: 1)
                    + request(.publish, on: 0, one + [1, 0, 0, 0, 97])
                    + request(.find, on: 0, [ManagerServerObjectKind.event.rawValue, 1, 0, 0, 0, 97])
                    + request(.remove, on: 0, one) + request(.objectCount, on: 0),
            ]
        },
        run: { bytes in
            do {
                let server = try OwnServer()
                let strangers = [try OwnClient(of: server), try OwnClient(of: server)]
                strangers.forEach { $0.say(hello(session: $0.number), server) }
                var choices = Choices(bytes)
                while !choices.isEmpty {
                    let kind = choices.byte()
                    strangers[Int(kind >> 7)].say(requestBytes(&choices), server, listens: kind & 0x40 == 0)
                }
                strangers.forEach { $0.leave(server) }
                let last = try OwnClient(of: server)
                last.say(hello(session: 9), server)
                require(last.heard.count == 32, "the server does not answer the next client")
                last.leave(server)
            } catch {
                require(false, "\(error)")
            }
        })

    private static func hello(session: UInt64) -> [UInt8] {
        var bytes = ByteBuffer()
        bytes.append(ManagerServerRequest(.hello, on: 0, isImpatient: false))
        bytes.patch(UInt32(16), at: 0)
        bytes.append(UInt64(0))
        bytes.append(session)
        return [UInt8](bytes.readable)
    }

    /// Expands a short form to a request, or returns any bytes.
    private static func requestBytes(_ choices: inout Choices) -> [UInt8] {
        let operation = choices.number(UInt16.self)
        let flags = choices.byte()
        let object = choices.byte()
        let arguments = choices.bytes(Int(choices.byte()))
        if flags & 0x80 != 0 { return arguments }
        var header = ByteBuffer()
        header.append(UInt32(arguments.count))
        header.append(operation)
        header.append(UInt16(flags & 1))
        header.append(UInt64(object))
        header.append(UInt64(flags >> 1 & 1))
        return [UInt8](header.readable) + arguments
    }
}

/// A server in this process, which works when told to.
private final class OwnServer {
    let server: ManagerServer
    let address: Address
    let key = AuthenticationKey()
    private let name: SocketName?
    private let control: (Int32, Int32)

    init() throws {
        let bound = try BoundSocket(at: .fresh, backlog: 8)
        (name, address) = (bound.name, bound.address)
        control = try makeSocketPair()
        server = try ManagerServer(bound, control: control.1, key: key, types: [])
    }

    deinit {
        name?.remove()
        close(control.0)
        close(control.1)
    }

    /// Does what can be done now.
    func work() throws {
        require(try server.attend(until: Deadline(after: .zero)), "the server wants to end")
    }
}

private final class OwnClient {
    let number: UInt64
    private(set) var heard: [UInt8] = []
    private let socket: Int32
    nonisolated(unsafe) private static var count: UInt64 = 0

    init(of own: OwnServer) throws {
        OwnClient.count += 1
        number = OwnClient.count
        guard case .unix = own.address, let address = try SocketAddress.resolve(own.address, passive: false).first
        else { fatalError("the server listens at \(own.address)") }
        socket = try address.makeSocket().release()
        let descriptor = socket
        require(address.withPointer { connect(descriptor, $0, $1) } == 0, "the server is not there")
        var handshake = Handshake(as: .client, key: own.key)
        try handshake.begin(over: descriptor)
        try own.work()
        var turns = 0
        while !(try handshake.advance(over: descriptor)) {
            try own.work()
            turns += 1
            require(turns < 8, "the handshake does not end")
        }
        try own.work()
    }

    func say(_ bytes: [UInt8], _ own: OwnServer, listens: Bool = true) {
        // The server may have closed the connection.
        _ = send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        do {
            try own.work()
        } catch {
            require(false, "\(error)")
        }
        guard listens else { return }
        var space = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &space, space.count, Int32(MSG_DONTWAIT))
        heard = Array(space.prefix(max(0, count)))
    }

    func leave(_ own: OwnServer) {
        // The server notices if something is unread.
        close(socket)
        do {
            try own.work()
        } catch {
            require(false, "\(error)")
        }
    }
}
