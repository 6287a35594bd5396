import CFiles
import Files
import Glibc
import Ground
import Run
import SystemPackage

/// Where a job's content goes.
enum Output {
    case file(OutputFile)
    /// Written in order under another name, so that a later run can continue it.
    case partial(PartialFile)
    /// Written in order to standard output.
    case stream(FileDescriptor)
    /// The same, with holes in place of zeros if it is a file.
    case sparseStream(SparseStream)
    /// Checked, not written.
    case nowhere

    static func standardOutput(_ policy: OutputPolicy) -> Output {
        poolmap_widen_pipe(STDOUT_FILENO)
        if case .filesAndStandardOutput = policy.sparse { return .sparseStream(SparseStream(.standardOutput)) }
        return .stream(.standardOutput)
    }

    /// Writes in order.
    ///
    /// Blocks.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(PoolmapError) {
        switch self {
        case .file(let file): try file.write(bytes, at: offset)
        case .partial(let file): try file.write(bytes, at: offset)
        case .stream(let descriptor): try descriptor.writeAll(bytes, to: "standard output")
        case .sparseStream(let stream): try stream.write(bytes)
        case .nowhere: break
        }
    }

    /// The name for messages.
    var name: String {
        switch self {
        case .file(let file): file.path
        case .partial(let file): file.partialPath
        case .stream, .sparseStream: "standard output"
        case .nowhere: ""
        }
    }

    /// Whether bytes that are skipped between writes, or at the end, read as zeros.
    var leavesHoles: Bool {
        if case .file(let file) = self { return file.allowsRandomAccess && file.policy.leavesHoles }
        return false
    }

    /// Completes the output: gives a file its name, and the input's mode, owner and times; then removes the input if
    /// requested.
    func commit(of input: InputFile, _ summary: JobSummary) throws(PoolmapError) -> JobSummary {
        let (committed, policy): (CommittedTarget, OutputPolicy)
        switch self {
        case .stream, .nowhere: return summary
        case .sparseStream(let stream):
            try stream.finish()
            return summary
        case .file(let file):
            committed = try file.commit(of: input, inputBytes: summary.inputBytes, outputBytes: summary.outputBytes)
            policy = file.policy
            if policy.removesInput, !file.allowsRandomAccess {
                throw PoolmapError(.failed, "not removed: \(file.path) is not a regular file")
            }
        case .partial(let file):
            committed = try file.commit(of: input, outputBytes: summary.outputBytes)
            policy = file.policy
        }
        var result = summary
        (result.isUnchanged, result.metadataErrno) = (committed.isUnchanged, committed.metadataErrno)
        if policy.removesInput {
            result.isInputKept = try !input.remove()
        }
        return result
    }
}
