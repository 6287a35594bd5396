import Digests
import Ground
import Run

/// Writes one file's section of a manifest as its chunks become known.
///
/// The text is held back until it is complete, so that a file that fails leaves nothing; or until there is 1 MiB of it,
/// to limit memory.
final class ManifestWriter: ChunkSink {
    private let scheme: ManifestScheme
    private let write: ([UInt8]) throws(PoolmapError) -> Void
    private var text: [UInt8] = []
    private var byteCount: UInt64 = 0
    private var root: any PieceHasher
    private var end: any PieceHasher
    /// How much of `text` has been hashed into `end`.
    private var hashedCount = 0

    private static let mostHeldBytes = 1 << 20

    /// - Parameters:
    ///   - name: the file's name, by which a check will find it.
    ///   - write: takes the text, in parts.
    init(_ scheme: ManifestScheme, name: String, write: @escaping ([UInt8]) throws(PoolmapError) -> Void) {
        self.scheme = scheme
        self.write = write
        root = scheme.algorithm.wholeHasher()
        end = scheme.algorithm.wholeHasher()
        add(ManifestText.identifier, number: ManifestText.version)
        add(ManifestText.algorithm, scheme.algorithm.name.rawValue.utf8)
        add(ManifestText.chunkSize, number: scheme.chunkBytes)
        add(ManifestText.file, ManifestText.escaped(name))
    }

    func take(_ digests: [UInt8], byteCount count: UInt64) throws(PoolmapError) {
        try scheme.requireDigests(digests, of: count)
        digests.withUnsafeBytes { root.update($0) }
        let pieceEnd = byteCount + count
        for start in stride(from: 0, to: digests.count, by: scheme.digestBytes) {
            let length = min(scheme.chunkBytes, pieceEnd - byteCount)
            add("\(byteCount) \(length) ".utf8, digest: digests[start..<start + scheme.digestBytes])
            byteCount += length
        }
        if text.count >= ManifestWriter.mostHeldBytes {
            try flush()
        }
    }

    func finish(byteCount all: UInt64) throws(PoolmapError) -> JobSummary {
        guard byteCount == all else {
            throw PoolmapError(.failed, "\(byteCount) of \(all) bytes were hashed")
        }
        let digest = root.finish()
        add(ManifestText.size, number: byteCount)
        add(ManifestText.root, digest: digest)
        hashLines()
        add(ManifestText.end, digest: end.finish())
        try write(text)
        return JobSummary(inputBytes: byteCount, digests: [hexadecimal(digest)])
    }

    private func add(_ word: some Sequence<UInt8>, _ value: some Sequence<UInt8>) {
        text += word
        text += value
        text.append(UInt8(ascii: "\n"))
    }

    private func add(_ word: [UInt8], number: UInt64) {
        add(word, "\(number)".utf8)
    }

    private func add(_ word: some Sequence<UInt8>, digest: some Collection<UInt8>) {
        add(word, hexadecimal(digest).utf8)
    }

    private func hashLines() {
        text.withUnsafeBytes { end.update(UnsafeRawBufferPointer(rebasing: $0[hashedCount...])) }
        hashedCount = text.count
    }

    private func flush() throws(PoolmapError) {
        hashLines()
        try write(text)
        text.removeAll(keepingCapacity: true)
        hashedCount = 0
    }
}

extension ManifestScheme {
    /// Throws unless there is one digest for each chunk.
    func requireDigests(_ digests: [UInt8], of byteCount: UInt64) throws(PoolmapError) {
        let count = byteCount / chunkBytes + (byteCount % chunkBytes > 0 ? 1 : 0)
        guard UInt64(digests.count) == count * UInt64(digestBytes) else {
            throw PoolmapError(.failed, "internal error: unexpected number of digests from a worker")
        }
    }
}
