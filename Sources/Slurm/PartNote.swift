/// What an element's script notes when its poolmap has ended: one line with the exit code, the number of the array, and
/// the node.
package struct PartNote: Equatable {
    package let exitCode: Int
    package let job: String
    package let node: String

    /// nil for what is no such line, as of a file that is not all there yet.
    package init?(_ text: String) {
        guard text.hasSuffix("\n") else { return nil }
        let words = text.dropLast().split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, let code = Int(words[0]) else { return nil }
        (exitCode, job, node) = (code, String(words[1]), String(words[2]))
    }

    package var isDone: Bool { exitCode == 0 }
}
