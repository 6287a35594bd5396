import Files
import Ground
import Run

/// Writes the file of a part whose pieces are small enough to pass through the front, such as the inputs of digest
/// joiners.
final class PartWriter {
    /// nil if the file is already there.
    private let output: OutputFile?
    private var table: PartTable
    private var buffer: [UInt8] = []
    private var byteCount: UInt64 = 0
    /// Whether the file is already there and complete, so that there is nothing to do.
    var isThere: Bool { output == nil }
    /// The range of its pieces in the input.
    var share: Range<UInt64> { table.range }
    /// Which part it is.
    var number: Part { table.part }

    private static let bufferBytes = 1 << 20

    /// Opens the part's file.
    ///
    /// - Parameter table: a table without pieces.
    init(_ table: PartTable, to path: String, _ policy: OutputPolicy) throws(PoolmapError) {
        self.table = table
        output = try OutputFile(Place(path: path), policy, for: nil)
    }

    /// Opens the file for a part of an input, unless it is already there and complete.
    ///
    /// - Parameter pieceBytes: the size of all pieces but the last.
    init(
        _ part: Part, of input: InputFile, in pieceBytes: UInt64, to path: String, _ policy: OutputPolicy,
        _ operation: PartJob.Operation, _ settings: [String]
    ) throws(PoolmapError) {
        let share = try part.share(of: input, inPiecesOf: pieceBytes)
        table = PartTable(try PartJob(input, operation, settings), part, share)
        let isThere = !policy.replaces && table.isThere(path)
        output = isThere ? nil : try OutputFile(Place(path: path), policy, for: nil)
    }

    /// Writes the data of the next piece, which covers `byteCount` bytes of the input.
    func take(_ piece: [UInt8], byteCount: UInt64) throws(PoolmapError) {
        table.rows.append(
            PartRow(
                byteCount: UInt64(piece.count), contentBytes: byteCount,
                checksum: piece.withBytes { CRC32C.checksum(of: $0) }))
        buffer += piece
        if buffer.count >= PartWriter.bufferBytes { try flush() }
    }

    private func flush() throws(PoolmapError) {
        try buffer.withBytes { (bytes) throws(PoolmapError) in try output?.write(bytes, at: byteCount) }
        byteCount += UInt64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Completes the part and gives its file its name.
    ///
    /// - Parameter inputBytes: the size of the whole input.
    func finish(byteCount inputBytes: UInt64) throws(PoolmapError) -> JobSummary {
        buffer += try table.serialized()
        try flush()
        _ = try output?.commit(of: nil, inputBytes: inputBytes, outputBytes: byteCount)
        return JobSummary(inputBytes: share.upperBound - share.lowerBound, outputBytes: byteCount)
    }

    /// The same for a part whose job is known only at its end.
    func finish(_ job: PartJob) throws(PoolmapError) -> JobSummary {
        table.job = job
        table.range = number.share(of: job.inputBytes)
        return try finish(byteCount: job.inputBytes)
    }
}
