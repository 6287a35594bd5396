import Glibc
import SystemPackage

/// The exchange between the two ends of a new connection before anything else.
///
///     client                                                listener
///       ── hello: magic, version, role, flags, nonce ──────────>
///       <───────────── hello: magic, version, role, flags, nonce ──     both at once
///       ── the client's proof ──────────────────────────────────>     only if both have a key
///       <─────────────── a verdict, and the listener's proof ──
///
/// A proof is the keyed BLAKE3 hash of the prover's role and of both hellos; the key is derived from the secret. The
/// nonces of both sides are random, so an old proof fits no new handshake. The role is included, so sending a proof
/// back to its maker proves nothing. The client proves first: the listener reveals nothing that depends on the key to a
/// stranger. An end with a key only talks to an end with a key, and an end without one only to an end without one, so a
/// forgotten key is an error on both sides instead of a hang.
///
/// Until the handshake is done, the other end is not trusted. All messages have fixed sizes, at most the next one is
/// read, and descriptors that come with them are never received: the kernel drops them, as they are not asked for.
struct Handshake {
    enum Role: UInt8 {
        case listener = 0x4C
        case client = 0x43

        var other: Role { self == .listener ? .client : .listener }
    }

    private enum Step {
        case hello, proof, verdict, done
    }

    static let version: UInt8 = 2
    private static let magic = Array("multiproc".utf8) + [version]
    private static let helloBytes = magic.count + 2 + AuthenticationKey.randomByteCount
    private static let proofBytes = AuthenticationKey.proofBytes
    private static let hasKey: UInt8 = 1

    private let role: Role
    private let key: AuthenticationKey?
    private let ownHello: [UInt8]
    private var theirHello: [UInt8] = []
    private var step = Step.hello
    private var input: [UInt8] = []

    init(as role: Role, key: AuthenticationKey?) {
        self.role = role
        self.key = key
        let flags = key == nil ? 0 : Handshake.hasKey
        ownHello = Handshake.magic + [role.rawValue, flags] + AuthenticationKey.randomBytes()
    }

    /// Sends the hello.
    ///
    /// Does not block.
    func begin(over socket: Int32) throws(MultiprocessingError) {
        try send(ownHello, over: socket)
    }

    /// Reads and answers what has arrived; true once both sides know that the handshake is done.
    ///
    /// Does not block. Throws `authenticationFailed` if the other end is not accepted, and `endOfFile` if it has closed
    /// the connection.
    mutating func advance(over socket: Int32) throws(MultiprocessingError) -> Bool {
        while step != .done {
            guard try fill(from: socket) else { return false }
            let message = input
            input = []
            switch step {
            case .hello: try takeHello(message, socket)
            case .proof: try takeProof(message, socket)
            case .verdict: try takeVerdict(message)
            case .done: break
            }
        }
        return true
    }

    private mutating func takeHello(_ hello: [UInt8], _ socket: Int32) throws(MultiprocessingError) {
        theirHello = hello
        guard hello[Handshake.magic.count] == role.other.rawValue else {
            throw Handshake.failure("the other end echoes this end's messages")
        }
        let theyHaveKey = hello[Handshake.magic.count + 1] & Handshake.hasKey != 0
        switch (key, theyHaveKey) {
        case (nil, false):
            step = .done
        case (nil, true):
            throw Handshake.failure("the other end requires an authentication key, and this end has none")
        case (_?, false):
            throw Handshake.failure("the other end has no authentication key, and this end requires one")
        case (let key?, true):
            step = role == .client ? .verdict : .proof
            if role == .client {
                try send(key.proof(of: statement(of: .client)), over: socket)
            }
        }
    }

    private mutating func takeProof(_ proof: [UInt8], _ socket: Int32) throws(MultiprocessingError) {
        guard let key, key.isProved(by: proof[...], of: statement(of: .client)) else {
            try? send([0] + [UInt8](repeating: 0, count: Handshake.proofBytes), over: socket)
            throw Handshake.failure("the other end has a different authentication key")
        }
        try send([1] + key.proof(of: statement(of: .listener)), over: socket)
        step = .done
    }

    private mutating func takeVerdict(_ verdict: [UInt8]) throws(MultiprocessingError) {
        guard verdict[0] == 1, let key, key.isProved(by: verdict[1...], of: statement(of: .listener)) else {
            throw Handshake.failure("the other end has a different authentication key")
        }
        step = .done
    }

    /// The message that a proof of this role covers.
    private func statement(of prover: Role) -> [UInt8] {
        let (clients, listeners) = role == .client ? (ownHello, theirHello) : (theirHello, ownHello)
        return [prover.rawValue] + clients + listeners
    }

    private static func failure(_ text: String) -> MultiprocessingError {
        MultiprocessingError(.authenticationFailed, text)
    }

    private var awaitedBytes: Int {
        switch step {
        case .hello: Handshake.helloBytes
        case .proof: Handshake.proofBytes
        case .verdict: 1 + Handshake.proofBytes
        case .done: 0
        }
    }

    /// Reads up to the end of the awaited message; returns whether it is complete.
    private mutating func fill(from socket: Int32) throws(MultiprocessingError) -> Bool {
        while input.count < awaitedBytes {
            let wanted = awaitedBytes - input.count
            do throws(Errno) {
                try withUnsafeTemporaryAllocation(byteCount: wanted, alignment: 1) { piece throws(Errno) in
                    let count = try retryingInterrupted {
                        recv(socket, piece.baseAddress, wanted, Int32(MSG_DONTWAIT))
                    }
                    guard count > 0 else { throw .connectionReset }
                    input += piece.prefix(count)
                }
            } catch {
                if error == .wouldBlock { return false }
                throw Handshake.closed
            }
            // The first bytes distinguish an end that speaks another protocol from a slow one.
            if step == .hello, zip(input, Handshake.magic).contains(where: { $0 != $1 }) {
                throw Handshake.failure("the other end speaks another protocol, or another version of this one")
            }
        }
        return true
    }

    private func send(_ message: [UInt8], over socket: Int32) throws(MultiprocessingError) {
        do throws(Errno) {
            let count = try retryingInterrupted {
                Glibc.send(socket, message, message.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            // The first few bytes of a connection always fit in its buffer.
            guard count == message.count else { throw .wouldBlock }
        } catch {
            throw Handshake.closed
        }
    }

    private static var closed: MultiprocessingError {
        MultiprocessingError(.endOfFile, "the other end closed the connection during the handshake")
    }
}
