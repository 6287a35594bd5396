/// What the name of an input says of its target's: by the last bytes of both.
package enum TargetNaming: Sendable {
    /// The target has this behind the input's name.
    case appending(String)
    /// Of the first of these suffixes that the name has, something else takes the place; it has to have one.
    case replacing([(suffix: String, replacement: String)])

    /// The target's path for an input's; nil where the name has none of the suffixes.
    package func target(of path: String) -> String? {
        guard let change = change(of: path.utf8) else { return nil }
        return String(decoding: path.utf8.dropLast(change.dropped), as: UTF8.self) + change.added
    }

    /// How many bytes at the end give way to what; nil where the name has none of the suffixes, or nothing else.
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

    /// All inputs that would have this target.
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
