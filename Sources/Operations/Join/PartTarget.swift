import Files
import Ground
import Run

/// The target of a join, written in order or at any offset.
final class PartTarget {
    private let output: Output
    private let metadata: InputFile?
    private let removesParts: Bool
    /// The end of what was appended.
    private(set) var end: UInt64 = 0

    /// - Parameters:
    ///   - metadata: the file whose mode, owner and times the target gets; nil for those of a new file.
    ///   - removesParts: whether to remove the parts when the target is complete.
    init(
        _ target: Target, _ policy: OutputPolicy, for metadata: InputFile?, removesParts: Bool
    ) throws(PoolmapError) {
        if case .file(let path) = target {
            output = .file(try OutputFile(Place(path: path), policy, for: metadata))
        } else {
            output = .standardOutput(policy)
        }
        (self.metadata, self.removesParts) = (metadata, removesParts)
    }

    /// The name for messages.
    var name: String { output.name }

    /// The file, if workers may write at any offset of it.
    var randomAccess: OutputFile? {
        if case .file(let file) = output, file.allowsRandomAccess { return file }
        return nil
    }

    /// Writes at an offset; a target without random access must be written in order.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(PoolmapError) {
        try output.write(bytes, at: offset)
    }

    /// Writes after what was appended before.
    func append(_ bytes: [UInt8]) throws(PoolmapError) {
        try bytes.withBytes { (bytes) throws(PoolmapError) in try output.write(bytes, at: end) }
        end += UInt64(bytes.count)
    }

    /// Completes the target and gives it its name; then removes the parts if requested.
    func commit(_ parts: PartSet, _ summary: JobSummary) throws(PoolmapError) -> JobSummary {
        guard case .file(let file) = output else { return summary }
        if removesParts, !file.allowsRandomAccess {
            throw PoolmapError(.failed, "is not a regular file; the parts are not removed")
        }
        let committed = try file.commit(
            of: metadata, inputBytes: summary.inputBytes, outputBytes: summary.outputBytes)
        var result = summary
        (result.isUnchanged, result.metadataErrno) = (committed.isUnchanged, committed.metadataErrno)
        if removesParts { try parts.remove() }
        return result
    }
}
