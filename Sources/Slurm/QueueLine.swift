/// A line of `squeue` about a job, or about one element of an array.
package struct QueueLine: Equatable {
    /// The number that sbatch printed.
    package let job: String
    /// The index in the array; nil if the job is not an array.
    package let element: Int?
    package let state: JobState
    /// Where it runs or ran; empty if it has not started.
    package let node: String
    /// Why it is waiting, or how it ended.
    package let reason: String

    /// The format for `squeue -o`; the reason is last, since it may contain anything.
    package static let format = "%F|%K|%T|%N|%r"

    /// nil for any other line.
    package init?(_ line: Substring) {
        let fields = line.split(separator: "|", maxSplits: 4, omittingEmptySubsequences: false)
        guard fields.count == 5, !fields[0].isEmpty, fields[0].utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            return nil
        }
        (job, element, state) = (String(fields[0]), Int(fields[1]), JobState(String(fields[2])))
        (node, reason) = (String(fields[3]), String(fields[4]))
    }

    /// All lines that `squeue` printed.
    package static func all(of text: String) -> [QueueLine] {
        text.split(separator: "\n").compactMap { QueueLine($0) }
    }
}

/// The state of a job, in Slurm's words.
package enum JobState: Equatable {
    case waiting
    case running
    case completed
    case cancelled
    /// It ended without success: FAILED, TIMEOUT, NODE_FAIL and so on.
    case ended(String)

    package var isOver: Bool {
        switch self {
        case .waiting, .running: false
        default: true
        }
    }

    package init(_ word: String) {
        switch word {
        case "COMPLETED": self = .completed
        case "CANCELLED": self = .cancelled
        case "FAILED", "TIMEOUT", "NODE_FAIL", "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED":
            self = .ended(word)
        case "RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING": self = .running
        // PENDING, CONFIGURING, REQUEUED and so on, and states of later versions of Slurm: it may still run.
        default: self = .waiting
        }
    }
}

/// How a job ended that left no note, according to `scontrol -o show job`.
package struct JobEnding: Equatable {
    package let state: JobState
    package let exitCode: Int
    package let signal: Int
    package let node: String

    /// nil for any other line.
    package init?(_ line: Substring) {
        var fields: [Substring: Substring] = [:]
        for word in line.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let sides = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if sides.count == 2, fields[sides[0]] == nil { fields[sides[0]] = sides[1] }
        }
        guard let state = fields["JobState"], let code = fields["ExitCode"] else { return nil }
        let numbers = code.split(separator: ":").map { Int($0) ?? 0 }
        guard numbers.count == 2 else { return nil }
        self.state = JobState(String(state))
        (exitCode, signal) = (numbers[0], numbers[1])
        let node = fields["NodeList"] ?? ""
        self.node = node == "(null)" ? "" : String(node)
    }
}
