/// How a target's name follows from its input's, by suffixes.
package enum TargetNaming: Sendable {
    /// Append this to the input's name.
    case appending(String)
    /// Replace the first of these suffixes that the name has; it must have one.
    case replacing([(suffix: String, replacement: String)])

    /// The target's path for an input's; nil if the name has none of the suffixes.
    package func target(of path: String) -> String? {
        guard let change = change(of: path.utf8) else { return nil }
        return String(decoding: path.utf8.dropLast(change.dropped), as: UTF8.self) + change.added
    }

    /// The number of bytes to drop at the end and the text to add; nil if the name has none of the suffixes, or
    /// consists of one.
    func change<Name: BidirectionalCollection<UInt8>>(of name: Name) -> (dropped: Int, added: String)? {
        switch self {
        case .appending(let suffix): return (0, suffix)
        case .replacing(let pairs):
            for (suffix, replacement) in pairs where name.reversed().starts(with: suffix.utf8.reversed()) {
                let stem = name.dropLast(suffix.utf8.count)
                if let last = stem.last, last != UInt8(ascii: "/") { return (suffix.utf8.count, replacement) }
            }
            return nil
        }
    }

    /// All inputs that have this target.
    package func inputs(of target: String) -> [String] {
        switch self {
        case .appending(let suffix): target.utf8.count > suffix.utf8.count ? stem(of: target, suffix) : []
        case .replacing(let pairs):
            pairs.flatMap { pair in stem(of: target, pair.replacement).map { $0 + pair.suffix } }
                .filter { self.target(of: $0) == target }
        }
    }

    private func stem(of path: String, _ suffix: String) -> [String] {
        guard path.utf8.reversed().starts(with: suffix.utf8.reversed()) else { return [] }
        return [String(decoding: path.utf8.dropLast(suffix.utf8.count), as: UTF8.self)]
    }
}
