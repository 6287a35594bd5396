import Crypto

/// SHA-256, as swift-crypto has it.
struct SHA256Function: StreamFunction {
    private var function = SHA256()
    mutating func update(_ bytes: UnsafeRawBufferPointer) { function.update(bufferPointer: bytes) }
    mutating func finish() -> [UInt8] { Array(function.finalize()) }
}

/// SHA-512, as swift-crypto has it.
struct SHA512Function: StreamFunction {
    private var function = SHA512()
    mutating func update(_ bytes: UnsafeRawBufferPointer) { function.update(bufferPointer: bytes) }
    mutating func finish() -> [UInt8] { Array(function.finalize()) }
}

/// SHA-1, as swift-crypto has it.
struct SHA1Function: StreamFunction {
    private var function = Insecure.SHA1()
    mutating func update(_ bytes: UnsafeRawBufferPointer) { function.update(bufferPointer: bytes) }
    mutating func finish() -> [UInt8] { Array(function.finalize()) }
}

/// MD5, as swift-crypto has it.
struct MD5Function: StreamFunction {
    private var function = Insecure.MD5()
    mutating func update(_ bytes: UnsafeRawBufferPointer) { function.update(bufferPointer: bytes) }
    mutating func finish() -> [UInt8] { Array(function.finalize()) }
}
