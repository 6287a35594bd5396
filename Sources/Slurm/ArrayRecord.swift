import Ground

/// The record of the jobs that do the parts of a target, kept beside it: enough for the same command to find them
/// again, whenever the poolmap that submitted them was killed.
///
/// A submission is recorded before sbatch is called, and again afterwards with its job's number. If poolmap is killed
/// in between, the job is found by its name, which is unique.
package struct ArrayRecord: Equatable {
    /// A submission, made or about to be made.
    package struct Submission: Equatable {
        package enum Content: Equatable {
            case parts([Int])
            case join
        }

        package let content: Content
        /// Slurm's number of the job; nil if it is not known.
        package var job: String?

        package init(_ content: Content, job: String? = nil) {
            (self.content, self.job) = (content, job)
        }
    }

    /// A random word that makes the names of the jobs unique.
    package let token: String
    /// The working folder and those arguments that determine the result.
    package let line: String
    /// The number of parts.
    package let count: Int
    /// The identity of the input when the first part was submitted.
    package let input: String
    package var submissions: [Submission] = []

    package init(token: String, line: String, count: Int, input: String) {
        (self.token, self.line, self.count, self.input) = (token, line, count, input)
    }

    /// The name of a submission's job.
    package func name(of place: Int) -> String { "poolmap-\(token)-\(place + 1)" }

    private static let head = "poolmap --engine slurm, 1"

    package var text: String {
        var lines = [ArrayRecord.head, "token \(token)", "line \(line)", "parts \(count)", "input \(input)"]
        for submission in submissions {
            let job = submission.job ?? "?"
            switch submission.content {
            case .parts(let numbers): lines.append("array \(job) \(indexList(numbers))")
            case .join: lines.append("join \(job)")
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// nil if the text is not a record, or one of another version.
    package init?(_ text: String, most: Int) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 6, lines[0] == ArrayRecord.head, lines[lines.count - 1].isEmpty,
            let token = value(of: "token", in: lines[1]), let line = value(of: "line", in: lines[2]),
            let count = value(of: "parts", in: lines[3]).flatMap({ Int($0) }), 1...most ~= count,
            let input = value(of: "input", in: lines[4])
        else { return nil }
        self.init(token: token, line: line, count: count, input: input)
        for line in lines[5..<lines.count - 1] {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count > 1 else { return nil }
            let job = words[1] == "?" ? nil : String(words[1])
            switch words[0] {
            case "join" where words.count == 2: submissions.append(Submission(.join, job: job))
            case "array" where words.count == 3:
                guard let numbers = indices(ofList: words[2], atMost: count) else { return nil }
                submissions.append(Submission(.parts(numbers), job: job))
            default: return nil
            }
        }
    }
}

/// The rest of a line after a word and a blank; nil if it does not begin with the word.
private func value(of name: String, in line: Substring) -> String? {
    line.hasPrefix(name + " ") ? String(line.dropFirst(name.count + 1)) : nil
}
