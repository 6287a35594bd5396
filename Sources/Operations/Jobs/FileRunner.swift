import Digests
import Files
import Glibc
import Ground
import Multiprocessing
import Run
import SystemPackage

/// Processes whole files with the same jobs that the front uses, step by step.
final class FileRunner: WholeFilePerformer {
    private let settings: RunSettings
    private var own: (workforce: Workforce, process: pid_t)?
    private var space = Scratch()
    private var folders = FolderCache()
    private var process = getpid()

    init(_ settings: RunSettings) {
        self.settings = settings
    }

    /// A workforce of one, created by the process that uses it: the one that the front used for its first files has
    /// shared memory, which each worker would take for its own.
    private var workforce: Workforce {
        if let own, own.process == getpid() { return own.workforce }
        let workforce = Workforce(jobs: 1, settings)
        own = (workforce, getpid())
        return workforce
    }

    func run(_ work: FileWork, _ note: CommitNote?) -> FileDone {
        let start = monotonicNanoseconds()
        let outcome: FileDone.Outcome
        do throws(PoolmapError) {
            outcome = try outcomeOf(work, note)
        } catch {
            outcome = .failed(error)
        }
        return FileDone(
            outcome: outcome, startedNanoseconds: start, durationNanoseconds: monotonicNanoseconds() - start)
    }

    private func outcomeOf(_ work: FileWork, _ note: CommitNote?) throws(PoolmapError) -> FileDone.Outcome {
        // An earlier worker may have been killed after giving its temporary file a name.
        note?.removeTemporary()
        let existing = work.target.flatMap { look(at: $0) }
        if let target = work.target, let written = note?.byteCounts(ofOutput: existing?.status) {
            try complete(work, target, note)
            return .done(JobSummary(inputBytes: written.input, outputBytes: written.output))
        }
        if let done = try hashSmall(work) { return done }
        let input = try InputFile.open(work.input, folders)
        try work.identity?.require(input.status)
        guard input.status.isRegular, input.byteCount <= settings.wholeFileBytes else { return .isForFront }
        if !work.algorithms.isEmpty { return try hash(input, work) }
        var output = Output.nowhere
        if let target = work.target {
            // Opening a named pipe and closing it again would signal end of file to its reader.
            if let existing, existing.status?.isRegular != true || existing.descriptor != nil { return .isForFront }
            if let existing, existing.isDone(settings.policy, for: input.status) {
                return .done(JobSummary(inputBytes: input.byteCount, existing))
            }
            output = .file(try OutputFile(target, in: folders, over: existing, settings.policy, for: input, note: note))
        }
        return .done(try settings.job(input, output, Meter()).performAlone(workforce))
    }

    /// nil if there is nothing, and if the folder cannot be opened, which is reported later.
    private func look(at target: Place) -> TargetLook? {
        guard let folder = try? OutputFile.folder(of: target, folders) else { return nil }
        return TargetLook(at: target.path, in: folder)
    }

    func begin() {
        guard process != getpid() else { return }
        process = getpid()
        // Leaked on purpose: its descriptors are the front's, if they are open here at all.
        _ = Unmanaged.passRetained(folders)
        folders = FolderCache()
    }

    func end() {
        // By the time the next files come, the folders' paths may lead elsewhere.
        folders.forget()
    }

    /// nil if the file needs a closer look, or is not hashed as a whole.
    private func hashSmall(_ work: FileWork) throws(PoolmapError) -> FileDone.Outcome? {
        guard let found = work.found, !work.algorithms.isEmpty, work.chunkBytes == nil, work.target == nil,
            work.identity == nil, found.byteCount < UInt64(Hands.cachedBytes)
        else { return nil }
        try work.algorithms.requireParts(of: found.byteCount)
        guard let content = try folders.content(of: work.input, as: found, into: &space) else { return nil }
        var digests: [String] = []
        for algorithm in work.algorithms {
            digests.append(try digest(algorithm, of: content))
        }
        return .done(JobSummary(inputBytes: found.byteCount, digests: digests))
    }

    private func hash(_ input: InputFile, _ work: FileWork) throws(PoolmapError) -> FileDone.Outcome {
        try work.algorithms.requireParts(of: input.byteCount)
        let space = try space.space(of: Hands.cachedBytes)
        let (digests, byteCount) = try digests(work.algorithms, chunkBytes: work.chunkBytes, through: space) {
            (space) throws(PoolmapError) in try input.readSome(into: space)
        }
        try input.requireUnchanged()
        if input.isRegular && byteCount != input.byteCount { throw .changedWhileRead }
        return .done(JobSummary(inputBytes: byteCount, digests: digests))
    }

    /// Finishes a file whose target already has its name, because a worker was killed right after that.
    private func complete(_ work: FileWork, _ target: Place, _ note: CommitNote?) throws(PoolmapError) {
        if settings.policy.isDurable {
            let folder = try attempt("cannot sync the directory of \(target.path)") { () throws(Errno) in
                try folders.folder(of: target)
            }
            try folder.sync(for: target.path)
        }
        if settings.policy.removesInput, let note {
            var isChanged = false
            _ = try folders.remove(work.input) { left in
                // If the file is another one by now, the first worker has removed its own.
                isChanged = note.isOfInputFile(left) && !note.isOfInput(left)
                return note.isOfInput(left)
            }
            if isChanged { throw .changedAfterRead }
        }
    }
}
