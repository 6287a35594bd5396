import ArgumentSyntax
import Glibc
import Ground
import Slurm

/// The line of this process as the elements of an array run it: what was typed, but for what the front alone is told.
struct PartLine {
    /// In front of the part.
    let words: [String]
    /// Behind it.
    let rest: [String]
    /// The same for people, and to tell one line from another.
    let text: String

    /// What an element is to say is in its own log, and how much the front says is no other job.
    private static let ofFront: Set<String> = ["--progress", "--no-progress", "-v", "--verbose"]
    private static let ofPeople: Set<String> = ["-q", "--quiet", "--json"]

    private static let ofTarget: Set<String> = ["-o", "--output"]

    init(_ job: PartedJob) {
        let typed = Program.arguments
        let options = (typed?.options ?? []).filter {
            !PartOptions.namesOfEngine.contains($0.name) && !PartLine.ofFront.contains($0.name)
                && !(job.isPrinted && PartLine.ofTarget.contains($0.name))
        }
        // A command's word may be a file's name; its option is none.
        let command = ["--" + (typed?.word ?? .compress).rawValue]
        // A part that is there already is an earlier try's, or another line's, whose whole is not there either.
        let force = job.target != nil ? ["-f"] : []
        let target = job.isPrinted ? ["-o", job.target ?? ""] : []
        words = command + options.filter { $0.name != "--json" }.flatMap(\.words) + force + target
        // What is to be run stands behind the name, where for other commands only names can be.
        rest = typed?.word == .map ? job.operands + ["--"] + (typed?.command ?? []) : ["--"] + job.operands
        let told = options.filter { !PartLine.ofPeople.contains($0.name) }.flatMap(\.words)
        text =
            "cd \(PartLine.onOneLine([PartLine.folder])) && "
            + PartLine.onOneLine(["poolmap"] + command + told + rest)
    }

    private static func onOneLine(_ words: [String]) -> String {
        FileName.printable(FileName.text(of: shellLine(words)))
    }

    /// The path of this program, by which other machines find it as well.
    static let program: String = linkTarget("/proc/self/exe") ?? CommandLine.arguments.first ?? "poolmap"

    /// The working folder; its name as the shell knows it may go over links that other machines have too.
    static let folder: String = {
        guard let path = getcwd(nil, 0) else { return "." }
        defer { free(path) }
        return FileName.text(of: path)
    }()

    private static func linkTarget(_ path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink(path, &bytes, Int(PATH_MAX))
        return count > 0 ? FileName.text(of: bytes[..<count].map { UInt8(bitPattern: $0) }) : nil
    }
}
