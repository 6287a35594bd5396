import Digests
import Ground

/// The list of a tree; only its digest is kept.
struct TreeList {
    /// The version of docs/tree.md.
    private static let version = 1

    /// Something in the tree could not be read, so the list ends and has no digest.
    var hasFailed = false
    private let algorithm: HashAlgorithm
    private var run: DigestRun
    private var byteCount: UInt64 = 0

    init(_ algorithm: HashAlgorithm) {
        self.algorithm = algorithm
        run = DigestRun([algorithm])
    }

    /// The first line.
    var head: [UInt8] {
        Array("poolmap tree \(TreeList.version) \(algorithm.name.rawValue)\n".utf8)
    }

    mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { run.update($0) }
        byteCount += UInt64(bytes.count)
    }

    /// The digest of all lines; call it once.
    mutating func digest() throws(PoolmapError) -> String {
        var join = DigestJoin([algorithm])
        try join.add(run.finish(), byteCount: byteCount)
        return try join.finish().joined()
    }

    static func digest(_ algorithm: HashAlgorithm, of bytes: [UInt8]) throws(PoolmapError) -> String {
        var all = TreeList(algorithm)
        all.add(bytes)
        return try all.digest()
    }
}
