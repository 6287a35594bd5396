import Ground
import Run
import SystemPackage

/// A difference between a file and its manifest.
package enum ManifestFinding: Hashable, Sendable {
    /// Its size differs.
    case size(UInt64, expected: UInt64)
    /// The chunks in this range differ or are missing.
    case damaged(ClosedRange<UInt64>)
}

/// Compares a file's chunks with a section of a manifest.
///
/// Findings are held back until the file has been read, so that a file that changes in the meantime gets no verdict; or
/// until there are many, to limit memory.
final class ManifestComparison: ChunkSink {
    private let manifest: ManifestFile
    private let section: ManifestSection
    private let chunks: Range<UInt64>
    private let report: (ManifestFinding) -> Void
    private lazy var lines = manifest.lines(of: section)
    private lazy var parser = ManifestChunkParser(section.scheme)
    /// The next chunk to compare.
    private var next: UInt64
    /// The current range of damaged chunks.
    private var damaged: Range<UInt64>?
    private var findings: [ManifestFinding] = []
    private var hasReported = false

    private static let mostHeldFindings = 1 << 14

    /// - Parameters:
    ///   - chunks: the chunks to be compared.
    ///   - report: called with each finding, in file order.
    init(
        _ manifest: ManifestFile, _ section: ManifestSection, _ chunks: Range<UInt64>,
        report: @escaping (ManifestFinding) -> Void
    ) {
        self.manifest = manifest
        self.section = section
        self.chunks = chunks
        self.report = report
        next = chunks.lowerBound
    }

    func take(_ digests: [UInt8], byteCount: UInt64) throws(PoolmapError) {
        let scheme = section.scheme
        try scheme.requireDigests(digests, of: byteCount)
        var rest = byteCount
        for start in stride(from: 0, to: digests.count, by: scheme.digestBytes) {
            guard next < chunks.upperBound else {
                throw PoolmapError(.failed, "internal error: more chunks were hashed than there are")
            }
            let length = min(rest, scheme.chunkBytes)
            rest -= length
            let expected = try expectedDigest()
            // The CRC of part of a chunk may happen to equal that of the whole chunk.
            let isWhole = section.bytes(of: next..<next + 1).count == length
            if !isWhole || !digests[start..<start + scheme.digestBytes].elementsEqual(expected) {
                addDamage(next..<next + 1)
            }
            next += 1
        }
        if findings.count >= ManifestComparison.mostHeldFindings {
            flush()
        }
    }

    /// The manifest's digest of the next chunk.
    private func expectedDigest() throws(PoolmapError) -> [UInt8] {
        while true {
            let index = parser.byteCount / section.scheme.chunkBytes
            guard let line = try lines.next() else { throw manifest.changed }
            do throws(PoolmapError) {
                let digest = try parser.parse(line, lines)
                if index == next { return digest }
            } catch {
                // The line was valid a moment ago.
                throw manifest.changed
            }
        }
    }

    private func addDamage(_ more: Range<UInt64>) {
        if let before = damaged, before.upperBound == more.lowerBound {
            damaged = before.lowerBound..<more.upperBound
        } else {
            closeDamage()
            damaged = more
        }
    }

    private func closeDamage() {
        guard let damaged else { return }
        let bytes = section.bytes(of: damaged)
        findings.append(.damaged(bytes.lowerBound...bytes.upperBound - 1))
        self.damaged = nil
    }

    func finish(byteCount: UInt64) throws(PoolmapError) -> JobSummary {
        if next < chunks.upperBound {
            // These chunks are missing from the file.
            addDamage(next..<chunks.upperBound)
        }
        closeDamage()
        if !hasRightSize(byteCount) {
            findings.insert(.size(byteCount, expected: section.byteCount), at: hasReported ? findings.count : 0)
        }
        try manifest.requireUnchanged()
        flush()
        if hasReported {
            throw PoolmapError(.mismatch, "does not match the manifest")
        }
        return JobSummary(inputBytes: UInt64(section.bytes(of: chunks).count))
    }

    /// A part that does not reach the end of the file says nothing about what follows it.
    private func hasRightSize(_ byteCount: UInt64) -> Bool {
        chunks.upperBound == section.chunkCount
            ? byteCount == section.byteCount : byteCount >= section.bytes(of: chunks).upperBound
    }

    private func flush() {
        findings.forEach(report)
        hasReported = hasReported || !findings.isEmpty
        findings.removeAll(keepingCapacity: true)
    }
}
