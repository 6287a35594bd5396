import Files

/// A job of which an engine does the parts: what the front knows of it, once the line was found to be right.
struct PartedJob {
    /// For messages; nil where there are many files.
    let input: String?
    /// The names behind the options.
    let operands: [String]
    /// What the parts are joined to; nil where each leaves what it is to leave, or nothing.
    let target: String?
    /// How `join` writes the target.
    var joinOptions: [String] = []
    /// What is in front of `.engine` in the name of the folder of notes: beside the target, or in the working folder.
    let notesName: String

    /// A job with a target; the options are those that count for it.
    init(_ input: String, to target: String, force: Bool, ifChanged: Bool = false, sync: Bool = false) {
        (self.input, operands, self.target, notesName) = (input, [input], target, target)
        joinOptions = [(force, "-f"), (ifChanged, "--if-changed"), (sync, "--fsync")].filter(\.0).map(\.1)
    }

    /// A test of one file.
    init(testing input: String) {
        (self.input, operands, target) = (input, [input], nil)
        notesName = lastName(of: input) + ".test"
    }

    /// Something that is done to many files, of which each part has some.
    ///
    /// - Parameter lists: files with names of others.
    init(_ verb: String, _ files: [String], _ lists: [String]) {
        (input, operands, target) = (nil, files, nil)
        let first = (files + lists).first ?? ""
        let name = lastName(of: first.hasSuffix("/") ? String(first.dropLast()) : first)
        notesName = [".", "..", ""].contains(name) ? "poolmap.\(verb)" : "\(name).\(verb)"
    }
}
