import Crypto
/// SHA-256, as swift-crypto has it.
package struct SHA256Function: StreamFunction {
    private var function = SHA256()
    package init() {}
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { function.update(bufferPointer: bytes) }
    package mutating func finish() -> [UInt8] { Array(function.finalize()) }
}

/// SHA-512, as swift-crypto has it.
struct SHA512Function: StreamFunction {
    private var function = SHA512()
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { function.update(bufferPointer: bytes) }
    package mutating func finish() -> [UInt8] { Array(function.finalize()) }
}

/// SHA-1, as swift-crypto has it.
struct SHA1Function: StreamFunction {
    private var function = Insecure.SHA1()
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { function.update(bufferPointer: bytes) }
    package mutating func finish() -> [UInt8] { Array(function.finalize()) }
}

/// MD5, as swift-crypto has it.
struct MD5Function: StreamFunction {
    private var function = Insecure.MD5()
    package mutating func update(_ bytes: UnsafeRawBufferPointer) { function.update(bufferPointer: bytes) }
    package mutating func finish() -> [UInt8] { Array(function.finalize()) }
}
