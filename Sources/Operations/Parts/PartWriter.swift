import Files
import Ground
import Run

/// Writes the file of a part whose pieces are so small that the front has them: of digests, what a joiner has to know.
final class PartWriter {
    /// Where its pieces are.
    let share: Range<UInt64>
    /// Nil where the file is there already.
    private let output: OutputFile?
    private var table: PartTable
    private var pieces: [UInt8] = []
    /// Whether the file is there already, whole, so that there is nothing to do.
    var isThere: Bool { output == nil }

    /// Which part it is.
    var number: Part { table.part }

    /// - Parameters:
    ///   - pieceBytes: the size of all pieces but the last.
    ///   - path: the part's file, which is opened, unless it is there already and whole.
    init(
        _ part: Part, of input: InputFile, in pieceBytes: UInt64, to path: String, _ policy: OutputPolicy,
        _ operation: PartJob.Operation, _ settings: [String]
    ) throws(PoolmapError) {
        share = try part.share(of: input, inPiecesOf: pieceBytes)
        table = PartTable(try PartJob(input, operation, settings), part, share)
        let isThere = !policy.replaces && table.isThere(path)
        output = isThere ? nil : try OutputFile(Place(path: path), policy, for: nil)
    }

    /// Notes what is known of the next piece, which has so many bytes.
    func take(_ piece: [UInt8], byteCount: UInt64) {
        table.rows.append(
            PartRow(
                byteCount: UInt64(piece.count), contentBytes: byteCount,
                checksum: piece.withBytes { CRC32C.checksum(of: $0) }))
        pieces += piece
    }

    func finish(byteCount: UInt64) throws(PoolmapError) -> JobSummary {
        let bytes = pieces + (try table.serialized())
        try bytes.withBytes { (bytes) throws(PoolmapError) in try output?.write(bytes, at: 0) }
        _ = try output?.commit(of: nil, inputBytes: byteCount, outputBytes: UInt64(bytes.count))
        return JobSummary(inputBytes: share.upperBound - share.lowerBound, outputBytes: UInt64(bytes.count))
    }
}
