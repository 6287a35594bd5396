/// The note that an element's script writes when its poolmap has ended: one line with the exit code, the job's number
/// and the node.
package struct PartNote: Equatable {
    package let exitCode: Int
    package let job: String
    package let node: String

    /// nil for any other text, such as that of a file not yet completely written.
    package init?(_ text: String) {
        guard text.hasSuffix("\n") else { return nil }
        let words = text.dropLast().split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, let code = Int(words[0]) else { return nil }
        (exitCode, job, node) = (code, String(words[1]), String(words[2]))
    }

    package var isDone: Bool { exitCode == 0 }
}
