import Digests
import Files
import Ground
import Run

/// Lines about one of many files, and which of all files that is: so `join` puts them in the order of one run.
struct ShareRecord {
    let ordinal: UInt64
    let lines: ArraySlice<UInt8>

    private static let headBytes = 12

    /// As it is written: the ordinal in 8 bytes, the length of the lines in 4, and the lines.
    ///
    /// - Parameter lines: less than 4 GiB.
    static func bytes(_ ordinal: UInt64, _ lines: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headBytes + lines.count)
        bytes.append(littleEndian: ordinal)
        bytes.append(littleEndian: UInt32(lines.count))
        return bytes + lines
    }

    /// Takes the record that `bytes` begin with; nil where there is none.
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

/// Writes the file of a part that has a share of many files: their lines.
package final class SharePartWriter {
    private let writer: PartWriter
    private let settings: [String]
    private var records: [UInt8] = []
    private static let blockBytes = 1 << 16

    /// Opens the part's file.
    ///
    /// - Parameters:
    ///   - path: the part's file.
    ///   - lines: what they are.
    package init(
        _ part: Part, to path: String, _ lines: ShareLines, _ policy: OutputPolicy
    ) throws(PoolmapError) {
        settings = lines.settings
        writer = try PartWriter(PartTable(PartJob(NameTally(), settings), part), to: path, policy)
    }

    /// Writes whole records, as `record` makes them.
    package func write(_ records: [UInt8]) throws(PoolmapError) {
        self.records += records
        if self.records.count >= SharePartWriter.blockBytes { try flush() }
    }

    /// The lines of a file, as they stand in the part.
    package static func record(_ ordinal: UInt64?, _ lines: [UInt8]) -> [UInt8] {
        ShareRecord.bytes(ordinal ?? 0, lines)
    }

    private func flush() throws(PoolmapError) {
        guard !records.isEmpty else { return }
        try writer.take(records, byteCount: 0)
        records.removeAll(keepingCapacity: true)
    }

    /// All names have been seen: the file appears.
    package func commit(_ tally: NameTally) throws(PoolmapError) {
        try flush()
        _ = try writer.finish(PartJob(tally, settings))
    }
}

/// What the lines of many files are: all shares write the same.
package struct ShareLines {
    let settings: [String]

    /// Digests, in a form whose name of a file says nothing.
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
