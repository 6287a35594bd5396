/// The options for parallel jobs in the environment variable `MAKEFLAGS`.
///
/// make writes it as a command line: first a word of single letters without a dash, or none; then options; then, after
/// `--`, assignments of variables, whose values may look like options. A backslash precedes a blank or a backslash that
/// belongs to a word.
struct MakeFlags: Equatable {
    /// How make's job server can be reached.
    enum Server: Equatable {
        /// `R,W`: the two ends of a pipe, which the process has inherited. Used by make up to 4.3.
        case pipe(reader: Int32, writer: Int32)
        /// `fifo:PATH`: a named pipe. Used by make since 4.4.
        case fifo(String)
        /// A negative descriptor: make has a job server, which this process must not use.
        case disabled
        /// A form that this program does not know.
        case unknown(String)
    }

    /// The last `-jN`; nil without one, or if it has no number.
    private(set) var jobs: Int?
    /// The last `--jobserver-auth`, or `--jobserver-fds` as it was called before make 4.2.
    private(set) var server: Server?

    init(_ text: String) {
        var words = MakeFlags.words(of: text).prefix { $0 != "--" }[...]
        if let first = words.first, !first.hasPrefix("-"), !first.contains("=") {
            words[words.startIndex] = "-" + first
        }
        while let word = words.popFirst() {
            if MakeFlags.auths.contains(word), let value = words.popFirst() {
                // The other form is there for programs that do not know this one (`ServedJobs`).
                server = server ?? Server(value)
            } else if word.hasPrefix("--") {
                readLong(word)
            } else if word.hasPrefix("-"), let count = MakeFlags.jobs(inLetters: word.dropFirst()) {
                jobs = Int(count)
            } else {
                continue
            }
            // A person may write the number as a separate word.
            if ["-j", "--jobs"].contains(word), let next = words.first, let count = Int(next), count > 0 {
                jobs = count
                words.removeFirst()
            }
        }
    }

    /// The text for a program that gets other tokens: the same, with `options` replacing those for a job server.
    static func text(_ text: String, servedBy options: [String]) -> String {
        let words = words(of: text, keepsBackslashes: true)
        let end = words.firstIndex(of: "--") ?? words.count
        var front: [String] = []
        var rest = words[..<end]
        while let word = rest.popFirst() {
            if auths.contains(word) {
                _ = rest.popFirst()
            } else if !auths.contains(where: { word.hasPrefix($0 + "=") }) {
                front.append(word)
            }
        }
        // A word of letters without a dash is allowed only at the very start.
        let hasLetters = front.first.map { !$0.hasPrefix("-") && !$0.contains("=") } ?? false
        return (hasLetters ? "" : " ") + (front + options + words[end...]).joined(separator: " ")
    }

    private static let auths = ["--jobserver-auth", "--jobserver-fds"]

    private mutating func readLong(_ word: String) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count == 2 ? String(parts[1]) : ""
        switch parts[0] {
        case "--jobserver-auth", "--jobserver-fds": server = Server(value)
        case "--jobs": jobs = Int(value)
        default: break
        }
    }

    /// The words, usually without the backslashes that held them together.
    private static func words(of text: String, keepsBackslashes: Bool = false) -> [String] {
        var words: [String] = []
        var word: String.UnicodeScalarView?
        var scalars = text.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            switch scalar {
            case " ", "\t":
                words += word.map { [String($0)] } ?? []
                word = nil
            case "\\":
                word = (word ?? String.UnicodeScalarView()) + (keepsBackslashes ? [scalar] : [])
                word?.append(contentsOf: scalars.next().map { [$0] } ?? (keepsBackslashes ? [] : [scalar]))
            default:
                word = (word ?? String.UnicodeScalarView()) + [scalar]
            }
        }
        return words + (word.map { [String($0)] } ?? [])
    }

    /// The text after a `j` among single letters; nil if there is none.
    private static func jobs(inLetters letters: Substring) -> Substring? {
        for index in letters.indices {
            switch letters[index] {
            case "j": return letters[letters.index(after: index)...]
            // The rest of the word is the argument of this option.
            case "C", "E", "f", "I", "l", "o", "O", "W": return nil
            default: continue
            }
        }
        return nil
    }
}

extension MakeFlags.Server {
    /// Parses the text after `--jobserver-auth=`.
    fileprivate init(_ text: String) {
        let prefix = "fifo:"
        if text.hasPrefix(prefix), text.utf8.count > prefix.utf8.count {
            self = .fifo(String(text.dropFirst(prefix.count)))
            return
        }
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int32($0) }
        guard numbers.count == 2, let reader = numbers[0], let writer = numbers[1] else {
            self = .unknown(text)
            return
        }
        self = reader < 0 || writer < 0 ? .disabled : .pipe(reader: reader, writer: writer)
    }
}
