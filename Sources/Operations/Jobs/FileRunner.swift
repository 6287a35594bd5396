import Digests
import Files
import Glibc
import Ground
import Multiprocessing
import Run
import SystemPackage

/// Does whole files by the same jobs as the front, one step after the other.
final class FileRunner: WholeFilePerformer {
    private let settings: RunSettings
    private var own: (workforce: Workforce, process: pid_t)?
    private var space = Scratch()
    private var folders = FolderCache()
    private var process = getpid()

    init(_ settings: RunSettings) {
        self.settings = settings
    }

    /// One pair of hands, made by the process that uses it: what the front had for its first files is shared memory,
    /// which each worker would take for its own.
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
        // A worker that had the file before may have been killed with a file that has a name of its own.
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
            // To open a named pipe and close it again would be an end of file to its reader.
            if let existing, existing.status?.isRegular != true || existing.descriptor != nil { return .isForFront }
            if let existing, existing.isDone(settings.policy, for: input.status) {
                return .done(JobSummary(inputBytes: input.byteCount, existing))
            }
            output = .file(try OutputFile(target, in: folders, over: existing, settings.policy, for: input, note: note))
        }
        return .done(try settings.job(input, output, Meter()).performAlone(workforce))
    }

    /// nil where there is nothing, and also where the folder cannot be opened, as will be said later.
    private func look(at target: Place) -> TargetLook? {
        guard let folder = try? OutputFile.folder(of: target, folders) else { return nil }
        return TargetLook(at: target.path, in: folder)
    }

    func begin() {
        guard process != getpid() else { return }
        process = getpid()
        // The descriptors were the front's, if they are any here.
        _ = Unmanaged.passRetained(folders)
        folders = FolderCache()
    }

    func end() {
        // The next files come later, when the paths of their folders may lead to others.
        folders.forget()
    }

    /// nil where the file is to be looked at more closely, or is not hashed as a whole.
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

    /// Does what is left of a file whose target has its name: a worker was killed just then.
    private func complete(_ work: FileWork, _ target: Place, _ note: CommitNote?) throws(PoolmapError) {
        if settings.policy.isDurable {
            let folder = try attempt("cannot write the folder of \(target.path) to disk") { () throws(Errno) in
                try folders.folder(of: target)
            }
            try folder.sync(for: target.path)
        }
        if settings.policy.removesInput, let note {
            var isChanged = false
            _ = try folders.remove(work.input) { left in
                // Where it is another file by now, the first worker has removed its own.
                isChanged = note.isOfInputFile(left) && !note.isOfInput(left)
                return note.isOfInput(left)
            }
            if isChanged { throw .changedAfterRead }
        }
    }
}
