/// A batch system that runs one command many times as a job array, and the environment variables that tell each element
/// which one it is.
struct ArrayEngine: Sendable {
    enum First: Sendable {
        case always(Int)
        /// The value of this variable.
        case said(String)
    }

    /// The variable with the element's index.
    let index: String
    /// The value of that variable outside an array.
    var outside: String?
    /// The index of the first element.
    let first: First
    /// The variable with the highest index.
    var last: String?
    /// The variable with the distance between indices, which is 1 without it.
    var step: String?
    /// The variable with the number of elements.
    var count: String?
    /// Whether the variables alone can tell the number of parts; otherwise it must be given, as in `--part auto/16`.
    ///
    /// An array that repeats some elements must not be mistaken for the whole.
    let saysCount: Bool
    /// How to submit an array of this many parts.
    let submission: @Sendable (_ count: Int) -> String

    static let all: [ArrayEngine] = [
        // Slurm. The indices may have gaps, which the count reveals.
        .init(
            index: "SLURM_ARRAY_TASK_ID", first: .said("SLURM_ARRAY_TASK_MIN"), last: "SLURM_ARRAY_TASK_MAX",
            step: "SLURM_ARRAY_TASK_STEP", count: "SLURM_ARRAY_TASK_COUNT", saysCount: true,
            submission: { "--array=1-\($0)" }),
        // PBS Pro and OpenPBS, and Torque, set only the index.
        .init(index: "PBS_ARRAY_INDEX", first: .always(1), saysCount: false, submission: { "-J 1-\($0)" }),
        .init(index: "PBS_ARRAYID", first: .always(1), saysCount: false, submission: { "-t 1-\($0)" }),
        // Grid Engine. An array is always a single range.
        .init(
            index: "SGE_TASK_ID", outside: "undefined", first: .said("SGE_TASK_FIRST"), last: "SGE_TASK_LAST",
            step: "SGE_TASK_STEPSIZE", saysCount: true, submission: { "-t 1-\($0)" }),
        // LSF reveals neither gaps nor where the array begins.
        .init(
            index: "LSB_JOBINDEX", outside: "0", first: .always(1), last: "LSB_JOBINDEX_END",
            step: "LSB_JOBINDEX_STEP", saysCount: false, submission: { "-J \"name[1-\($0)]\"" }),
        // Kubernetes jobs with completionMode: Indexed.
        .init(index: "JOB_COMPLETION_INDEX", first: .always(0), saysCount: false, submission: { "completions: \($0)" }),
        .init(
            index: "AWS_BATCH_JOB_ARRAY_INDEX", first: .always(0), count: "AWS_BATCH_JOB_ARRAY_SIZE", saysCount: true,
            submission: { "--array-properties size=\($0)" }),
    ]
}

/// The array element that this process is, according to an engine's variables.
struct ArrayElement {
    /// Why an engine's variables do not determine a part.
    struct Unusable: Error {
        let text: String
    }

    let engine: ArrayEngine
    /// The value of the index variable.
    let text: String
    private let variables: [String: String]

    /// nil if this process was not started by the engine as an array element.
    init?(_ engine: ArrayEngine, _ variable: (String) -> String?) {
        guard let text = variable(engine.index), text != engine.outside else { return nil }
        (self.engine, self.text) = (engine, text)
        var names = [engine.index, engine.last, engine.step, engine.count].compactMap { $0 }
        if case .said(let name) = engine.first { names.append(name) }
        variables = names.reduce(into: [:]) { $0[$1] = variable($1) }
    }

    /// The part that the element does.
    ///
    /// - Parameter given: the number of parts; nil to take it from the engine.
    func part(of given: Int?) throws(Unusable) -> (number: Int, count: Int) {
        let index = try needed(engine.index)
        let first =
            switch engine.first {
            case .always(let first): first
            case .said(let name): try needed(name)
            }
        let step = try optional(engine.step) ?? 1
        guard step > 0 else { throw Unusable(text: "\(engine.step ?? "") is 0; \(PartSyntax.giveNumber)") }
        let size = try size(from: first, by: step, of: given)
        let count = if let given { given } else { try ownCount(size, from: first) }
        if let size, size != count {
            let elements = size == 1 ? "1 element" : "\(size) elements"
            throw Unusable(text: "the array has \(elements), not \(count); \(advice(count))")
        }
        guard index >= first, (index - first) % step == 0 else {
            throw Unusable(text: "\(engine.index) is \(index), but the first part's is \(first); \(advice(count))")
        }
        let number = (index - first) / step + 1
        guard number <= count else {
            throw Unusable(text: "\(engine.index) is \(index), past the last of \(count) parts; \(advice(count))")
        }
        return (number, count)
    }

    /// The number of elements in the array; nil if the engine does not tell.
    private func size(from first: Int, by step: Int, of given: Int?) throws(Unusable) -> Int? {
        let last = try optional(engine.last)
        let count = try optional(engine.count)
        guard let last else { return count }
        guard last >= first else {
            throw Unusable(text: "\(engine.last ?? "") is \(last), below the first index; \(PartSyntax.giveNumber)")
        }
        let span = (last - first) / step + 1
        if let count, count != span {
            throw Unusable(
                text: "the array has gaps, with \(count) elements from \(first) to \(last); \(advice(given))")
        }
        return span
    }

    /// The number of parts according to the engine alone.
    ///
    /// Throws unless the array is likely to be complete, which a single element is not, nor an array with an unusual
    /// first index.
    private func ownCount(_ size: Int?, from first: Int) throws(Unusable) -> Int {
        guard engine.saysCount, engine.count.map({ variables[$0] != nil }) ?? true, let size else {
            throw Unusable(
                text: "\(engine.index) does not tell how many parts there are; give the count, such as --part auto/16")
        }
        guard size > 1, first <= 1 else {
            let elements = size == 1 ? "has 1 element" : "begins at \(first)"
            throw Unusable(
                text: "the array \(elements) and may be incomplete; give the count, such as --part auto/16")
        }
        return size
    }

    /// How to fix an array that does not fit.
    private func advice(_ count: Int?) -> String {
        // An index counted from 1 may be the part's number; only the user knows.
        if case .always(0) = engine.first { return "submit it with \(engine.submission(count ?? 16))" }
        let number = "give the part's number with --part \"$\(engine.index)/\(count ?? 16)\""
        return count.map { "submit it with \(engine.submission($0)), or \(number)" } ?? number
    }

    private func optional(_ name: String?) throws(Unusable) -> Int? {
        guard let name, variables[name] != nil else { return nil }
        return try needed(name)
    }

    private func needed(_ name: String) throws(Unusable) -> Int {
        guard let value = variables[name] else {
            throw Unusable(text: "\(engine.index) is set, but \(name) is not; \(PartSyntax.giveNumber)")
        }
        // No engine uses larger indices, and the arithmetic must not overflow.
        guard let number = PartSyntax.number(value[...]), number < 1 << 62 else {
            throw Unusable(text: "\(name) is '\(value)', not a number; \(PartSyntax.giveNumber)")
        }
        return number
    }
}
