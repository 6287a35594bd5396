/// An engine that runs one command many times, as the elements of an array, and the variables by which each of them
/// knows which one it is.
struct ArrayEngine: Sendable {
    enum First: Sendable {
        case always(Int)
        /// This variable says it.
        case said(String)
    }

    /// What has the element's index.
    let index: String
    /// What it has outside of an array.
    var outside: String?
    let first: First
    /// What has the highest index.
    var last: String?
    /// What has the distance of one index to the next; 1 where there is none.
    var step: String?
    /// What has the number of elements.
    var count: String?
    /// Whether the elements' number is sure without `--part auto/16`: an array of elements that are done again is not to
    /// be taken for all of them.
    let saysCount: Bool
    /// How an array of so many parts is asked for.
    let submission: @Sendable (_ count: Int) -> String

    static let all: [ArrayEngine] = [
        // Slurm. The indices may have gaps, which its count tells.
        .init(
            index: "SLURM_ARRAY_TASK_ID", first: .said("SLURM_ARRAY_TASK_MIN"), last: "SLURM_ARRAY_TASK_MAX",
            step: "SLURM_ARRAY_TASK_STEP", count: "SLURM_ARRAY_TASK_COUNT", saysCount: true,
            submission: { "--array=1-\($0)" }),
        // PBS Pro and OpenPBS, and Torque: the index is all they say.
        .init(index: "PBS_ARRAY_INDEX", first: .always(1), saysCount: false, submission: { "-J 1-\($0)" }),
        .init(index: "PBS_ARRAYID", first: .always(1), saysCount: false, submission: { "-t 1-\($0)" }),
        // Grid Engine. Its arrays are one range each.
        .init(
            index: "SGE_TASK_ID", outside: "undefined", first: .said("SGE_TASK_FIRST"), last: "SGE_TASK_LAST",
            step: "SGE_TASK_STEPSIZE", saysCount: true, submission: { "-t 1-\($0)" }),
        // LSF says nothing of gaps, nor where the array begins.
        .init(
            index: "LSB_JOBINDEX", outside: "0", first: .always(1), last: "LSB_JOBINDEX_END",
            step: "LSB_JOBINDEX_STEP", saysCount: false, submission: { "-J \"name[1-\($0)]\"" }),
        // Jobs of Kubernetes with completionMode: Indexed.
        .init(index: "JOB_COMPLETION_INDEX", first: .always(0), saysCount: false, submission: { "completions: \($0)" }),
        .init(
            index: "AWS_BATCH_JOB_ARRAY_INDEX", first: .always(0), count: "AWS_BATCH_JOB_ARRAY_SIZE", saysCount: true,
            submission: { "--array-properties size=\($0)" }),
    ]
}

/// One element of an array: the one that this process is, by an engine's variables.
struct ArrayElement {
    /// Why an engine's variables name no part.
    struct Unusable: Error {
        let text: String
    }

    let engine: ArrayEngine
    /// What the variable of the index has.
    let text: String
    private let variables: [String: String]

    /// nil where the engine does not run this process, or not in an array.
    init?(_ engine: ArrayEngine, _ variable: (String) -> String?) {
        guard let text = variable(engine.index), text != engine.outside else { return nil }
        (self.engine, self.text) = (engine, text)
        var names = [engine.index, engine.last, engine.step, engine.count].compactMap { $0 }
        if case .said(let name) = engine.first { names.append(name) }
        variables = names.reduce(into: [:]) { $0[$1] = variable($1) }
    }

    /// Which part the element does.
    ///
    /// - Parameter given: how many parts there are; nil where the engine is to say it.
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
            throw Unusable(text: "the array has \(elements), and not \(count); \(advice(count))")
        }
        guard index >= first, (index - first) % step == 0 else {
            throw Unusable(text: "\(engine.index) is \(index), and the first part's is \(first); \(advice(count))")
        }
        let number = (index - first) / step + 1
        guard number <= count else {
            throw Unusable(text: "\(engine.index) is \(index), beyond the last of \(count) parts; \(advice(count))")
        }
        return (number, count)
    }

    /// How many elements the array has; nil where the engine does not say.
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

    /// The number of parts by the engine alone: where the array is likely to be the whole of them, which is not so for one
    /// element, or for an array that begins somewhere else than arrays do.
    private func ownCount(_ size: Int?, from first: Int) throws(Unusable) -> Int {
        guard engine.saysCount, engine.count.map({ variables[$0] != nil }) ?? true, let size else {
            throw Unusable(text: "\(engine.index) does not say of how many; give the count, as --part auto/16")
        }
        guard size > 1, first <= 1 else {
            let elements = size == 1 ? "has 1 element" : "begins at \(first)"
            throw Unusable(
                text: "the array \(elements), and may not be the whole; give the count, as --part auto/16")
        }
        return size
    }

    /// What to do about an array that does not fit.
    private func advice(_ count: Int?) -> String {
        // An index counted from 1 may be the part's number, which only its user knows.
        if case .always(0) = engine.first { return "submit it with \(engine.submission(count ?? 16))" }
        let number = "give the part's number, as --part \"$\(engine.index)/\(count ?? 16)\""
        return count.map { "submit it with \(engine.submission($0)), or \(number)" } ?? number
    }

    private func optional(_ name: String?) throws(Unusable) -> Int? {
        guard let name, variables[name] != nil else { return nil }
        return try needed(name)
    }

    private func needed(_ name: String) throws(Unusable) -> Int {
        guard let value = variables[name] else {
            throw Unusable(text: "\(engine.index) is set, and \(name) is not; \(PartSyntax.giveNumber)")
        }
        // What no engine numbers by is not to overflow anything.
        guard let number = PartSyntax.number(value[...]), number < 1 << 62 else {
            throw Unusable(text: "\(name) is '\(value)', and no number; \(PartSyntax.giveNumber)")
        }
        return number
    }
}
