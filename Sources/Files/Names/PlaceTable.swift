/// A 128-bit hash of a place's folder and last name, which identifies the place.
///
/// The factors are random in each run, so that nobody can construct names with equal marks.
struct PlaceMark: Equatable {
    private(set) var high: UInt64
    private(set) var low: UInt64

    private static let factors = (0..<3).map { _ in UInt64.random(in: .min ... .max) | 1 }

    /// The start value for marks of one kind.
    init(kind: UInt64) {
        (high, low) = (PlaceMark.factors[2] &+ kind, PlaceMark.factors[2] ^ ~kind)
    }

    /// The mark of a name in a place.
    init(_ name: UnsafeRawBufferPointer, in place: PlaceMark) {
        self = place
        let factors = (PlaceMark.factors[0], PlaceMark.factors[1])
        var offset = 0
        while offset < name.count {
            var word: UInt64 = 0
            let count = min(8, name.count - offset)
            withUnsafeMutableBytes(of: &word) {
                $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: name[offset..<offset + count]))
            }
            mix(word, factors)
            offset += count
        }
        mix(UInt64(name.count), factors)
    }

    private mutating func mix(_ word: UInt64, _ factors: (UInt64, UInt64)) {
        let one = (high ^ word).multipliedFullWidth(by: factors.0)
        let other = (low ^ word).multipliedFullWidth(by: factors.1)
        (high, low) = (one.high ^ one.low &+ word, other.high ^ other.low &- word)
    }
}

/// The places of inputs and targets, stored compactly for runs with millions of files.
struct PlaceTable {
    /// The roles in which a place has occurred.
    struct Kinds: OptionSet {
        let rawValue: UInt64

        package static let input = Kinds(rawValue: 1)
        static let target = Kinds(rawValue: 2)
    }

    /// Two words for each place; the lowest bits of the second are its kinds, and 0 in a free slot.
    private var words: [UInt64] = []
    private var count = 0
    private static let kindBits: UInt64 = 3

    /// The roles in which the place has occurred.
    func kinds(of mark: PlaceMark) -> Kinds {
        words.isEmpty ? [] : Kinds(rawValue: words[slot(of: mark) + 1] & PlaceTable.kindBits)
    }

    /// Records a place in a role.
    mutating func insert(_ mark: PlaceMark, as kind: Kinds) {
        if 4 * (count + 1) > words.count {
            grow()
        }
        let slot = slot(of: mark)
        if words[slot + 1] & PlaceTable.kindBits == 0 {
            count += 1
            (words[slot], words[slot + 1]) = (mark.high, mark.low & ~PlaceTable.kindBits)
        }
        words[slot + 1] |= kind.rawValue
    }

    /// The slot of the place, or the free one where it would go.
    private func slot(of mark: PlaceMark) -> Int {
        let last = words.count / 2 - 1
        var place = Int(truncatingIfNeeded: mark.high) & last
        while true {
            let low = words[2 * place + 1]
            if low & PlaceTable.kindBits == 0 { return 2 * place }
            if words[2 * place] == mark.high, low & ~PlaceTable.kindBits == mark.low & ~PlaceTable.kindBits {
                return 2 * place
            }
            place = (place + 1) & last
        }
    }

    private mutating func grow() {
        let old = words
        words = [UInt64](repeating: 0, count: max(256, 2 * old.count))
        for index in stride(from: 0, to: old.count, by: 2) where old[index + 1] & PlaceTable.kindBits != 0 {
            let last = words.count / 2 - 1
            var place = Int(truncatingIfNeeded: old[index]) & last
            while words[2 * place + 1] & PlaceTable.kindBits != 0 {
                place = (place + 1) & last
            }
            (words[2 * place], words[2 * place + 1]) = (old[index], old[index + 1])
        }
    }
}
