import Digests
import Glibc
import Ground

/// One file's section of a manifest, already validated.
struct ManifestSection {
    let scheme: ManifestScheme
    /// The file's name.
    let name: String
    /// The file's size in bytes.
    let byteCount: UInt64
    /// The offset of the first chunk's line in the manifest, and the number of lines before it.
    let chunkLines: (offset: UInt64, number: UInt64)

    var chunkCount: UInt64 {
        byteCount / scheme.chunkBytes + (byteCount % scheme.chunkBytes > 0 ? 1 : 0)
    }

    /// The bytes of these chunks.
    func bytes(of chunks: Range<UInt64>) -> Range<UInt64> {
        chunks.lowerBound * scheme.chunkBytes..<min(chunks.upperBound * scheme.chunkBytes, byteCount)
    }
}

/// Reads a manifest section by section, and validates everything.
struct ManifestReader {
    let lines: ManifestLines

    init(_ lines: ManifestLines) {
        self.lines = lines
    }

    /// The next section; nil at the end.
    ///
    /// Throws `damaged`, with the line number, if anything differs from docs/manifest.md.
    func next() throws(PoolmapError) -> ManifestSection? {
        guard let first = try lines.next() else { return nil }
        try requireVersion(first)
        let firstLine = Array(first)
        let algorithmLine = try line()
        let name = try algorithm(algorithmLine)
        // Only now is it known with which algorithm the first lines are hashed.
        var end = HashAlgorithm(name).wholeHasher()
        firstLine.withUnsafeBytes { end.update($0) }
        end.update(algorithmLine)
        let scheme = try scheme(name, try line(&end))
        let file = try fileName(try line(&end))
        let chunkLines = (offset: lines.position, number: lines.number)
        var chunks = ManifestChunkParser(scheme)
        var root = scheme.algorithm.wholeHasher()
        var next = try line(&end)
        while let first = next.first, ManifestText.isDigit(first) {
            try chunks.parse(next, lines).withUnsafeBytes { root.update($0) }
            next = try line(&end)
        }
        guard let byteCount = value(of: next, ManifestText.size).flatMap(ManifestText.number) else {
            throw lines.damage("is neither a chunk nor a size")
        }
        guard byteCount == chunks.byteCount else {
            throw lines.damage("says \(byteCount) bytes, but the chunks have \(chunks.byteCount)")
        }
        try requireDigest(root.finish(), try line(&end), ManifestText.root, "the digest of the chunks' digests")
        // The line with the digest is not hashed itself.
        let lastLine = try line()
        try requireDigest(end.finish(), lastLine, ManifestText.end, "the digest of the lines before it")
        return ManifestSection(scheme: scheme, name: file, byteCount: byteCount, chunkLines: chunkLines)
    }

    /// The next line of a section that has begun.
    private func line() throws(PoolmapError) -> UnsafeRawBufferPointer {
        guard let line = try lines.next() else {
            throw PoolmapError(.damaged, "line \(lines.number) is the last one, but its section has no end")
        }
        return line
    }

    private func line(_ end: inout any PieceHasher) throws(PoolmapError) -> UnsafeRawBufferPointer {
        let line = try line()
        end.update(line)
        return line
    }

    /// The text after the word at the start of a line, up to the line feed; nil if the line begins with another word.
    private func value(of line: UnsafeRawBufferPointer, _ word: [UInt8]) -> UnsafeRawBufferPointer? {
        guard line.starts(with: word) else { return nil }
        return UnsafeRawBufferPointer(rebasing: line[word.count..<line.count - 1])
    }

    private func requireVersion(_ line: UnsafeRawBufferPointer) throws(PoolmapError) {
        guard let version = value(of: line, ManifestText.identifier).flatMap(ManifestText.number) else {
            throw lines.damage("is not the beginning of a manifest")
        }
        guard version == ManifestText.version else {
            throw PoolmapError(
                .unsupported, "line \(lines.number) says version \(version), which this poolmap cannot read")
        }
    }

    private func algorithm(_ line: UnsafeRawBufferPointer) throws(PoolmapError) -> HashAlgorithm.Name {
        let said = value(of: line, ManifestText.algorithm).map { Array($0) }
        guard let name = ManifestScheme.algorithmNames.first(where: { Array($0.rawValue.utf8) == said }) else {
            throw lines.damage("has no valid algorithm")
        }
        return name
    }

    private func scheme(
        _ name: HashAlgorithm.Name, _ line: UnsafeRawBufferPointer
    ) throws(PoolmapError) -> ManifestScheme {
        let chunkBytes = value(of: line, ManifestText.chunkSize).flatMap(ManifestText.number)
        guard let scheme = chunkBytes.flatMap({ ManifestScheme(name, chunkBytes: $0) }) else {
            throw lines.damage("has no valid chunk size")
        }
        return scheme
    }

    private func fileName(_ line: UnsafeRawBufferPointer) throws(PoolmapError) -> String {
        guard let name = value(of: line, ManifestText.file).flatMap({ ManifestText.name(ofEscaped: $0) }) else {
            throw lines.damage("has no valid file name")
        }
        return name
    }

    private func requireDigest(
        _ digest: [UInt8], _ line: UnsafeRawBufferPointer, _ word: [UInt8], _ meaning: String
    ) throws(PoolmapError) {
        let said = value(of: line, word).flatMap { ManifestText.digest($0, byteCount: digest.count) }
        guard said == digest else {
            throw lines.damage("is not \(meaning), \(hexadecimal(digest))")
        }
    }
}

/// Parses the lines of a section's chunks, which must be contiguous.
struct ManifestChunkParser {
    private let scheme: ManifestScheme
    /// The total size of the chunks so far.
    private(set) var byteCount: UInt64 = 0
    private var hasShortChunk = false

    /// The largest file size that the kernel supports.
    private static let mostBytes = UInt64(Int64.max)

    init(_ scheme: ManifestScheme) {
        self.scheme = scheme
    }

    /// Parses the line of the next chunk, line feed included; returns the digest.
    mutating func parse(_ line: UnsafeRawBufferPointer, _ lines: ManifestLines) throws(PoolmapError) -> [UInt8] {
        guard let (first, rest) = ManifestChunkParser.split(UnsafeRawBufferPointer(rebasing: line.dropLast())),
            let (second, last) = ManifestChunkParser.split(rest), let offset = ManifestText.number(first),
            let length = ManifestText.number(second)
        else {
            throw lines.damage("is not a valid chunk: offset, length and digest")
        }
        guard offset == byteCount else {
            throw lines.damage("begins at \(offset), but the previous chunk ends at \(byteCount)")
        }
        guard (1...scheme.chunkBytes).contains(length), !hasShortChunk else {
            throw lines.damage(
                hasShortChunk
                    ? "follows a chunk that must be the last" : "has an invalid chunk length of \(length) bytes")
        }
        guard offset + length <= ManifestChunkParser.mostBytes else {
            throw lines.damage("is past the largest possible file size")
        }
        guard let digest = ManifestText.digest(last, byteCount: scheme.digestBytes) else {
            throw lines.damage("has no valid \(scheme.algorithm.name.rawValue) digest")
        }
        byteCount += length
        hasShortChunk = length < scheme.chunkBytes
        return digest
    }

    /// The text before the first space, and the text after it.
    private static func split(
        _ bytes: UnsafeRawBufferPointer
    ) -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer)? {
        guard let base = bytes.baseAddress, let space = memchr(base, Int32(UInt8(ascii: " ")), bytes.count) else {
            return nil
        }
        let length = UnsafeRawPointer(space) - base
        return (
            UnsafeRawBufferPointer(rebasing: bytes[..<length]), UnsafeRawBufferPointer(rebasing: bytes[(length + 1)...])
        )
    }
}
