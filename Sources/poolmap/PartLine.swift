import ArgumentSyntax
import Glibc
import Ground
import Slurm

/// The command that the array elements run: the arguments of this process without those meant for it alone.
struct PartLine {
    /// The arguments before --part.
    let words: [String]
    /// The arguments after it.
    let rest: [String]
    /// The command for people, and to tell whether two runs are the same job.
    let text: String

    /// Options about output on the terminal: an element writes to its own log, and these do not change the job.
    private static let ofFront: Set<String> = ["--progress", "--no-progress", "-v", "--verbose"]
    private static let ofPeople: Set<String> = ["-q", "--quiet", "--json"]

    private static let ofTarget: Set<String> = ["-o", "--output"]

    init(_ job: PartedJob) {
        let typed = Program.arguments
        let options = (typed?.options ?? []).filter {
            !PartOptions.namesOfEngine.contains($0.name) && !PartLine.ofFront.contains($0.name)
                && !(job.isPrinted && PartLine.ofTarget.contains($0.name))
        }
        // A command word may also be a file's name; the option never is.
        let command = ["--" + (typed?.word ?? .compress).rawValue]
        // An existing part is from an earlier attempt, or from another command whose target does not exist either.
        let force = job.target != nil ? ["-f"] : []
        let target = job.isPrinted ? ["-o", job.target ?? ""] : []
        words = command + options.filter { $0.name != "--json" }.flatMap(\.words) + force + target
        // The command of map follows the names; for other subcommands only names may follow "--".
        rest = typed?.word == .map ? job.operands + ["--"] + (typed?.command ?? []) : ["--"] + job.operands
        let told = options.filter { !PartLine.ofPeople.contains($0.name) }.flatMap(\.words)
        text =
            "cd \(PartLine.onOneLine([PartLine.folder])) && "
            + PartLine.onOneLine(["poolmap"] + command + told + rest)
    }

    private static func onOneLine(_ words: [String]) -> String {
        FileName.printable(FileName.text(of: shellLine(words)))
    }

    /// The path of this program, which must be the same on the other machines.
    static let program: String = linkTarget("/proc/self/exe") ?? CommandLine.arguments.first ?? "poolmap"

    /// The working folder, by its name without symbolic links.
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
