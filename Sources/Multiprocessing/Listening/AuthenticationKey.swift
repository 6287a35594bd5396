import CBlake3

/// A secret that both ends of a connection must know.
///
///     let key = AuthenticationKey()                        // 32 random bytes
///     let shared = try AuthenticationKey("from a file")    // the same on both sides
///
/// It is never sent in a handshake and never printed. It controls who may connect; later messages are neither encrypted
/// nor protected against anyone who can read or change network packets.
///
/// Anyone who observes handshakes can try keys offline, so use random bytes rather than a word.
///
/// The corresponding Python notion is the `authkey` of `multiprocessing.current_process()`.
public struct AuthenticationKey: Sendable {
    let bytes: [UInt8]

    /// Makes a new key of 32 random bytes from the kernel.
    ///
    /// The corresponding Python expression is `os.urandom(32)`.
    public init() {
        bytes = AuthenticationKey.randomBytes()
    }

    /// Takes a key from bytes.
    ///
    /// Throws `invalidState` for an empty sequence. The corresponding Python API is
    /// `multiprocessing.process.AuthenticationString`.
    public init(bytes: some Sequence<UInt8>) throws(MultiprocessingError) {
        self.bytes = Array(bytes)
        guard !self.bytes.isEmpty else {
            throw MultiprocessingError(.invalidState, "the authentication key is empty")
        }
    }

    /// Takes the UTF-8 bytes of a text as a key.
    ///
    /// Throws `invalidState` when the text is empty. The corresponding Python API is
    /// `multiprocessing.process.AuthenticationString`.
    public init(_ text: String) throws(MultiprocessingError) {
        try self.init(bytes: text.utf8)
    }

    static let randomByteCount = 32
    /// The size of a derived key too.
    static let proofBytes = 32

    static func randomBytes() -> [UInt8] {
        // On Linux this generator asks the kernel, for eight bytes at a time.
        var generator = SystemRandomNumberGenerator()
        return (0..<randomByteCount / 8).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
    }

    /// A proof that the key is known: the key's message authentication code for this message.
    func proof(of message: [UInt8]) -> [UInt8] {
        let context = "poolmap Multiprocessing 2026 proof that an authentication key is known"
        let derivation = context.utf8CString.withUnsafeBytes { blake3_derive_key_mode($0.baseAddress, $0.count - 1) }
        return blake3_keyed_mode(derivation.hash(of: bytes)).hash(of: message)
    }

    /// Whether the other end has proved that it knows the key; takes the same time for every wrong proof.
    func isProved(by proof: ArraySlice<UInt8>, of message: [UInt8]) -> Bool {
        AuthenticationKey.areEqual(Array(proof), self.proof(of: message))
    }

    /// Compares in constant time for equal lengths.
    private static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension blake3_mode {
    fileprivate func hash(of message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: AuthenticationKey.proofBytes) { hash, initialized in
            withUnsafePointer(to: self) { blake3_hash($0, message, message.count, hash.baseAddress, hash.count) }
            initialized = hash.count
        }
    }
}

extension AuthenticationKey: Equatable {
    /// Compares in constant time for keys of equal length.
    public static func == (left: AuthenticationKey, right: AuthenticationKey) -> Bool {
        areEqual(left.bytes, right.bytes)
    }
}

extension AuthenticationKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// A fixed text that reveals nothing of the key.
    public var description: String { "an authentication key" }

    /// A fixed text that reveals nothing of the key.
    public var debugDescription: String { description }

    /// Empty, so that `dump` reveals nothing either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
