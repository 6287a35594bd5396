import Glibc
import SystemPackage

/// What the two ends of a new connection say to each other before anything else.
///
///     client                                                listener
///       ── hello: magic, version, role, flags, nonce ──────────>
///       <───────────── hello: magic, version, role, flags, nonce ──     both at once
///       ── the client's proof ──────────────────────────────────>     only where both have a key
///       <─────────────── a verdict, and the listener's proof ──
///
/// A proof is the keyed BLAKE3 hash, under a key that is derived from the secret, of the prover's role and of both hellos.
/// The nonces are random and of both sides, so an old proof fits no new handshake; the role is part of it, so sending a
/// proof back to its maker proves nothing. The client proves first: to a stranger the listener gives nothing that depends
/// on the key. Who has a key talks only to someone who has it too, and who has none only to someone who has none, so a
/// forgotten key is an error on both sides and not a silence.
///
/// Until it is done the other end may be anyone. All messages have fixed sizes, no more than the next one is read, and
/// descriptors that come with them are never taken in: the kernel drops them, as nobody asks for them.
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

    /// Says hello.
    ///
    /// Does not block.
    func begin(over socket: Int32) throws(MultiprocessingError) {
        try send(ownHello, over: socket)
    }

    /// Reads and answers what is there; true once both sides know that it is done.
    ///
    /// Does not block. Throws `authenticationFailed` when the other end is not the right one, `endOfFile` when it has
    /// closed the connection.
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
            throw Handshake.failure("the other end sends back what it is sent")
        }
        let theyHaveKey = hello[Handshake.magic.count + 1] & Handshake.hasKey != 0
        switch (key, theyHaveKey) {
        case (nil, false):
            step = .done
        case (nil, true):
            throw Handshake.failure("the other end asks for an authentication key, and this one has none")
        case (_?, false):
            throw Handshake.failure("the other end has no authentication key, and this one asks for it")
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
            throw Handshake.failure("the other end has another authentication key")
        }
        try send([1] + key.proof(of: statement(of: .listener)), over: socket)
        step = .done
    }

    private mutating func takeVerdict(_ verdict: [UInt8]) throws(MultiprocessingError) {
        guard verdict[0] == 1, let key, key.isProved(by: verdict[1...], of: statement(of: .listener)) else {
            throw Handshake.failure("the other end has another authentication key")
        }
        step = .done
    }

    /// What the proof of this role is about.
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

    /// Reads up to the end of the awaited message; whether it is whole.
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
            // Someone who speaks another language is told from one who is slow by the first bytes.
            if step == .hello, zip(input, Handshake.magic).contains(where: { $0 != $1 }) {
                throw Handshake.failure("the other end does not speak this protocol, or another version of it")
            }
        }
        return true
    }

    private func send(_ message: [UInt8], over socket: Int32) throws(MultiprocessingError) {
        do throws(Errno) {
            let count = try retryingInterrupted {
                Glibc.send(socket, message, message.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            // The first few bytes of a connection always find room in its buffer.
            guard count == message.count else { throw .wouldBlock }
        } catch {
            throw Handshake.closed
        }
    }

    private static var closed: MultiprocessingError {
        MultiprocessingError(.endOfFile, "the other end has closed the connection in the middle of the handshake")
    }
}
