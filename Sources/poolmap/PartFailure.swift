import Ground
import Slurm

/// How an array element ended without completing its part.
struct PartFailure {
    /// The predicate of a sentence about the part, such as "failed with exit code 1".
    let text: String
    let isCancelled: Bool
    /// Whether its poolmap ran to its end, so that the last line of its log gives the reason.
    private let hasSaidWhy: Bool

    /// - Parameters:
    ///   - note: what its script noted about this attempt.
    ///   - line: its line from squeue.
    ///   - ending: how it ended according to scontrol, if there is no note.
    init(_ note: PartNote?, _ line: QueueLine?, _ ending: JobEnding?) {
        let node = note?.node ?? ending?.node ?? line?.node ?? ""
        let place = node.isEmpty ? "" : " on \(node)"
        let state = ending?.state ?? line?.state
        isCancelled = note == nil && state == .cancelled
        hasSaidWhy = note != nil && (note?.exitCode ?? 0) < 126
        switch (note, state) {
        case (let note?, _) where note.exitCode > 128:
            text = "failed\(place) by signal \(note.exitCode - 128)"
        case (let note?, _): text = "failed\(place) with exit code \(note.exitCode)"
        case (nil, .cancelled?): text = "was cancelled"
        case (nil, .ended(let word)?) where word != "FAILED": text = "failed\(place): \(word)"
        case (nil, _):
            if let ending, ending.signal > 0 {
                text = "failed\(place) by signal \(ending.signal)"
            } else if let ending, ending.exitCode > 0 {
                text = "failed\(place) with exit code \(ending.exitCode)"
            } else {
                text = "failed\(place); Slurm has no details"
            }
        }
    }

    /// The line for the user.
    ///
    /// - Parameters:
    ///   - subject: the part, as the message names it.
    ///   - name: the name of its log in the folder of notes.
    func error(_ subject: String, log notes: NotesFolder, _ name: String) -> PoolmapError {
        guard !isCancelled else { return PoolmapError(.failed, "\(subject) \(text); run the same command to continue") }
        let reason = hasSaidWhy ? notes.lastLine(name).map { ": \($0)" } ?? "" : ""
        return PoolmapError(.failed, "\(subject) \(text); see \(notes.name(name)).log\(reason)")
    }
}
