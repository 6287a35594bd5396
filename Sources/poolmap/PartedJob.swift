import Files

/// A job that an engine does in parts, as the front knows it once the command line has been validated.
struct PartedJob {
    /// The input, for messages; nil if there are many.
    let input: String?
    /// The names on the command line.
    let operands: [String]
    /// The file that the parts are joined to; nil if each part writes its own targets, or nothing.
    let target: String?
    /// Whether the target is a file in the folder of notes, to be written to standard output at the end.
    var isPrinted = false
    /// The options of `join` about its output.
    var joinOptions: [String] = []
    /// The folders in which `join` finds the parts of many files.
    private(set) var joinedFolders: [String] = []
    static let notesSuffix = ".engine"
    /// The path of the folder of notes without `notesSuffix`: beside the target, or in the working folder.
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

    /// A `hash` job, of a single file or of many that are shared among the parts.
    ///
    /// - Parameters:
    ///   - lists: the lists of names.
    ///   - target: the file of -o; nil for standard output.
    init(hashing files: [String], _ lists: [String], isOne: Bool, to target: String?, force: Bool) {
        (input, operands) = (isOne ? files.first : nil, files)
        notesName = target ?? PartedJob.notesName("hash", files, lists)
        // A name that is removed together with the notes.
        self.target = target ?? notesName + PartedJob.notesSuffix + "/join.lines"
        isPrinted = target == nil
        joinOptions = force || isPrinted ? ["-f"] : []
    }

    /// A job over many files that are shared among the parts.
    ///
    /// - Parameters:
    ///   - lists: the lists of names.
    ///   - folders: the folders in which files done in parts must be joined.
    init(_ verb: String, _ files: [String], _ lists: [String], joining folders: [String] = []) {
        joinedFolders = folders
        (input, operands, target, notesName) = (nil, files, nil, PartedJob.notesName(verb, files, lists))
    }

    /// The arguments of `join`; nil if there is nothing to join.
    func joinWords(of count: Int) -> [String]? {
        if let target {
            return joinOptions + ["-o", target, "--"] + (1...count).map { "\(target).part-\($0)-of-\(count)" }
        }
        return joinedFolders.isEmpty ? nil : joinOptions + ["-r", "--"] + joinedFolders
    }

    /// Whether parts are to be joined.
    var isJoined: Bool { target != nil || !joinedFolders.isEmpty }

    /// The name for the folder of notes of a job without a target.
    private static func notesName(_ verb: String, _ files: [String], _ lists: [String]) -> String {
        let first = (files + lists).first ?? ""
        let name = lastName(of: first.hasSuffix("/") ? String(first.dropLast()) : first)
        return [".", "..", ""].contains(name) ? "poolmap.\(verb)" : "\(name).\(verb)"
    }
}
