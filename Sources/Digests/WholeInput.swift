import Crypto
import Ground

/// A hash function of swift-crypto, which hashes an input from start to end.
package struct CryptoHasher<Hash: HashFunction>: PieceHasher {
    private var function = Hash()

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        function.update(bufferPointer: bytes)
    }

    package mutating func finish() -> [UInt8] {
        Array(function.finalize())
    }
}

package typealias SHA256Hasher = CryptoHasher<SHA256>
typealias SHA512Hasher = CryptoHasher<SHA512>
typealias SHA1Hasher = CryptoHasher<Insecure.SHA1>
typealias MD5Hasher = CryptoHasher<Insecure.MD5>

/// The digest of an input that was hashed in one piece.
struct OneDigestJoiner: PieceJoiner {
    private var digest: [UInt8]?

    mutating func add(_ piece: [UInt8], byteCount: UInt64) throws(PoolmapError) {
        guard digest == nil else { throw PoolmapError(.failed, "got two digests of the whole input") }
        digest = piece
    }

    mutating func finish() throws(PoolmapError) -> String {
        guard let digest else { throw PoolmapError(.failed, "the digest is missing") }
        return hexadecimal(digest)
    }
}
