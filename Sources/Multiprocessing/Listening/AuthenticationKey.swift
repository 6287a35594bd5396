import CBlake3

/// A secret that both ends of a connection have to know.
///
///     let key = AuthenticationKey()                        // 32 random bytes
///     let shared = try AuthenticationKey("from a file")    // the same on both sides
///
/// It never travels in a handshake, nor is it ever printed. What it protects is who may connect; what is sent afterwards
/// is neither hidden from nor protected against those who can read or change the network's packets.
///
/// Who watches handshakes can try keys without asking anyone, so use a random one rather than a word.
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
    /// Throws `invalidState` when there are none: that would be no key. The corresponding Python API is
    /// `multiprocessing.process.AuthenticationString`.
    public init(bytes: some Sequence<UInt8>) throws(MultiprocessingError) {
        self.bytes = Array(bytes)
        guard !self.bytes.isEmpty else {
            throw MultiprocessingError(.invalidState, "an authentication key is empty")
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
    /// Those of a derived key too.
    static let proofBytes = 32

    static func randomBytes() -> [UInt8] {
        // On Linux this generator asks the kernel, for eight bytes at a time.
        var generator = SystemRandomNumberGenerator()
        return (0..<randomByteCount / 8).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
    }

    /// The proof that the key is known: its message authentication code for what was said so far.
    func proof(of message: [UInt8]) -> [UInt8] {
        let context = "poolmap Multiprocessing 2026 proof that an authentication key is known"
        let derivation = context.utf8CString.withUnsafeBytes { blake3_derive_key_mode($0.baseAddress, $0.count - 1) }
        return blake3_keyed_mode(derivation.hash(of: bytes)).hash(of: message)
    }

    /// Whether the other end has proved that it knows the key; takes as long for every wrong proof.
    func isProved(by proof: ArraySlice<UInt8>, of message: [UInt8]) -> Bool {
        AuthenticationKey.areEqual(Array(proof), self.proof(of: message))
    }

    /// Compares in a time that does not tell where two of one length differ.
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
    /// Compares in a time that does not tell where two keys of one length differ.
    public static func == (left: AuthenticationKey, right: AuthenticationKey) -> Bool {
        areEqual(left.bytes, right.bytes)
    }
}

extension AuthenticationKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Says that it is a key, and nothing of it.
    public var description: String { "an authentication key" }

    /// Says that it is a key, and nothing of it.
    public var debugDescription: String { description }

    /// Shows nothing, so that `dump` does not either.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
