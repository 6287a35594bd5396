import Files

/// A job of which an engine does the parts: what the front knows of it, once the line was found to be right.
struct PartedJob {
    /// For messages; nil where there are many files.
    let input: String?
    /// The names behind the options.
    let operands: [String]
    /// What the parts are joined to; nil where each leaves what it is to leave, or nothing.
    let target: String?
    /// Whether the target is one of the notes, which is written to standard output in the end.
    var isPrinted = false
    /// How `join` writes what it makes.
    var joinOptions: [String] = []
    /// Where `join` finds parts of many files.
    private(set) var joinedFolders: [String] = []
    static let notesSuffix = ".engine"
    /// What is in front of `notesSuffix` in the name of the folder of notes: beside the target, or in the working folder.
    let notesName: String

    /// A job with a target.
    init(_ input: String, to target: String) {
        (self.input, operands, self.target, notesName) = (input, [input], target, target)
    }

    /// A test of one file.
    init(testing input: String) {
        (self.input, operands, target) = (input, [input], nil)
        notesName = lastName(of: input) + ".test"
    }

    /// Lines about one file, or about many, of which each part has some.
    ///
    /// - Parameters:
    ///   - lists: files with names of others.
    ///   - target: nil for standard output.
    init(hashing files: [String], _ lists: [String], isOne: Bool, to target: String?, force: Bool) {
        (input, operands) = (isOne ? files.first : nil, files)
        notesName = target ?? PartedJob.notesName("hash", files, lists)
        // Named as what the folder of notes removes with all else.
        self.target = target ?? notesName + PartedJob.notesSuffix + "/join.lines"
        isPrinted = target == nil
        joinOptions = force || isPrinted ? ["-f"] : []
    }

    /// Something that is done to many files, of which each part has some.
    ///
    /// - Parameters:
    ///   - lists: files with names of others.
    ///   - folders: where files are that were done in parts, which are to be joined.
    init(_ verb: String, _ files: [String], _ lists: [String], joining folders: [String] = []) {
        joinedFolders = folders
        (input, operands, target, notesName) = (nil, files, nil, PartedJob.notesName(verb, files, lists))
    }

    /// What `join` is told; nil where there is nothing to join.
    func joinWords(of count: Int) -> [String]? {
        if let target {
            return joinOptions + ["-o", target, "--"] + (1...count).map { "\(target).part-\($0)-of-\(count)" }
        }
        return joinedFolders.isEmpty ? nil : joinOptions + ["-r", "--"] + joinedFolders
    }

    /// Whether parts are to be joined.
    var isJoined: Bool { target != nil || !joinedFolders.isEmpty }

    /// Where a job has no target, what its folder of notes is called by.
    private static func notesName(_ verb: String, _ files: [String], _ lists: [String]) -> String {
        let first = (files + lists).first ?? ""
        let name = lastName(of: first.hasSuffix("/") ? String(first.dropLast()) : first)
        return [".", "..", ""].contains(name) ? "poolmap.\(verb)" : "\(name).\(verb)"
    }
}
