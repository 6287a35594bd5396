import Digests
import Files
import Ground
import Run

/// Lines about one of many files, with the file's ordinal, by which `join` restores the order of a single run.
struct ShareRecord {
    let ordinal: UInt64
    let lines: ArraySlice<UInt8>

    private static let headBytes = 12

    /// The record's bytes: the ordinal in 8 bytes, the length of the lines in 4, and the lines.
    ///
    /// - Parameter lines: less than 4 GiB.
    static func bytes(_ ordinal: UInt64, _ lines: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headBytes + lines.count)
        bytes.append(littleEndian: ordinal)
        bytes.append(littleEndian: UInt32(lines.count))
        return bytes + lines
    }

    /// Takes the record at the start of `bytes`; nil if there is none.
    init?(takenFrom bytes: inout ArraySlice<UInt8>) {
        guard bytes.count >= ShareRecord.headBytes else { return nil }
        let (ordinal, count) = bytes.withUnsafeBytes {
            ($0.littleEndian(UInt64.self, at: 0), Int($0.littleEndian(UInt32.self, at: 8)))
        }
        let rest = bytes.dropFirst(ShareRecord.headBytes)
        guard count <= rest.count else { return nil }
        (self.ordinal, lines) = (ordinal, rest.prefix(count))
        bytes = rest.dropFirst(count)
    }
}

/// Writes the file of a part with the lines of a share of many files.
package final class SharePartWriter {
    private let writer: PartWriter
    private let settings: [String]
    private var records: [UInt8] = []
    private static let blockBytes = 1 << 16

    /// Opens the part's file.
    ///
    /// - Parameters:
    ///   - path: the part's file.
    ///   - lines: what the lines are.
    package init(
        _ part: Part, to path: String, _ lines: ShareLines, _ policy: OutputPolicy
    ) throws(PoolmapError) {
        settings = lines.settings
        writer = try PartWriter(PartTable(PartJob(NameTally(), settings), part), to: path, policy)
    }

    /// Writes whole records, made by `record`.
    package func write(_ records: [UInt8]) throws(PoolmapError) {
        self.records += records
        if self.records.count >= SharePartWriter.blockBytes { try flush() }
    }

    /// The record of a file's lines.
    package static func record(_ ordinal: UInt64?, _ lines: [UInt8]) -> [UInt8] {
        ShareRecord.bytes(ordinal ?? 0, lines)
    }

    private func flush() throws(PoolmapError) {
        guard !records.isEmpty else { return }
        try writer.take(records, byteCount: 0)
        records.removeAll(keepingCapacity: true)
    }

    /// Completes the part once all names have been seen, and gives its file its name.
    package func commit(_ tally: NameTally) throws(PoolmapError) {
        try flush()
        _ = try writer.finish(PartJob(tally, settings))
    }
}

/// What the lines of many files are; the same in all shares.
package struct ShareLines {
    let settings: [String]

    /// Digests, in a format that does not depend on the file's name.
    package static func digests(_ algorithms: [HashAlgorithm], _ style: DigestLine.Style, endsWithNull: Bool) -> Self {
        ShareLines(
            settings: algorithms.map { "algorithm=\($0.partSetting)" } + [
                "lines=\(style.rawValue)", "zero=\(endsWithNull)",
            ])
    }

    /// Sections of a manifest.
    package static func manifests(_ scheme: ManifestScheme) -> Self {
        ShareLines(
            settings: [
                "algorithm=\(scheme.algorithm.partSetting)", "lines=manifest", "chunk-size=\(scheme.chunkBytes)",
            ])
    }
}
