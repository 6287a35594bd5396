import Files
import Ground
import Run

/// What parts are joined to, in order or at any place.
final class PartTarget {
    private let output: Output
    private let metadata: InputFile?
    private let removesParts: Bool
    /// Where what was appended ends.
    private(set) var end: UInt64 = 0

    /// - Parameters:
    ///   - metadata: the file whose mode, owner and times the target gets; nil for those of a new file.
    ///   - removesParts: whether the parts are removed when the target is whole.
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

    /// For messages.
    var name: String { output.name }

    /// The file, where workers may write at any place of it.
    var randomAccess: OutputFile? {
        if case .file(let file) = output, file.allowsRandomAccess { return file }
        return nil
    }

    /// Writes at a place; where nobody can write at any place, in order.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(PoolmapError) {
        try output.write(bytes, at: offset)
    }

    /// Writes behind what was written so.
    func append(_ bytes: [UInt8]) throws(PoolmapError) {
        try bytes.withBytes { (bytes) throws(PoolmapError) in try output.write(bytes, at: end) }
        end += UInt64(bytes.count)
    }

    /// The target is whole, and gets its name; then the parts go, if that was asked.
    func commit(_ parts: PartSet, _ summary: JobSummary) throws(PoolmapError) -> JobSummary {
        guard case .file(let file) = output else { return summary }
        if removesParts, !file.allowsRandomAccess {
            throw PoolmapError(.failed, "is no regular file, and the parts are not removed")
        }
        let committed = try file.commit(
            of: metadata, inputBytes: summary.inputBytes, outputBytes: summary.outputBytes)
        var result = summary
        (result.isUnchanged, result.metadataErrno) = (committed.isUnchanged, committed.metadataErrno)
        if removesParts { try parts.remove() }
        return result
    }
}
