/// Formats numbers for `sbatch --array`: "1-16", or "3,7-9".
package func indexList(_ numbers: [Int]) -> String {
    var runs: [ClosedRange<Int>] = []
    for number in Set(numbers).sorted() {
        if let last = runs.last, last.upperBound == number - 1 {
            runs[runs.count - 1] = last.lowerBound...number
        } else {
            runs.append(number...number)
        }
    }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
}

/// Parses such a list; nil for anything else, and for numbers above `most`.
package func indices(ofList text: Substring, atMost most: Int) -> [Int]? {
    var numbers: [Int] = []
    for run in text.split(separator: ",", omittingEmptySubsequences: false) {
        let ends = run.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], 1...most ~= first,
            first...most ~= last
        else { return nil }
        numbers += first...last
    }
    return numbers
}
