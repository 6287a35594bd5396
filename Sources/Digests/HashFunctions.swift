import CLibcrypto

/// A cryptographic hash function of libcrypto, which hashes an input from beginning to end.
package protocol HashFunction: PieceHasher {
    static var digestBytes: Int { get }
    /// The function updates its state after this many bytes.
    static var blockBytes: Int { get }
    init()
}

/// The digest that a function like `SHA256_Final` writes.
private func digest(bytes: Int, _ final: (UnsafeMutablePointer<UInt8>?) -> Int32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: bytes) { space, count in
        _ = final(space.baseAddress)
        count = bytes
    }
}

package struct SHA256Hasher: HashFunction {
    package static var digestBytes: Int { 32 }
    package static var blockBytes: Int { 64 }
    private var context = SHA256_CTX()

    package init() { SHA256_Init(&context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA256_Update(&context, bytes.baseAddress, bytes.count)
    }

    package mutating func finish() -> [UInt8] {
        digest(bytes: Self.digestBytes) { SHA256_Final($0, &context) }
    }
}

struct SHA512Hasher: HashFunction {
    static var digestBytes: Int { 64 }
    static var blockBytes: Int { 128 }
    private var context = SHA512_CTX()

    init() { SHA512_Init(&context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA512_Update(&context, bytes.baseAddress, bytes.count)
    }

    mutating func finish() -> [UInt8] {
        digest(bytes: Self.digestBytes) { SHA512_Final($0, &context) }
    }
}

struct SHA1Hasher: HashFunction {
    static var digestBytes: Int { 20 }
    static var blockBytes: Int { 64 }
    private var context = SHA_CTX()

    init() { SHA1_Init(&context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA1_Update(&context, bytes.baseAddress, bytes.count)
    }

    mutating func finish() -> [UInt8] {
        digest(bytes: Self.digestBytes) { SHA1_Final($0, &context) }
    }
}

struct MD5Hasher: HashFunction {
    static var digestBytes: Int { 16 }
    static var blockBytes: Int { 64 }
    private var context = MD5_CTX()

    init() { MD5_Init(&context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        MD5_Update(&context, bytes.baseAddress, bytes.count)
    }

    mutating func finish() -> [UInt8] {
        digest(bytes: Self.digestBytes) { MD5_Final($0, &context) }
    }
}
