/// A job of which an engine does the parts: what the front knows of it, once the line was found to be right.
struct PartedJob {
    let input: String
    /// What the parts are joined to; nil where they leave nothing.
    let target: String?
    /// How `join` writes the target.
    var joinOptions: [String] = []
    /// What is in front of `.engine` in the name of the folder of notes: beside the target, or in the working folder.
    let notesName: String

    /// A job with a target; the options are those that count for it.
    init(_ input: String, to target: String, force: Bool, ifChanged: Bool = false, sync: Bool = false) {
        (self.input, self.target, notesName) = (input, target, target)
        joinOptions = [(force, "-f"), (ifChanged, "--if-changed"), (sync, "--fsync")].filter(\.0).map(\.1)
    }

    /// A test, which leaves nothing.
    init(testing input: String) {
        self.input = input
        target = nil
        notesName = (input.split(separator: "/").last.map(String.init) ?? input) + ".test"
    }
}
