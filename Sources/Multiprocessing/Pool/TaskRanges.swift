/// A set of task numbers.
struct TaskRanges {
    /// In order, with gaps between them.
    private(set) var ranges: [Range<UInt64>] = []

    /// The set with a range added.
    consuming func adding(_ range: Range<UInt64>) -> TaskRanges {
        var all = self
        // Ranges that touch the new one are merged with it.
        let first = all.firstIndex(endingFrom: range.lowerBound)
        var (end, merged) = (first, range)
        while end < all.ranges.count, all.ranges[end].lowerBound <= range.upperBound {
            let other = all.ranges[end]
            merged = min(merged.lowerBound, other.lowerBound)..<max(merged.upperBound, other.upperBound)
            end += 1
        }
        all.ranges.replaceSubrange(first..<end, with: CollectionOfOne(merged))
        return all
    }

    func contains(_ task: UInt64) -> Bool {
        let index = firstIndex(endingFrom: task + 1)
        return index < ranges.count && ranges[index].contains(task)
    }

    /// The first range that ends at or after a number, by bisection.
    private func firstIndex(endingFrom task: UInt64) -> Int {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < task { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
