import Ground
import Run
import SystemPackage

/// What is wrong with a file, by its manifest.
package enum ManifestFinding: Hashable, Sendable {
    /// It has another size, in bytes.
    case size(UInt64, expected: UInt64)
    /// The chunks of these bytes are not as they should be, or not there.
    case damaged(ClosedRange<UInt64>)
}

/// Holds a file's chunks against a section of a manifest.
///
/// Findings are held back until the file has been seen through, so that one that changes meanwhile gets no verdict; or
/// until there are many, so that they take no more memory.
final class ManifestComparison: ChunkSink {
    private let manifest: ManifestFile
    private let section: ManifestSection
    private let chunks: Range<UInt64>
    private let report: (ManifestFinding) -> Void
    private lazy var lines = manifest.lines(of: section)
    private lazy var parser = ManifestChunkParser(section.scheme)
    /// The next chunk to be compared.
    private var next: UInt64
    /// Damaged chunks whose end is not known yet.
    private var damaged: Range<UInt64>?
    private var findings: [ManifestFinding] = []
    private var hasReported = false

    private static let mostHeldFindings = 1 << 14

    /// - Parameters:
    ///   - chunks: those that will be taken.
    ///   - report: takes what is found, in the order of the bytes.
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
                throw PoolmapError(.failed, "more chunks were hashed than there are")
            }
            let length = min(rest, scheme.chunkBytes)
            rest -= length
            let expected = try expectedDigest()
            // What a CRC says of a part of a chunk may happen to be what it says of the whole.
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

    /// What the manifest says of the next chunk.
    private func expectedDigest() throws(PoolmapError) -> [UInt8] {
        while true {
            let index = parser.byteCount / section.scheme.chunkBytes
            guard let line = try lines.next() else { throw manifest.changed }
            do throws(PoolmapError) {
                let digest = try parser.parse(line, lines)
                if index == next { return digest }
            } catch {
                // It was right a moment ago.
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
            // The file lacks them.
            addDamage(next..<chunks.upperBound)
        }
        closeDamage()
        if !hasRightSize(byteCount) {
            findings.insert(.size(byteCount, expected: section.byteCount), at: hasReported ? findings.count : 0)
        }
        try manifest.requireUnchanged()
        flush()
        if hasReported {
            throw PoolmapError(.mismatch, "is not as the manifest says")
        }
        return JobSummary(inputBytes: UInt64(section.bytes(of: chunks).count))
    }

    /// A part that does not reach the end says nothing of what is behind it.
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
