import Glibc
import Multiprocessing
import SystemPackage

/// What a run with `--resume` says of what it found.
package enum ResumeNotice: Sendable {
    /// Something is done again, or all of it; why.
    case loss(String)
    /// How much is kept.
    case kept(String)
}

/// A compression that goes on where an earlier run was interrupted.
///
/// First the workers verify the frames that are kept, all at once; the first that is not as its journal says ends them.
/// Then the rest is compressed, as ever, by a `CompressJob`, and each frame noted in the journal once it is written.
final class ResumeJob: Job {
    private let compression: CompressJob
    private let input: InputFile
    private let output: PartialOutput
    private let notice: (ResumeNotice) -> Void

    // The frames that are to be verified: how many have been handed out, how many have come back, and the sum of the
    // lengths of those before the next to be handed out.
    private var pending: Int
    private var handedOut = 0
    private var accepted = 0
    private var frameOffset: UInt64 = 0
    /// How many frames are kept; nil while all that came back were intact.
    private var cut: Int?

    init(
        _ input: InputFile, to output: PartialOutput, _ options: CompressionOptions, _ meter: Meter,
        notice: @escaping (ResumeNotice) -> Void
    ) {
        self.input = input
        self.output = output
        self.notice = notice
        compression = CompressJob(input, to: .partial(output), options, meter)
        pending = output.journal.frames.count
        if let loss = output.loss {
            notice(.loss(loss))
        }
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if handedOut < pending { return verification() }
        // Before it is known where the kept frames end, there is no next chunk.
        return accepted < handedOut ? .waitForTurn : try compression.next(workforce)
    }

    private func verification() -> Step {
        let frame = output.journal.frames[handedOut]
        let range = output.journal.identity.range(ofChunk: handedOut)
        let byteCount = range.upperBound - range.lowerBound
        let work = VerifyWork(
            content: input.source(at: range.lowerBound, byteCount), contentBytes: byteCount, partial: output.reference,
            frameOffset: frameOffset, frame: frame)
        let piece = Piece(noun: "chunk", index: handedOut, offset: range.lowerBound, byteCount: byteCount)
        frameOffset += UInt64(frame.compressedBytes)
        handedOut += 1
        return .work(.verify(work), piece, slot: nil, isLast: false)
    }

    func accept(_ done: Done, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        if case .verified(let finding) = done { return try accept(finding) }
        try compression.accept(done, slot: slot, workforce)
        // A file that says it is empty has no chunks at known places.
        guard input.isRegular, case .compressed(let frame) = done else { return }
        guard let frameChecksum = frame.frameChecksum, let chunkChecksum = frame.chunkChecksum else {
            throw PoolmapError(.failed, "a worker has not told a frame's checksums")
        }
        try output.note(
            KeptFrame(
                compressedBytes: UInt32(frame.compressedBytes), contentChecksum: frame.contentChecksum ?? 0,
                frameChecksum: frameChecksum, chunkChecksum: chunkChecksum))
    }

    private func accept(_ finding: VerifyWork.Finding) throws(PoolmapError) {
        if cut == nil {
            switch finding {
            case .intact: try compression.keep(output.journal.dataFrame(accepted))
            case .damaged: end(at: accepted, "\(output.partialPath) is damaged there")
            case .otherContent: end(at: accepted, "its content has changed")
            }
        }
        accepted += 1
        guard accepted == pending else { return }
        let (kept, all) = (cut ?? accepted, output.journal.identity.chunkCount)
        try output.keep(first: kept)
        notice(.kept("\(kept) of \(all) chunks are kept"))
    }

    private func end(at count: Int, _ reason: String) {
        cut = count
        // What has been handed out comes back, and is not looked at.
        pending = handedOut
        notice(.loss("compresses again from chunk \(count) on: \(reason)"))
    }

    func finish() throws(PoolmapError) -> JobSummary {
        do throws(PoolmapError) {
            return try compression.finish()
        } catch {
            discardIfChanged()
            throw error
        }
    }

    func abandon(_ workforce: Workforce) {
        compression.abandon(workforce)
        discardIfChanged()
    }

    /// Frames of another input are of no use to anyone.
    private func discardIfChanged() {
        do throws(PoolmapError) {
            try input.requireUnchanged()
        } catch {
            if error.code == .changed {
                output.discard()
            }
        }
    }
}

/// A compression that an earlier run has finished but for its journal.
///
/// Where the input is to be removed, target and input are held against the journal first: the input may have been written
/// since, and its time set back.
private final class FinishedJob: Job {
    private let summary: JobSummary
    private let input: InputFile
    private let policy: OutputPolicy
    private let path: String
    private let journal: ResumeJournal
    private let target: SharedDescriptor?
    private var handedOut = 0
    private var frameOffset: UInt64 = 0

    init(
        _ input: InputFile, _ path: String, _ journal: ResumeJournal, outputBytes: UInt64, _ policy: OutputPolicy,
        _ meter: Meter
    ) throws(PoolmapError) {
        self.input = input
        self.policy = policy
        self.path = path
        self.journal = journal
        target =
            policy.removesInput
            ? SharedDescriptor(
                owning: try attempt("cannot read \(path)") { () throws(Errno) in try openFile(path, O_RDONLY) }) : nil
        summary = JobSummary(inputBytes: input.byteCount, outputBytes: outputBytes)
        meter.expect(input)
        meter.add(input: input.byteCount, output: outputBytes)
    }

    func next(_ workforce: Workforce) -> Step {
        guard let target, handedOut < journal.frames.count else { return .end }
        let frame = journal.frames[handedOut]
        let range = journal.identity.range(ofChunk: handedOut)
        let byteCount = range.upperBound - range.lowerBound
        let reference = FileReference(name: path, shared: target)
        let work = VerifyWork(
            content: input.source(at: range.lowerBound, byteCount), contentBytes: byteCount, partial: reference,
            frameOffset: frameOffset, frame: frame)
        let piece = Piece(noun: "chunk", index: handedOut, offset: range.lowerBound, byteCount: byteCount)
        frameOffset += UInt64(frame.compressedBytes)
        handedOut += 1
        return .work(.verify(work), piece, slot: nil, isLast: handedOut == journal.frames.count)
    }

    func accept(_ done: Done, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard case .verified(.intact) = done else {
            throw PoolmapError(.changed, "is not what \(path) was made of; it is not removed")
        }
    }

    func finish() throws(PoolmapError) -> JobSummary {
        if policy.removesInput {
            try input.requireUnchanged()
            _ = try input.remove()
        }
        return summary
    }
}

extension Batch {
    /// What the names of the files end with that are kept beside an unfinished target.
    package static let resumeSuffixes = [".partial", ".resume"]

    /// Compresses a regular file to a target, from where an earlier run with the same input and options stood.
    ///
    /// - Parameter notice: called when less is kept than there was, and to tell how much is.
    package func resumeCompression(
        of path: String, to target: String, _ options: CompressionOptions,
        notice: @escaping (Input, ResumeNotice) -> Void, report: @escaping Report
    ) {
        var options = options
        options.isJournaled = true
        let settings = RunSettings(operation: .compress(options), policy: policy)
        let (meter, policy) = (meter, policy)
        let plan = PlannedJob(number: 0, input: .file(path), target: .file(target)) {
            [options] (_) throws(PoolmapError) in
            let input = try openResumable(path)
            switch try PartialOutput.open(path: target, policy, for: input, options) {
            case .finished(let journal, let byteCount):
                notice(.file(path), .kept("\(target) was whole already"))
                return try FinishedJob(input, target, journal, outputBytes: byteCount, policy, meter)
            case .unfinished(let output):
                return ResumeJob(input, to: output, options, meter) { notice(.file(path), $0) }
            }
        } report: { result in
            report(.file(path), result)
        }
        run(SinglePlan(plan), settings)
    }
}

/// Opens an input that may be read again from any place.
func openResumable(_ path: String) throws(PoolmapError) -> InputFile {
    func require(_ status: FileStatus) throws(PoolmapError) {
        guard !status.isRegular, !status.isDirectory else { return }
        throw PoolmapError(.failed, "is no regular file, and --resume reads nothing else")
    }
    // Before it is opened: to open a named pipe and close it is an end of file to its writer. And what was opened may be
    // another.
    if let status = FileStatus(ofPath: path) { try require(status) }
    let input = try InputFile.open(path: path)
    try require(input.status)
    return input
}
