import Ground
import Slurm

/// How an element of an array has ended that has not done its part.
struct PartFailure {
    /// As a sentence has it behind the name of the part.
    let text: String
    let isCancelled: Bool
    /// Whether its poolmap has come to its end, so that its last line says why.
    private let hasSaidWhy: Bool

    /// - Parameters:
    ///   - note: what its script has noted of this try.
    ///   - line: what squeue says.
    ///   - ending: what scontrol says, where there is no note.
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
                text = "failed\(place), and Slurm knows no more of it"
            }
        }
    }

    /// The line for the user.
    ///
    /// - Parameters:
    ///   - subject: which part it was.
    ///   - name: that of its log in the folder of notes.
    func error(_ subject: String, log notes: NotesFolder, _ name: String) -> PoolmapError {
        guard !isCancelled else { return PoolmapError(.failed, "\(subject) \(text); the same line goes on") }
        let reason = hasSaidWhy ? notes.lastLine(name).map { ": \($0)" } ?? "" : ""
        return PoolmapError(.failed, "\(subject) \(text), as \(notes.name(name)).log has it\(reason)")
    }
}
