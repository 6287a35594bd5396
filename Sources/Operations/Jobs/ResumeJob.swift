import Files
import Glibc
import Ground
import Multiprocessing
import Run
import SystemPackage

/// Hands out the verification of a journal's frames, one frame a task.
private struct KeptFrames {
    private let journal: ResumeJournal
    private var frameOffset: UInt64 = 0
    private(set) var handedOut = 0

    init(_ journal: ResumeJournal) {
        self.journal = journal
    }

    /// - Parameter partial: the file with the frames.
    mutating func next(_ input: InputFile, _ partial: SharedDescriptor, isLast: Bool) -> Step {
        let frame = journal.frames[handedOut]
        let range = journal.identity.range(ofChunk: handedOut)
        let byteCount = range.upperBound - range.lowerBound
        let files = input.handed + [partial]
        let work = Verification.Work(
            content: Verification.Work.Content(
                source: input.source(at: range.lowerBound, byteCount), byteCount: byteCount,
                checksum: frame.chunkChecksum),
            partial: TaskFile(files.count - 1), frameOffset: frameOffset, frameBytes: UInt64(frame.compressedBytes),
            frameChecksum: frame.frameChecksum)
        let piece = Piece(noun: "chunk", index: handedOut, offset: range.lowerBound, byteCount: byteCount)
        frameOffset += UInt64(frame.compressedBytes)
        handedOut += 1
        return .work(Verification.task(work, files, byteCount: byteCount), [piece], slot: nil, isLast: isLast)
    }
}

/// A compression that continues where an earlier run was interrupted.
///
/// First the workers verify the frames kept; the first one that does not match its journal ends what is kept. Then a
/// `CompressJob` compresses the rest as usual, and each frame is recorded in the journal once it is written.
final class ResumeJob: Job {
    private let compression: CompressJob
    private let input: InputFile
    private let output: PartialOutput
    private let notice: (ResumeNotice) -> Void

    // The frames to verify, how many there are, and how many results have arrived.
    private var kept: KeptFrames
    private var pending: Int
    private var accepted = 0
    /// How many frames are kept; nil while all results were intact.
    private var cut: Int?

    init(
        _ input: InputFile, to output: PartialOutput, _ options: CompressionOptions, _ meter: Meter,
        notice: @escaping (ResumeNotice) -> Void
    ) throws(PoolmapError) {
        self.input = input
        self.output = output
        self.notice = notice
        compression = try CompressJob(input, to: .partial(output.file), options, meter)
        kept = KeptFrames(output.journal)
        pending = output.journal.frames.count
        if let loss = output.loss {
            notice(.loss(loss))
        }
        // A file of size 0 that is not empty has no chunks at known offsets.
        guard input.isRegular else { return }
        compression.onFrame = { (frame) throws(PoolmapError) in
            guard let frameChecksum = frame.frameChecksum, let chunkChecksum = frame.chunkChecksum else {
                throw PoolmapError(.failed, "internal error: a worker's answer lacks a checksum")
            }
            try output.note(
                KeptFrame(
                    compressedBytes: UInt32(frame.compressedBytes), contentChecksum: frame.contentChecksum ?? 0,
                    frameChecksum: frameChecksum, chunkChecksum: chunkChecksum))
        }
    }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        if kept.handedOut < pending { return kept.next(input, output.file.handed, isLast: false) }
        // The next chunk is not known until it is known where the kept frames end.
        return accepted < kept.handedOut ? .waitForTurn : try compression.next(workforce)
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        if case .done(let operation, _) = answer, operation == Verification.self {
            return try accept(Verification.done(answer))
        }
        try compression.accept(answer, slot: slot, workforce)
    }

    private func accept(_ finding: Verification.Done) throws(PoolmapError) {
        if cut == nil {
            switch finding {
            case .intact: try compression.keep(output.journal.dataFrame(accepted))
            case .damaged: end(at: accepted, "\(output.file.partialPath) is damaged there")
            case .otherContent: end(at: accepted, "its content changed")
            }
        }
        accepted += 1
        guard accepted == pending else { return }
        let (count, all) = (cut ?? accepted, output.journal.identity.chunkCount)
        try output.keep(first: count)
        notice(.kept("keeping \(count) of \(all) chunks"))
    }

    private func end(at count: Int, _ reason: String) {
        cut = count
        // Results of frames already handed out are ignored.
        pending = kept.handedOut
        notice(.loss("recompressing from chunk \(count): \(reason)"))
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

    /// Frames of another input are useless.
    private func discardIfChanged() {
        do throws(PoolmapError) {
            try input.requireUnchanged()
        } catch {
            if error.code == .changed {
                output.file.discard()
            }
        }
    }
}

/// A compression that an earlier run finished, except for removing the journal.
///
/// If the input is to be removed, target and input are first checked against the journal: the input may have been
/// written since then, with its time set back.
final class FinishedJob: Job {
    private let summary: JobSummary
    private let input: InputFile
    private let policy: OutputPolicy
    private let path: String
    private let journal: ResumeJournal
    private let target: SharedDescriptor?
    private var kept: KeptFrames

    init(
        _ input: InputFile, _ path: String, _ journal: ResumeJournal, outputBytes: UInt64, _ policy: OutputPolicy,
        _ meter: Meter
    ) throws(PoolmapError) {
        self.input = input
        self.policy = policy
        self.path = path
        self.journal = journal
        kept = KeptFrames(journal)
        target =
            policy.removesInput
            ? SharedDescriptor(
                owning: try attempt("cannot read \(path)") { () throws(Errno) in try openFile(path, O_RDONLY) }) : nil
        summary = JobSummary(inputBytes: input.byteCount, outputBytes: outputBytes)
        meter.expect(input)
        meter.add(input: input.byteCount, output: outputBytes)
    }

    func next(_ workforce: Workforce) -> Step {
        guard let target, kept.handedOut < journal.frames.count else { return .end }
        return kept.next(input, target, isLast: kept.handedOut == journal.frames.count - 1)
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        guard try Verification.done(answer) == .intact else {
            throw PoolmapError(.changed, "not removed: it differs from the content of \(path)")
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
