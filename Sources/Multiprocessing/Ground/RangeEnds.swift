extension RangeExpression where Bound == Int {
    /// Both ends, for a range in what begins at 0; `upper` is nil where it goes to whatever end there is.
    var ends: (lower: Int, upper: Int?) {
        let range = relative(to: Int.min..<Int.max)
        return (range.lowerBound == .min ? 0 : range.lowerBound, range.upperBound == .max ? nil : range.upperBound)
    }
}
