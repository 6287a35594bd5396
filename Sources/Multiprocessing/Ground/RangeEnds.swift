extension RangeExpression where Bound == Int {
    /// Both ends, for a range in something that starts at 0; `upper` is nil if the range is open at the end.
    var ends: (lower: Int, upper: Int?) {
        let range = relative(to: Int.min..<Int.max)
        return (range.lowerBound == .min ? 0 : range.lowerBound, range.upperBound == .max ? nil : range.upperBound)
    }
}
