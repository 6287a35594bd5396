import Digests
import Ground
import Run

/// Hashes one input and compares the result with the digest in its list.
///
/// If the digest may be of two kinds, a small input is hashed by both in one read. A large one is hashed by the kind
/// that matched last, and by the other only if it does not match.
final class CheckJob: Job {
    private let line: ChecksumLine
    private let kinds: DigestKinds
    /// The job that hashes the input now, and with which algorithms.
    private var job: any Job
    private var tried: [HashAlgorithm]
    /// Algorithms not tried yet, and what creates a job for one.
    private var left: [HashAlgorithm] = []
    private let again: (HashAlgorithm) throws(PoolmapError) -> any Job
    private var summary: JobSummary?

    /// An input that is hashed with all candidates in one read.
    ///
    /// - Parameter job: hashes the input with all of them.
    init(_ line: ChecksumLine, _ kinds: DigestKinds, inOneRead job: any Job) {
        self.line = line
        self.kinds = kinds
        self.job = job
        tried = line.candidates
        again = { (_) throws(PoolmapError) in
            throw PoolmapError(.failed, "internal error: a second read was requested")
        }
    }

    /// An input that is hashed with one candidate after the other.
    ///
    /// - Parameter job: creates the job for a candidate.
    init(
        _ line: ChecksumLine, _ kinds: DigestKinds,
        oneByOne job: @escaping (HashAlgorithm) throws(PoolmapError) -> any Job
    ) throws(PoolmapError) {
        self.line = line
        self.kinds = kinds
        left = line.candidates
        let first = left.remove(at: left.firstIndex(of: kinds.last) ?? 0)
        self.job = try job(first)
        tried = [first]
        again = job
    }

    var isOpen: Bool { job.isOpen }

    func next(_ workforce: Workforce) throws(PoolmapError) -> Step {
        try job.next(workforce)
    }

    func accept(_ answer: TaskAnswer, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        try job.accept(answer, slot: slot, workforce)
    }

    func recover(from error: PoolmapError, piece: Piece, slot: Int?, _ workforce: Workforce) throws(PoolmapError) {
        try job.recover(from: error, piece: piece, slot: slot, workforce)
    }

    func beginsAgain() throws(PoolmapError) -> Bool {
        let summary = try job.finish()
        self.summary = summary
        guard !summary.digests.contains(line.digest), let next = left.popLast() else { return false }
        job = try again(next)
        tried = [next]
        return true
    }

    func finish() throws(PoolmapError) -> JobSummary {
        guard var summary, let place = summary.digests.firstIndex(of: line.digest) else {
            throw .mismatch
        }
        if line.candidates.count > 1 {
            kinds.last = tried[place]
        }
        // Shares the line's memory: thousands of summaries may wait for the report of a slow file.
        summary.digests = [line.digest]
        return summary
    }

    func abandon(_ workforce: Workforce) {
        job.abandon(workforce)
    }
}

/// Remembers which of two kinds of digest of the same length a run has met.
final class DigestKinds {
    /// The kind that matched last.
    var last = HashAlgorithm.blake3()
}

extension PoolmapError {
    static let mismatch = PoolmapError(.mismatch, "digest differs from the list")
}
